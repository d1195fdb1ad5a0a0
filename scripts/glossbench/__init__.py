"""glossbench: G-Loss, the losses it is compared with, and the workflow that compares them."""

__version__ = "0.1.0"
