"""The paper's numbers under our keys, whole and in place."""

import shutil
from pathlib import Path

import pytest
from glossbench.errors import GlossbenchError
from glossbench.evidence.paper.published import (
    published_costs,
    published_models,
    published_results,
    published_runs,
    published_ttests,
)
from glossbench.evidence.text import names

FOLDER = Path(__file__).parents[2] / "config" / "published"


def lines(name: str) -> int:
    return len((FOLDER / f"published_{name}.csv").read_text().splitlines()) - 1


def test_every_number_of_the_files_is_in_the_frame_once():
    results = published_results(FOLDER)
    keys = ["corpus", "encoder", "protocol", "objective", "metric"]
    assert len(results) == 2 * lines("integrated") + 3 * lines("standalone") + 2 * lines("glue")
    assert not results.duplicated(keys).any()
    assert set(results["objective"]) <= set(names.OBJECTIVES)
    assert set(results["encoder"]) <= set(names.ENCODERS)


@pytest.mark.parametrize(
    ("corpus", "encoder", "protocol", "objective", "metric", "mean", "std"),
    [  # picked from the printed tables by eye
        ("r52", "bert-base", "integrated", "gloss-sqrt-ce", "macro_f1", 83.78, 0.48),
        ("20ng", "bert-base", "standalone", "gloss-o", "accuracy", 84.94, 0.16),
        ("ohsumed", "bert-base", "standalone", "triplet", "macro_silhouette", 0.1222, None),
        ("qnli", "distilbert", "integrated", "scl-ce", "accuracy", 87.18, None),
    ],
)
def test_a_number_stands_where_the_paper_has_it(corpus, encoder, protocol, objective, metric, mean, std):
    table = published_results(FOLDER).set_index(["corpus", "encoder", "protocol", "objective", "metric"])
    found = table.loc[corpus, encoder, protocol, objective, metric]
    assert found["mean"] == mean
    assert found["std"] == pytest.approx(float("nan") if std is None else std, nan_ok=True)


def test_costs_models_and_ttests():
    costs = published_costs(FOLDER).set_index(["corpus", "objective"])
    assert costs.loc[("r8", "cosine"), ["total_train_seconds", "stop_epoch"]].tolist() == [4960.64, 200]
    models = published_models(FOLDER).set_index(["model", "corpus"])["accuracy"]
    assert len(models) == 40
    assert models["BertGCN", "ohsumed"] == 72.8
    ttests = published_ttests(FOLDER).set_index("baseline")
    assert set(ttests["objective"]) == {"gloss-o"}
    assert ttests.loc["scl", "p_value"] == 0.006239


def test_published_runs_are_fractions_in_the_shape_of_runs():
    table = published_runs(FOLDER).set_index(["corpus", "encoder", "objective"])
    assert table.loc[("mr", "bert-base", "scl"), "test_accuracy"] == pytest.approx(0.8618)
    assert table.loc[("mr", "bert-base", "scl"), "stop_epoch"] == 35
    assert table["test_accuracy"].between(0.5, 1).all()


def test_a_missing_file_or_column_is_one_line_that_names_it(tmp_path):
    with pytest.raises(GlossbenchError, match=r"published_sota\.csv: No such file"):
        published_models(tmp_path)
    shutil.copy(FOLDER / "published_glue.csv", tmp_path / "published_sota.csv")
    with pytest.raises(GlossbenchError, match=r"published_sota\.csv: no column model; columns here: encoder"):
        published_models(tmp_path)
