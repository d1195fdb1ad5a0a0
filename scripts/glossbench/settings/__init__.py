"""What a study means. Snakemake imports it while it parses the workflow, so it imports no large packages."""
