"""What glossbench takes in time and memory, measured by ``make bench``. One module per subject."""
