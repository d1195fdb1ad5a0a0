"""The search of an objective's settings."""
