"""The paper's claims against what was run: one module a kind of measurement, one for the verdicts, one for the page.

A kind's module has ``measure(measure, needs, **frames)``: the claim's entries of those names in config/claims.yaml
and the frames by name, to the measurements that the verdict stands on, or to a text that says what was not run.
"""
