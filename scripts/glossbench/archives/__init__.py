"""One archive format for a study's runs and evidence, in format.py.

- packing.py writes an archive, with crate.py, its description as an RO-Crate.
- importing.py places its runs into a study; index.py says which imported ones still fit.
- verifying.py checks it, with run_checks.py for runs and searches and rebuilding.py for the evidence.
"""
