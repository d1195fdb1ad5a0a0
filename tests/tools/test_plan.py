"""The plan of a study: hours from documents per second, by hand."""

import math
import re

import pandas as pd
import pytest
from glossbench.errors import SettingsError
from glossbench.evidence.paper.published import published_costs
from glossbench.evidence.text.numbers import DASH
from glossbench.study.study import load_study
from glossbench.study.yaml_file import read_yaml
from glossbench.tools.plan import checkpoint_bytes, kept_bytes, main, plan, plan_text, published_speed
from registered import CONFIG, FACTS, PUBLISHED

COSTS = published_costs(PUBLISHED)
SHIPPED = {path.stem: path for path in sorted(CONFIG.glob("*.yaml")) if "study" in read_yaml(path)}


def study(**changes):
    settings = {"study": "s", "corpora": ["mr"], "encoders": ["minilm-l6"], "objectives": ["ce"], "seeds": [0, 1]}
    return load_study({**settings, **changes}, "s.yaml", CONFIG)


def measured(encoder="minilm-l6", parameters=22_713_216):
    rows = {"encoder": [encoder] * 2, "docs_per_second": [50.0, 50.0], "n_trainable": [parameters] * 2}
    return pd.DataFrame({**rows, "device": ["cpu"] * 2})


def planned(study, runs=None):
    return plan(study, measured() if runs is None else runs, COSTS, FACTS)


def test_hours_are_documents_over_documents_per_second():
    frame = planned(study(training={"epochs": 10}))
    assert frame[["kind", "jobs", "documents"]].values.tolist() == [["run", 2, 2 * 6397 * 10]]
    assert frame["hours"].item() == pytest.approx(2 * 6397 * 10 / 50 / 3600)


def test_trials_and_a_part_of_the_documents_count():
    searched = study(training={"epochs": 10}, tuning={"trials": 5, "epochs": 4}, subset=1000)
    frame = planned(searched).set_index("kind")
    assert frame.loc["trial", ["jobs", "documents"]].to_list() == [5, 5 * 1000 * 4]


def test_an_encoder_that_was_not_measured_is_scaled_by_its_parameters():
    frame = planned(study(encoders=["bert-base"]))
    assert frame["docs_per_second"].item() == pytest.approx(50 * 22_713_216 / 109_482_240)


def test_the_paper_stops_before_the_most_epochs():
    stops = pd.read_csv(PUBLISHED / "published_standalone.csv")
    mean = stops.loc[stops["dataset"] == "mr", "early_stopping_epoch"].mean()
    assert planned(study())["documents"].item() == pytest.approx(2 * 6397 * mean)


def test_without_measured_runs_the_speed_is_the_papers_own():
    """T3's seconds an epoch say 220 documents a second on every corpus."""
    speed = published_speed(study(), COSTS)
    assert speed.groupby(COSTS["corpus"])["docs_per_second"].mean().between(218, 222).all()
    frame = planned(study(encoders=["bert-base"]), speed)
    assert frame["docs_per_second"].item() == pytest.approx(speed["docs_per_second"].median())


def test_a_corpus_whose_size_only_the_paper_states_is_planned_by_it():
    frame = planned(study(corpora=["sst2"], training={"epochs": 10}))
    assert frame["documents"].item() == 2 * 67_349 * 10


def test_disk_is_embeddings_in_half_precision_and_checkpoints_of_four_copies():
    standalone = study(objectives=["scl"], seeds=[0])
    assert kept_bytes(standalone, FACTS) == pytest.approx((6397 + 711 + 3554) * 384 * 2, rel=0.02)
    assert kept_bytes(study(), FACTS) == pytest.approx(2 * (3554 * 384 * 2 + 1e5))
    assert checkpoint_bytes(study()) == {"minilm-l6": 16 * 22_713_216}
    text = plan_text(study(), measured(), planned(study()), FACTS)
    assert "hours on one device like the measured one (cpu)" in text


def test_an_encoder_without_known_parameters_has_no_speed_and_the_rest_is_planned():
    own = study(encoders=["minilm-l6", "my-encoder"])
    frame = planned(own).set_index("encoder")
    assert math.isnan(frame.loc["my-encoder", "hours"])
    assert frame.loc["minilm-l6", "hours"] > 0
    assert math.isnan(checkpoint_bytes(own)["my-encoder"])
    text = plan_text(own, measured(), planned(own), FACTS)
    assert "config/encoders.yaml: my-encoder.parameters" in text


def rows_of(text: str) -> list[list[str]]:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return lines[2:]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_study_of_the_repository_has_a_plan(name, capsys):
    main(str(SHIPPED[name]))
    text = capsys.readouterr().out
    loaded = load_study(read_yaml(SHIPPED[name]), name, CONFIG)
    assert text.startswith(f"{loaded.name}: {len(loaded.runs)} runs and {len(loaded.tuning_jobs())} searches, ")
    assert {row[0] for row in rows_of(text)} == set(loaded.encoders)
    assert "nan" not in text
    known = name != "own-data"
    assert (DASH in text) != known
    for encoder, kind, jobs, documents, speed, hours in rows_of(text):
        assert kind in ("run", "trial")
        assert int(jobs.replace(",", "")) > 0
        assert float(documents.replace(",", "")) > 0, encoder
        assert (DASH not in (speed, hours)) == known
    keeps = re.search(r"all runs keep (\S+) GB", text)[1]
    assert keeps == DASH if not known else float(keeps) >= 0


def test_the_plan_of_ones_own_data_says_what_would_have_to_be_stated(capsys):
    main(str(SHIPPED["own-data"]))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("A dash is not known")]
    assert "config/encoders.yaml: my-encoder.parameters not stated" in line
    assert "my-corpus" not in line  # its size is stated


def test_measured_runs_give_the_speed(tmp_path, capsys):
    runs = tmp_path / "runs.parquet"
    measured("my-encoder").to_parquet(runs)
    main(str(SHIPPED["own-data"]), str(runs))
    text = capsys.readouterr().out
    assert "like the measured one (cpu)" in text
    assert {row[4] for row in rows_of(text)} == {"50.0"}


def test_measured_runs_that_are_not_there_are_one_line():
    with pytest.raises(SettingsError) as caught:
        main(str(SHIPPED["own-data"]), "nowhere.parquet")
    assert str(caught.value) == "nowhere.parquet: no such file; give the runs.parquet of a finished study"
