"""What a study means. Snakemake imports this room while it parses the workflow, so it imports no large packages."""
