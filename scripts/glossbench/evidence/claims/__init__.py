"""Judges the claims of the paper on the runs of a study.

Each kind of measurement has a module with a function ``measure(measure, **frames)``. Its arguments are the claim's
entry ``measure`` in config/claims.yaml and the frames by name. It returns the measurements that decide the claim, or a
text that says which runs are missing. ``support`` says whether they rest on enough corpora and seeds, ``departures``
and ``scope`` how the runs differ from the paper's, ``judging`` makes the verdicts, ``page`` the page.
"""
