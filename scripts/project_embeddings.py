"""t-SNE of the test embeddings of the runs that the study shows."""

from glossbench.frames import write_frame
from glossbench.job.logs import job_log
from glossbench.learning.evaluation.projecting import project_runs
from glossbench.settings.jobs import ProjectionSettings
from threadpoolctl import threadpool_limits

if __name__ == "__main__":
    with job_log(snakemake), threadpool_limits(1):  # one thread, so that the numbers do not depend on it
        settings = ProjectionSettings.from_json(snakemake.params.settings)
        projections = project_runs(settings, **dict(snakemake.input.items()))
        write_frame("projections", projections, snakemake.output[0])
