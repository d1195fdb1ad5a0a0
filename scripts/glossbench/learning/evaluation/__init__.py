"""Scores of runs, the probe, and projections of embeddings; all from files of runs."""
