"""Judges claims, the paper's and our own, on the runs of a study.

Each kind of measurement is a function of ``comparisons``, ``sweeps`` or ``overhead``. Its arguments are the claim's
entry ``measure`` in config/claims.yaml and the frames by name. It returns the measurements that decide the claim, or a
text that says which runs are missing. ``support`` says whether they rest on enough corpora and seeds, ``graphs``
whether the graph mattered in them, ``scope`` how the runs differ from the paper's, ``judging`` makes the verdicts,
``wording`` their texts, ``page`` the page.
"""
