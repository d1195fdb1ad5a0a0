"""Pages of the repository that ``make docs`` makes from settings, registries and results; see ``__main__.py``."""
