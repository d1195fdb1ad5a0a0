"""Classify the documents of a corpus without fine-tuning an encoder."""

from glossbench.job.logs import job_log
from glossbench.learning.untuned.run import classify_untuned
from glossbench.provenance import origin
from glossbench.settings.jobs import UntunedSettings

if __name__ == "__main__":
    with job_log(snakemake):
        params = snakemake.params
        settings = UntunedSettings.from_json(params.settings).model_copy(update={"seed": int(snakemake.wildcards.seed)})
        run_origin = origin(params.settings, params.code)
        classify_untuned(settings, dict(snakemake.input.items()), dict(snakemake.output.items()), run_origin)
