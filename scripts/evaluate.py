"""Evaluate a run from its embeddings and logits."""

import numpy as np
import pandas as pd
from glossbench.checksums import add_checksums
from glossbench.files import read_json, reading, write_json
from glossbench.job.logs import job_log
from glossbench.learning.evaluation.metrics import evaluate
from glossbench.provenance import origin
from glossbench.settings.jobs import EvaluationSettings
from threadpoolctl import threadpool_limits

if __name__ == "__main__":
    with job_log(snakemake), threadpool_limits(1):  # results must not depend on the number of threads
        arrays = {}
        for name in ("embeddings", "logits"):
            with reading(snakemake.input[name]):
                arrays[name] = dict(np.load(snakemake.input[name]))
        settings = EvaluationSettings.from_json(snakemake.params.settings)
        metrics, predictions = evaluate(
            read_json(snakemake.input.settings),
            pd.read_csv(snakemake.input.epochs),
            arrays["embeddings"],
            arrays["logits"],
            settings.probe,
            read_json(snakemake.input.card)["test_in_train"],
        )
        run_origin = origin(snakemake.params.settings, snakemake.params.code)
        metrics["origin"] = {**run_origin, "given": settings.model_dump(mode="json")}
        write_json(snakemake.output.metrics, metrics)
        predictions.to_parquet(snakemake.output.predictions, index=False)
        add_checksums([snakemake.output.metrics, snakemake.output.predictions])
