"""The plan of a study: hours from documents per second, by hand."""

import pandas as pd
import pytest
from glossbench.evidence.paper.published import published_costs
from glossbench.study.study import load_study
from glossbench.tools.plan import checkpoint_bytes, kept_bytes, plan, published_speed, said
from studies import ROOT

COSTS = published_costs(ROOT / "config" / "published")


def study(**changes):
    settings = {"study": "s", "corpora": ["mr"], "encoders": ["minilm-l6"], "objectives": ["ce"], "seeds": [0, 1]}
    return load_study({**settings, **changes}, "s.yaml", ROOT / "config")


def measured(encoder="minilm-l6", parameters=22_713_216):
    rows = {"encoder": [encoder] * 2, "docs_per_second": [50.0, 50.0], "n_trainable": [parameters] * 2}
    return pd.DataFrame({**rows, "device": ["cpu"] * 2})


def test_hours_are_documents_over_documents_per_second():
    frame = plan(study(training={"epochs": 10}), measured(), COSTS)
    assert frame[["kind", "jobs", "documents"]].values.tolist() == [["run", 2, 2 * 6397 * 10]]
    assert frame["hours"].item() == pytest.approx(2 * 6397 * 10 / 50 / 3600)


def test_trials_and_a_part_of_the_documents_count():
    searched = study(training={"epochs": 10}, tuning={"trials": 5, "epochs": 4}, subset=1000)
    frame = plan(searched, measured(), COSTS).set_index("kind")
    assert frame.loc["trial", ["jobs", "documents"]].to_list() == [5, 5 * 1000 * 4]


def test_an_encoder_that_was_not_measured_is_scaled_by_its_parameters():
    frame = plan(study(encoders=["bert-base"]), measured(), COSTS)
    assert frame["docs_per_second"].item() == pytest.approx(50 * 22_713_216 / 109_482_240)


def test_the_paper_stops_before_the_most_epochs():
    stops = pd.read_csv(ROOT / "config/published/published_standalone.csv")
    mean = stops.loc[stops["dataset"] == "mr", "early_stopping_epoch"].mean()
    assert plan(study(), measured(), COSTS)["documents"].item() == pytest.approx(2 * 6397 * mean)


def test_without_measured_runs_the_speed_is_the_papers_own():
    """T3's seconds an epoch say 220 documents a second on every corpus."""
    speed = published_speed(study(), COSTS)
    assert speed.groupby(COSTS["corpus"])["docs_per_second"].mean().between(218, 222).all()
    frame = plan(study(encoders=["bert-base"]), speed, COSTS)
    assert frame["docs_per_second"].item() == pytest.approx(speed["docs_per_second"].median())


def test_disk_is_embeddings_in_half_precision_and_checkpoints_of_four_copies():
    standalone = study(objectives=["scl"], seeds=[0])
    assert kept_bytes(standalone) == pytest.approx((6397 + 711 + 3554) * 384 * 2, rel=0.02)
    assert kept_bytes(study()) == pytest.approx(2 * (3554 * 384 * 2 + 1e5))
    assert checkpoint_bytes(study()) == {"minilm-l6": 16 * 22_713_216}
    assert "hours on one device like the measured one (cpu)" in said(
        study(), measured(), plan(study(), measured(), COSTS)
    )
