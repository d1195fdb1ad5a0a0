"""Tuning: the search of the settings of an objective, by Optuna."""
