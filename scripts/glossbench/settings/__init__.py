"""What a study means. Snakemake imports it while it parses the workflow, so it imports no large packages.

Start with study_file.py (what a user writes), study.py (the same, checked and expanded to runs) and resolve.py (the
full settings of an objective key).

- Registries: sources.py (corpora, encoders), objectives.py (with presets), registries.py (all as one), losses.py,
  outputs.py, claims.py with claims_file.py; names.py has the titles and order of their entries.
- checks.py: settings that do not fit each other.
- What jobs get: jobs.py (the models), params.py (their values), paths.py, resources.py.
- Parts of a study file: training.py, search.py.
- Base: model.py, messages.py, yaml_file.py, keys.py.
"""
