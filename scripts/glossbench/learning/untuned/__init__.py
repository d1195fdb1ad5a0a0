"""Untuned objectives: how far a corpus goes without fine-tuning. One module per untuned objective.

A module of this package has a function ``classify(settings, files, device)``, which returns a ``UntunedResult``. An
objective of the protocol "untuned" names the module in config/objectives.yaml.
"""
