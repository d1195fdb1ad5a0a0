"""The paper's numbers under our keys, whole and in place."""

import shutil

import pytest
from glossbench.errors import GlossbenchError
from glossbench.paper import (
    key_of,
    published_costs,
    published_models,
    published_results,
    published_runs,
    published_ttests,
    read_facts,
)

from tests.support.registered import FACTS, PUBLISHED, REGISTRIES


def lines(name: str) -> int:
    return len((PUBLISHED / f"published_{name}.csv").read_text().splitlines()) - 1


def test_every_number_of_the_files_is_in_the_frame_once():
    results = published_results(PUBLISHED)
    keys = ["corpus", "encoder", "protocol", "objective", "metric"]
    assert len(results) == 2 * lines("integrated") + 3 * lines("standalone") + 2 * lines("glue")
    assert not results.duplicated(keys).any()
    assert set(results["objective"]) <= set(REGISTRIES.objectives)
    assert set(results["encoder"]) <= set(REGISTRIES.encoders)
    assert set(results["corpus"]) <= set(REGISTRIES.corpora)
    assert {key: REGISTRIES.objectives[key].protocol for key in results["objective"]} == dict(
        zip(results["objective"], results["protocol"], strict=True)
    )


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
    table = published_results(PUBLISHED).set_index(["corpus", "encoder", "protocol", "objective", "metric"])
    found = table.loc[corpus, encoder, protocol, objective, metric]
    assert found["mean"] == mean
    assert found["std"] == pytest.approx(float("nan") if std is None else std, nan_ok=True)


def test_costs_models_and_ttests():
    costs = published_costs(PUBLISHED).set_index(["corpus", "objective"])
    assert costs.loc[("r8", "cosine"), ["total_train_seconds", "stop_epoch"]].tolist() == [4960.64, 200]
    models = published_models(PUBLISHED).set_index(["model", "corpus"])["accuracy"]
    assert len(models) == 40
    assert models["BertGCN", "ohsumed"] == 72.8
    ttests = published_ttests(PUBLISHED).set_index("baseline")
    assert set(ttests["objective"]) == {"gloss-o"}
    assert ttests.loc["scl", "p_value"] == 0.006239


def test_published_runs_are_fractions_of_bare_objectives_in_the_shape_of_runs():
    runs = published_runs(PUBLISHED)
    table = runs.set_index(["corpus", "encoder", "objective"])
    assert table.loc[("mr", "bert-base", "scl"), "test_accuracy"] == pytest.approx(0.8618)
    assert table.loc[("mr", "bert-base", "scl"), "stop_epoch"] == 35
    assert table["test_accuracy"].between(0.5, 1).all()
    assert (runs["base"] == runs["objective"]).all()
    assert (runs["setting"] == "").all()


def test_facts_are_the_sizes_of_the_papers_corpora_and_encoders_under_our_keys():
    documents = {key: entry.documents for key, entry in REGISTRIES.corpora.items() if entry.documents}
    for key in ("mr", "r8", "r52", "ohsumed", "20ng"):
        assert FACTS.documents[key] == (documents[key].train + documents[key].val, documents[key].test)
    assert FACTS.documents["qnli"] == (104_743, 5_463)  # as GLUE counts them, nothing held out
    assert FACTS.parameters == {"distilbert": 66e6, "bert-base": 110e6, "roberta-large": 356e6}
    for key, parameters in FACTS.parameters.items():
        assert parameters == pytest.approx(REGISTRIES.encoders[key].parameters, rel=0.01)


def test_a_name_that_the_paper_prints_has_our_key():
    assert key_of(PUBLISHED, "encoder", "bert-base-uncased") == "bert-base"
    assert key_of(PUBLISHED, "corpus", "bert-base-uncased") == "bert-base-uncased"  # no corpus is called so


def test_a_missing_file_or_column_is_one_line_that_names_it(tmp_path):
    with pytest.raises(GlossbenchError, match=r"published_sota\.csv: No such file"):
        published_models(tmp_path)
    shutil.copy(PUBLISHED / "published_glue.csv", tmp_path / "published_sota.csv")
    line = r"published_sota\.csv: no column model, transductive; columns here: encoder"
    with pytest.raises(GlossbenchError, match=line):
        published_models(tmp_path)
    with pytest.raises(GlossbenchError, match=r"published_corpora\.csv: No such file"):
        read_facts(tmp_path)
