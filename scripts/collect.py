"""Collect the results of runs, searches and corpora into frames."""

import json

from glossbench.frames import without_rows, write_frame
from glossbench.job.logs import job_log
from glossbench.learning.collecting import collect, refuse_other_settings
from glossbench.settings.jobs import CollectSettings

if __name__ == "__main__":
    with job_log(snakemake):
        frames = collect(CollectSettings.from_json(snakemake.params.settings), dict(snakemake.input.items()))
        refuse_other_settings(frames["runs"], json.loads(snakemake.params.settings_digests))
        for name, path in snakemake.output.items():
            write_frame(name, frames[name] if name in frames else without_rows(name), path)
