"""The plan of a study: hours from documents per second, by hand."""

import math
import re

import pandas as pd
import pytest
from glossbench.__main__ import main
from glossbench.commands.plan import checkpoint_bytes, kept_bytes, plan, plan_text, published_speed
from glossbench.evidence.text.numbers import DASH
from glossbench.pages.items import measures, runs_of_claim
from glossbench.paper import published_costs
from glossbench.settings.study import load_study
from glossbench.settings.yaml_file import read_yaml

from tests.support.registered import CLAIMS, CONFIG, FACTS, LEAST, PUBLISHED

COSTS = published_costs(PUBLISHED)
SHIPPED = {
    path.relative_to(CONFIG).with_suffix("").as_posix(): path
    for path in sorted(CONFIG.rglob("*.yaml"))
    if "study" in read_yaml(path)
}


def study(**changes):
    return load_study({**LEAST, "seeds": [0, 1], **changes}, "least.yaml", CONFIG)


def measured(encoder="minilm-l6", share=1):
    """Two runs that train a share of an encoder."""
    row = {"encoder": encoder, "docs_per_second": 50.0, "n_parameters": 22_713_216, "device": "cpu"}
    return pd.DataFrame([row] * 2).assign(n_trainable=22_713_216 * share)


def planned(study, runs=None):
    return plan(study, measured() if runs is None else runs, COSTS, FACTS)


def shipped(name):
    return load_study(read_yaml(SHIPPED[name]), name, CONFIG)


@pytest.mark.parametrize(("corpus", "size"), [("mr", 6397), ("sst2", 67_349)])  # only the paper states that of sst2
def test_hours_are_documents_over_documents_per_second(corpus, size):
    frame = planned(study(corpora=[corpus], training={"epochs": 10}))
    assert frame[["kind", "jobs", "documents"]].values.tolist() == [["run", 2, 2 * size * 10]]
    assert frame["hours"].item() == pytest.approx(2 * size * 10 / 50 / 3600)


@pytest.mark.parametrize("run_epochs", [2, 10])
def test_trials_and_a_part_of_the_documents_count(run_epochs):
    searched = study(training={"epochs": run_epochs}, tuning={"trials": 5, "epochs": 4}, subset=1000)
    frame = planned(searched).set_index("kind")
    assert frame.loc["trial", ["jobs", "documents"]].to_list() == [5, 5 * 1000 * min(4, run_epochs)]


@pytest.mark.parametrize(("share", "trainable_layers", "speed"), [(1, None, 50), (0.1, 1, 50), (0.1, None, 5)])
def test_speeds_are_scaled_by_what_is_trained_and_those_of_other_encoders_by_their_parameters(
    share, trainable_layers, speed
):
    both = study(encoders=["minilm-l6", "bert-base"], encoder={"trainable_layers": trainable_layers})
    found = planned(both, measured(share=share)).set_index("encoder")["docs_per_second"]
    assert found.to_dict() == pytest.approx({"minilm-l6": speed, "bert-base": speed * 22_713_216 / 109_482_240})


@pytest.mark.parametrize(("share", "trainable_layers", "told"), [(1, 1, True), (1, None, False), (0.1, 1, False)])
def test_speeds_of_whole_encoders_are_told_where_the_top_alone_is_trained(share, trainable_layers, told):
    text = plan_text(study(encoder={"trainable_layers": trainable_layers}), measured(share=share), COSTS, FACTS)
    assert ("trained whole encoders, this study trains the top alone" in text) == told


def test_hours_are_a_range_from_the_papers_mean_stop_to_all_epochs():
    stops = pd.read_csv(PUBLISHED / "published_standalone.csv")
    mean = stops.loc[stops["dataset"] == "mr", "early_stopping_epoch"].mean()
    ends = planned(study())[["documents", "documents_at_most"]].iloc[0].to_list()
    assert ends == pytest.approx([2 * 6397 * mean, 2 * 6397 * 200])


def test_without_measured_runs_the_speed_is_the_papers_own():
    """At that speed the runs of T3, which stop where they stop in T3, take the time that T3 says."""
    printed = pd.read_csv(PUBLISHED / "published_standalone.csv")
    corpora = ["mr", "r8", "r52", "ohsumed", "20ng"]
    t3 = study(corpora=corpora, encoders=["bert-base"], objectives=["scl", "triplet", "cosine", "gloss-o"])
    hours = planned(t3, published_speed(t3, FACTS))["hours"].item()
    assert hours == pytest.approx(len(t3.seeds) * printed["total_train_seconds"].sum() / 3600)


def test_a_search_trains_no_proposal_twice_and_pruning_is_told_apart():
    """Five learning rates are five trials of at most fifteen; of G-Loss three are complete and twelve may be pruned."""
    tuning = {"trials": 15, "epochs": 8, "pruner": {"startup_trials": 3, "warmup_epochs": 2}}
    jobs = planned(study(tuning=tuning)).set_index("kind")["jobs"]
    assert jobs["trial"] == 5
    trials = planned(study(objectives=["gloss-o-ce"], tuning=tuning)).set_index("kind").loc["trial"]
    assert (trials["jobs"], trials["documents"]) == (15, 15 * 6397 * 8)
    assert trials["hours_prunable"] == pytest.approx(12 * 6397 * (8 - 2) / 50 / 3600)


def test_objectives_without_epochs_take_no_hours():
    both = study(objectives=["ce", "tfidf", "frozen"])
    assert planned(both)["hours"].item() == pytest.approx(planned(study())["hours"].item())
    assert planned(study(objectives=["frozen"]))["hours"].sum() == 0


def test_the_core_study_takes_at_most_a_hundred_hours_and_serves_every_claim_of_the_paper_but_c10():
    core = shipped("paper-core")
    assert planned(core, published_speed(core, FACTS))["hours_at_most"].sum() <= 100
    assert {run.encoder for run in core.runs} == {"bert-base"}
    for number, claim in ((number, claim) for number, claim in CLAIMS.items() if number.startswith("C")):
        runs = runs_of_claim(claim, core)
        corpora = {run.corpus for run in runs}
        assert len(corpora) >= min(3, len(claim.paper.corpora)) or number == "C10"
        assert all(len({run.seed for run in runs if run.corpus == corpus}) >= 3 for corpus in corpora)
        assert measures(core, claim) == (number != "C10")
    for protocol, objectives in {"integrated": 4, "standalone": 4}.items():
        cells = {
            (run.corpus, run.objective)
            for run in core.runs
            if core.objective(run.objective).protocol == protocol and not core.changes(run.objective)
        }
        assert len(cells) == 5 * objectives


def test_disk_is_embeddings_in_half_precision_and_checkpoints_of_four_copies():
    standalone = study(objectives=["scl"], seeds=[0])
    assert kept_bytes(standalone, FACTS) == pytest.approx((6397 + 711 + 3554) * 384 * 2, rel=0.02)
    assert kept_bytes(study(), FACTS) == pytest.approx(2 * (3554 * 384 * 2 + 1e5))
    assert checkpoint_bytes(study()) == {"minilm-l6": 16 * 22_713_216}


def test_an_encoder_without_known_parameters_has_no_speed_and_the_rest_is_planned():
    own = study(encoders=["minilm-l6", "my-encoder"])
    frame = planned(own).set_index("encoder")
    assert math.isnan(frame.loc["my-encoder", "hours"])
    assert frame.loc["minilm-l6", "hours"] > 0
    assert math.isnan(checkpoint_bytes(own)["my-encoder"])


def rows_of(text: str) -> list[list[str]]:
    """The rows of the tables in a plan, without their headings."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if row[0] != "encoder" and not row[0].startswith(":")]


def test_all_studies_of_the_repository_are_planned_here():
    assert {"config", "cpu", "cpu/timing", "ablations", "cpu/ablations"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_study_of_the_repository_has_a_plan(name, capsys):
    assert main(["plan", str(SHIPPED[name])]) == 0
    text, loaded, known = capsys.readouterr().out, shipped(name), name != "own-data"
    assert loaded.runs
    assert f"{loaded.name}: {len(loaded.runs)} runs and {len(loaded.searches())} searches, " in text
    assert {row[0] for row in rows_of(text)} == set(loaded.encoders)
    assert "nan" not in text
    for encoder, kind, jobs, *numbers in rows_of(text):
        assert kind in ("run", "trial")
        assert int(jobs.replace(",", "")) > 0, encoder
        assert (DASH not in numbers) == known
    assert ("the paper states no epochs" in text) == bool(set(loaded.corpora) - set(COSTS["corpus"]))
    assert (re.search(r"all runs keep (\S+) GB", text)[1] != DASH) == known
    unknown = [line for line in text.splitlines() if line.startswith("A dash is not known: ")]
    assert len(unknown) == (not known)
    # the size of the corpus is stated
    assert known or "A dash is not known: config/encoders.yaml: my-encoder.parameters not stated" in unknown[0]


def test_measured_runs_give_the_speed(tmp_path, capsys):
    runs = tmp_path / "runs.parquet"
    measured("my-encoder").to_parquet(runs)
    main(["plan", str(SHIPPED["own-data"]), "--from", str(runs)])
    text = capsys.readouterr().out
    assert "hours on one device like the measured one (cpu)" in text
    assert {row[3] for row in rows_of(text)} == {"50.0"}


@pytest.mark.parametrize("kind", ["missing", "text", "another frame"])
def test_what_is_no_file_of_measured_runs_is_one_line(tmp_path, capsys, kind):
    file = tmp_path / "runs.parquet"
    if kind == "text":
        file.write_text("no table")
    elif kind == "another frame":
        measured()[["encoder"]].to_parquet(file)
    assert main(["plan", str(SHIPPED["own-data"]), "--from", str(file)]) == 1
    told = capsys.readouterr().err
    assert told == f"glossbench: {file}: no such file of runs; give the runs.parquet of a finished study\n"
