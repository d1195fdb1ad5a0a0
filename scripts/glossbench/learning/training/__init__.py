"""Training of a run: the loop, its inputs, its checkpoints, and the files that it writes."""
