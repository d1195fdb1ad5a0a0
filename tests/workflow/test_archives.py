"""Runs that travel: packed in one place, imported in another, whose evidence is made without training."""

import json
import shutil

import pytest
import yaml
from glossbench.archives.verifying import verify

from tests.support.archives import files_of, repacked
from tests.support.studies import ROOT, STUDY, TABLES, TINY, digests, glossbench_process, planned, small, snakemake

RUNS = len(STUDY.runs)
TAKEN = RUNS + len(STUDY.searches())
CE = "runs/bbc-news/minilm-l6/ce/seed-0"


@pytest.fixture(scope="module")
def archive(finished, tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "tiny-runs.tar.xz"
    process = glossbench_process(finished, "pack", TINY, "--to", path)
    assert process.returncode == 0, process.stderr
    assert f"{RUNS} of {RUNS} runs" in process.stdout
    return path


def changed(archive, name, change, sums=False):
    """A copy of an archive with one file changed: ``change`` takes and gives its bytes, or None to leave it out."""
    files = files_of(archive)
    content = change(files.pop(name))
    files |= {} if content is None else {name: content}
    return repacked(files, archive.with_name(f"changed-{len(list(archive.parent.iterdir()))}.tar.xz"), sums, "tiny")


@pytest.mark.slow
def test_an_imported_study_makes_its_whole_evidence_without_training_and_without_a_download(
    glossbench, finished, archive, tmp_path
):
    folder = tmp_path
    process = glossbench(folder, "import", archive, TINY)
    assert (process.returncode, process.stdout) == (
        0, f"{archive.name} into results/tiny: {TAKEN} taken, 0 here already, 0 not taken\n"
    )  # fmt: skip
    jobs = planned(folder)
    assert {name for name in jobs if not name.startswith(("table_", "figure_"))} == {
        "all", "collect", "project_embeddings", "significance", "claims", "report"
    }  # fmt: skip
    process = snakemake(folder)
    assert process.returncode == 0, process.stdout + process.stderr
    assert not (folder / "resources").exists()
    packed = glossbench(folder, "pack", TINY).stdout
    assert packed.startswith(f"results/tiny/tiny.tar.xz: {RUNS} of {RUNS} runs and the")
    assert verify(folder / "results/tiny/tiny.tar.xz", ROOT).faults == []
    made, expected = digests(folder / "results" / "tiny"), digests(finished / "results" / "tiny")
    from_frames = ("tables/", "figures/", "significance.")
    evidence = {name for name in expected if name.startswith(from_frames) or name.endswith(".parquet")}
    evidence = {name for name in evidence if not name.startswith(("runs/", "corpora/", "tokens/"))}
    assert len(evidence) > 20
    assert {name for name in TABLES if f"tables/{name}.md" not in evidence} == {"standalone", "silhouette", "checklist"}
    assert {name: made[name] for name in evidence} == {name: expected[name] for name in evidence}

    jobs = planned(folder, "--config", "seeds=[0,1]")
    assert jobs["train"] == RUNS - 2  # untuned objectives apart; the run with snapshots is that of seed 0
    settings = planned(folder, "--config", "training={batch_size: 20, epochs: 3, learning_rate: 1.0e-3}")
    assert (settings["train"], settings["train_with_snapshots"]) == (RUNS - 3, 1)

    again = glossbench(folder, "import", archive, TINY)
    assert again.stdout == f"{archive.name} into results/tiny: 0 taken, {TAKEN} here already, 0 not taken\n"


@pytest.mark.slow
def test_another_study_takes_over_the_searches_of_an_imported_one(glossbench, finished, archive, workplace, tmp_path):
    folder = workplace("taken-over")
    tuning = {"taken_from": "tiny", "fixed": ["learning_rate"]}
    study = small(tmp_path / "later.yaml", objectives=["gloss-o-ce"], tuning=tuning)
    process = snakemake(folder, "-n", study=study)
    line = "glossbench: results/tiny/tuning/bbc-news/minilm-l6/gloss-o-ce/best.yaml: missing; "
    assert [text for text in process.stderr.splitlines() if text.startswith("glossbench: ")] == [
        f"{line}tuning.taken_from needs a search of tiny: run it, or import it"
    ]
    assert "Traceback" not in process.stderr

    assert glossbench(folder, "import", archive, TINY).returncode == 0
    for made in ("corpora", "tokens", "frozen"):
        shutil.copytree(finished / "results" / "tiny" / made, folder / "results" / "later" / made)
    run = "runs/bbc-news/minilm-l6/gloss-o-ce/seed-0"
    process = snakemake(folder, f"results/later/{run}/settings.json", study=study)
    assert process.returncode == 0, process.stdout + process.stderr
    used = json.loads((folder / "results" / "later" / run / "settings.json").read_text())["objective"]
    best = folder / "results/tiny/imported/tuning/bbc-news/minilm-l6/gloss-o-ce/best.yaml"
    found = yaml.safe_load(best.read_text())["settings"]
    assert used["training"]["learning_rate"] == 1e-3 != found["learning_rate"]
    given = {**used["loss_settings"], "weight": used["weight"]}
    names = ("weight", "labeled_fraction", "sigma")
    assert {name: given[name] for name in names} == {name: found[name] for name in names}


@pytest.mark.slow
def test_what_was_packed_again_after_an_import_is_the_same(glossbench, archive, workplace, tmp_path):
    folder = workplace("repacked")
    assert glossbench(folder, "import", archive, TINY).returncode == 0
    assert glossbench(folder, "pack", TINY, "--to", tmp_path / "again.tar.xz").returncode == 0
    first, again = files_of(archive), files_of(tmp_path / "again.tar.xz")
    kept = [name for name in first if name.startswith(("runs/", "tuning/", "corpora/", "config/study"))]
    assert len(kept) > 6 * RUNS
    assert {name: again[name] for name in kept} == {name: first[name] for name in kept}


def falsified(content):
    """metrics.json with a better score."""
    return json.dumps({**json.loads(content), "test_accuracy": 1.0}).encode()


REFUSED = {
    "a changed file": (
        lambda archive: changed(archive, f"{CE}/epochs.csv", lambda content: content + b"\n"),
        f"not taken: {CE}: epochs.csv: its content is not what was packed (sha256)",
    ),
    "a missing file": (
        lambda archive: changed(archive, f"{CE}/predictions.parquet", lambda content: None),
        f"not taken: {CE}: predictions.parquet: missing, SHA256SUMS lists it",
    ),
    "a score that its predictions do not give": (
        lambda archive: changed(archive, f"{CE}/metrics.json", falsified, sums=True),
        f"not taken: {CE}: metrics.json: test_accuracy 1.0, its predictions give",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_a_damaged_run_is_refused_and_the_others_are_taken(glossbench, archive, workplace, case):
    change, line = REFUSED[case]
    folder = workplace("damaged")
    process = glossbench(folder, "import", change(archive), TINY)
    assert process.returncode == 1
    lines = process.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(line)
    assert lines[1].endswith(f": {TAKEN - 1} taken, 0 here already, 1 not taken")
    assert planned(folder, "results/tiny/runs.parquet")["train"] == 1


@pytest.mark.slow
def test_runs_of_other_settings_or_of_no_such_objective_are_refused(glossbench, archive, workplace, tmp_path):
    settings = yaml.safe_load(TINY.read_text())
    settings["grid"][0]["objectives"].remove("ce")
    settings["training"]["epochs"] = 3
    study = tmp_path / "tiny.yaml"
    study.write_text(yaml.safe_dump(settings))
    lines = glossbench(workplace("other-settings"), "import", archive, study).stdout.splitlines()
    assert f"not taken: {CE}: not in this study" in lines
    assert "not taken: runs/bbc-news/minilm-l6/scl/seed-0: training.epochs: 2 found, expected 3" in lines
    assert lines[-1].split(": ")[1].startswith("3 taken")  # the untuned ones; the search has epochs of its own


def of_other_numerics(content):
    """timing.json of a run of code that gives other numbers."""
    made = json.loads(content)
    return json.dumps({**made, "origin": {**made["origin"], "numerics": 0}}).encode()


@pytest.mark.slow
def test_runs_of_other_numerics_are_refused_unless_asked_for(glossbench, archive, workplace):
    folder, other = workplace("numerics"), changed(archive, f"{CE}/timing.json", of_other_numerics, sums=True)
    process = glossbench(folder, "import", other, TINY)
    assert process.stdout.splitlines()[0].startswith(f"not taken: {CE}: numerics 0 found, expected ")
    assert glossbench(folder, "import", other, TINY, "--other-numerics").returncode == 0
    assert "train" not in planned(folder, "results/tiny/runs.parquet")


@pytest.mark.slow
def test_what_an_import_left_that_was_killed_before_its_end_is_taken_by_the_next(glossbench, archive, workplace):
    folder = workplace("killed-import")
    assert glossbench(folder, "import", archive, TINY).returncode == 0
    (folder / "results/tiny/imported/index.json").unlink()  # written last
    process = glossbench(folder, "import", archive, TINY)
    assert process.stdout == f"{archive.name} into results/tiny: {TAKEN} taken, 0 here already, 0 not taken\n"
    assert "train" not in planned(folder, "results/tiny/runs.parquet")


@pytest.mark.slow
def test_an_import_changes_no_run_that_is_here(glossbench, finished, archive, workplace):
    folder = workplace("here")
    here = folder / "results" / "tiny" / CE
    shutil.copytree(finished / "results" / "tiny" / CE, here)
    process = glossbench(folder, "import", archive, TINY)
    assert process.stdout.endswith(f"{TAKEN - 1} taken, 1 here already, 0 not taken\n")
    assert not (folder / "results/tiny/imported" / CE).exists()
    shutil.rmtree(folder / "results/tiny/imported")
    with (here / "epochs.csv").open("a") as file:
        file.write("\n")
    before = digests(here)
    process = glossbench(folder, "import", archive, TINY)
    assert process.stdout.splitlines()[0] == (
        f"not taken: {CE}: epochs.csv differs from that of the run that is here already, which was kept"
    )
    assert digests(here) == before
