"""What a study means. Snakemake imports this sub-package while it parses the workflow, so it imports no large packages."""
