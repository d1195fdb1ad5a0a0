"""One module per source of files, and what they share."""
