"""Project the test embeddings of a study's runs to two dimensions by t-SNE."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from glossbench.job.logs import job_log
from glossbench.learning.projecting import project
from threadpoolctl import threadpool_limits


def read_card(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


if __name__ == "__main__":
    with job_log(snakemake), threadpool_limits(1):  # results must not depend on the number of threads
        settings = json.loads(snakemake.params.settings)
        given = settings["files"] or dict(snakemake.input.items())
        names = {card["corpus"]: card["class_names"] for card in map(read_card, given["cards"])}
        frames = []
        for path, run in zip(given["embeddings"], settings["runs"], strict=True):
            arrays = np.load(path)
            labels, doc_ids = arrays["test_label"], arrays["test_doc_id"]
            placed = project(arrays["test"], labels, doc_ids, **settings["projection"])
            class_names = np.array(names[run["corpus"]])[placed["label"]]
            frames.append(placed.assign(**run, class_name=class_names))
        pd.concat(frames, ignore_index=True).to_parquet(snakemake.output[0], index=False)
