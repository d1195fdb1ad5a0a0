"""Floors: how far a corpus goes without fine-tuning. One module per floor.

A module of this package has a function ``classify(settings, files, device)``, which returns a ``Classified``. An
objective of the protocol "floor" names the module in config/objectives.yaml.
"""
