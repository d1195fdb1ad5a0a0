"""Judges the claims of the paper on the runs of a study.

Each kind of measurement has a module with a function ``measure(measure, needs, **frames)``. Its arguments are the
claim's entries ``measure`` and ``needs`` in config/claims.yaml and the frames by name. It returns the measurements that
decide the claim, or a text that says which runs are missing. ``judging`` makes the verdicts, ``page`` the page.
"""
