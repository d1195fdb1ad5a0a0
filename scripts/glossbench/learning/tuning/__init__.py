"""Tuning: the search of the settings of an objective, by Optuna.

search.py makes a search and its files, trials.py the trials, sampling.py draws settings, journal.py keeps what is done.
"""
