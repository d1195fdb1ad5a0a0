"""What a study means. Snakemake imports it while it parses the workflow, so it imports no large packages.

Start with study_file.py (what a user writes), study.py (the same, checked and expanded to runs) and resolve.py (the
full settings of an objective key).

- Registries: sources.py (corpora, encoders), objectives.py (with presets), losses.py, outputs.py, claims.py.
- What jobs get: jobs.py (the models), params.py (their values), paths.py, resources.py.
- Parts of a study file: training.py, search.py.
- Base: model.py, messages.py, yaml_file.py, keys.py.
"""
