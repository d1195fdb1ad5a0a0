"""One report over several studies, from their frames alone."""

import json

import pandas as pd
import pytest
import yaml
from archives import index
from glossbench.frames import write_frame
from glossbench.study.files import evidence_files, run_folder
from glossbench.study.study import load_study
from made_up import corpora, coverage, curves, keyed, runs
from studies import ROOT, planned, snakemake

OBJECTIVES = ["ce", "gloss-o-ce"]


def study(path, corpus):
    path.write_text(
        yaml.safe_dump(
            {
                "study": path.stem,
                "corpora": [corpus],
                "encoders": ["minilm-l6"],
                "objectives": OBJECTIVES,
                "seeds": [0, 1],
            }
        )
    )


@pytest.mark.slow
def test_several_studies_make_one_report(tmp_path):
    scores = {"ce": [0.7, 0.8], "gloss-o-ce": [0.75, 0.85]}
    for corpus in ("mr", "r8"):
        name, folder = f"my-{corpus}", tmp_path / "results" / f"my-{corpus}"
        study(tmp_path / f"{name}.yaml", corpus)
        folder.mkdir(parents=True)
        made = runs({(corpus, "minilm-l6", key): values for key, values in scores.items()}, study=name)
        epochs = curves({(key, seed): [0.5, 0.6, 0.7] for key in scores for seed in (0, 1)}, corpus)
        frames = {"runs": made, "epochs": keyed(epochs), "corpora": corpora(corpus), "coverage": coverage(made)}
        for frame, rows in frames.items():
            write_frame(frame, rows, folder / f"{frame}.parquet")
    union = tmp_path / "both.yaml"
    union.write_text(
        yaml.safe_dump({"study": "both", "studies": [str(tmp_path / f"my-{corpus}.yaml") for corpus in ("mr", "r8")]})
    )
    jobs = planned(tmp_path, study=union, root=ROOT)
    assert {name for name in jobs if not name.startswith(("table_", "figure_"))} == {
        "all", "combine", "significance", "claims", "report"
    }  # fmt: skip
    for corpus in ("mr", "r8"):  # as an import and a report of each study leave them
        folder = tmp_path / "results" / f"my-{corpus}"
        member = load_study(yaml.safe_load((tmp_path / f"my-{corpus}.yaml").read_text()), "study", ROOT / "config")
        for run in member.runs:
            for file in evidence_files(member, run):
                path = folder / "imported" / run_folder(run) / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        for file, content in {"index.json": index(member), f"corpora/{corpus}/card.json": {}}.items():
            (folder / "imported" / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / "imported" / file).write_text(json.dumps(content))
        (folder / "provenance.json").write_text("{}")
    jobs = planned(tmp_path, "artifact", study=union, root=ROOT)
    assert jobs["artifact"] == 1
    assert not any(name.startswith(("fetch", "train")) for name in jobs)
    results = tmp_path / "results" / "both"
    # what a mirror is for is done by then: make study gives its command line to the studies and to the report
    wanted = "results/both/tables/integrated.md", "results/both/claims.json", "--config", f"mirror={tmp_path}"
    process = snakemake(tmp_path, *wanted, study=union)
    assert process.returncode == 0, process.stdout + process.stderr
    assert pd.read_parquet(results / "runs.parquet").groupby("study")["seed"].count().to_dict() == {
        "my-mr": 4,
        "my-r8": 4,
    }
    table = (results / "tables" / "integrated.md").read_text()
    assert all(text in table for text in ("MR", "R8", "75.0", "80.0"))  # means of two seeds
    assert json.loads((results / "claims.json").read_text())
