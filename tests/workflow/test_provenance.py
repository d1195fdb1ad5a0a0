"""Digests of code: what a change reruns, and what it does not."""

import os
import shutil

import pytest
from glossbench import provenance

from tests.support.repository import ROOT, git


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A copy of scripts/ and a function that gives the digests of its rules afresh."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "SCRIPTS", tmp_path / "scripts")

    def digests():
        forget()
        scripts = tmp_path / "scripts"
        found = {path.stem: provenance.code_digest(path) for path in scripts.glob("*.py")}
        for loss in ("gloss", "supcon"):
            found[f"train {loss}"] = provenance.code_digest(scripts / "train.py", f"glossbench.losses.{loss}")
        return found

    yield tmp_path / "scripts" / "glossbench", digests
    forget()


def forget():
    provenance._parsed.cache_clear()
    provenance.code_digest.cache_clear()


def changed(digests, edit):
    before = digests()
    edit()
    after = digests()
    return {name for name in before if before[name] != after[name]}


def replace(path, old, new):
    text = path.read_text()
    assert old in text, f"{path} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))


def test_a_change_in_the_graph_retrains_gloss_and_nothing_else(tree):
    package, digests = tree
    edit = lambda: replace(package / "graph.py", "SOLVE_TOLERANCE = 1e-10", "SOLVE_TOLERANCE = 1e-11")  # noqa: E731
    assert changed(digests, edit) == {"train gloss", "estimate_sigma"}


def test_comments_docstrings_layout_and_worded_errors_change_nothing(tree):
    package, digests = tree

    def edit():
        graph = package / "graph.py"
        replace(graph, '"""The graph of a mini-batch', '"""The graph of a small batch')
        replace(graph, "    return log_t - log_t", "    # why not\n\n    return (\n        log_t) - log_t")
        replace(graph, "at least one document must keep", "a document has to keep")
        replace(package / "job" / "logs.py", "unexpected error", "something else")
        replace(package / "errors.py", "did you mean", "perhaps")

    assert changed(digests, edit) == set()


def move(name, source, target):
    """Move a function to the end of another module, with what it needs imported there."""
    text = source.read_text()
    start = text.index(f"def {name}(")
    end = text.index("\n\n\n", start)
    source.write_text(text[:start] + text[end + 3 :])
    target.write_text(target.read_text() + "\n\n" + text[start:end] + "\n")


def test_a_function_or_module_that_moves_changes_nothing(tree):
    package, digests = tree
    training, encoder = package / "learning" / "training", package / "learning" / "encoder"

    def edit():
        move("load_loss", training / "run.py", training / "trainer.py")
        (encoder / "packing.py").rename(encoder / "batching.py")
        for path in (package / "learning").rglob("*.py"):
            path.write_text(path.read_text().replace("encoder.packing import", "encoder.batching import"))

    assert changed(digests, edit) == set()


def test_clocks_memory_locks_writing_and_logs_change_nothing_and_a_higher_numerics_all_of_learning(tree, monkeypatch):
    package, digests = tree
    training = package / "learning" / "training"

    def edit():
        for path in (package / "job" / "locks.py", training / "machine.py", training / "writing.py"):
            path.write_text(path.read_text() + "\nMORE = 1\n")
        replace(training / "trainer.py", "resumed after epoch", "going on after epoch")

    assert changed(digests, edit) == set()
    rerun = changed(digests, lambda: monkeypatch.setattr(provenance, "NUMERICS", provenance.NUMERICS + 1))
    assert {"train", "train gloss", "tune", "evaluate", "classify_untuned", "estimate_sigma"} <= rerun
    assert not rerun & {"fetch_corpus", "prepare_corpus", "tokenize_corpus", "table", "figure", "report"}


def test_a_change_in_a_loss_touches_its_own_runs_alone(tree):
    package, digests = tree
    edit = lambda: replace(package / "losses" / "supcon.py", "itself).to(logits.dtype)", "itself).double()")  # noqa: E731
    assert changed(digests, edit) == {"train supcon"}


@pytest.mark.slow
def test_evidence_never_reaches_back_to_training(tree):
    package, digests = tree

    def edit():
        for path in (package / "evidence").rglob("*.py"):
            path.write_text(path.read_text() + "\nMORE = 1\n")

    reached = changed(digests, edit)
    assert reached
    assert not reached & {"train", "train gloss", "evaluate", "collect", "tokenize_corpus", "prepare_corpus"}


def test_what_is_known_of_the_machine():
    known = provenance.describe(ROOT)
    assert known["packages"]["torch"].startswith("2.")
    assert len(known["lock"]) == 64
    assert all(known.values())


def test_a_changed_file_is_said_beside_the_commit_but_not_a_result_that_is_made_again(tmp_path):
    results = tmp_path / "results" / "cpu"
    results.mkdir(parents=True)
    for path in (tmp_path / "claims.yaml", results / "claims.md"):
        path.write_text("one")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    commit = git(tmp_path, "rev-parse", "HEAD").strip()
    (results / "claims.md").unlink()
    assert provenance.commit(tmp_path) == commit
    (tmp_path / "claims.yaml").write_text("two")
    assert provenance.commit(tmp_path) == f"{commit}-dirty"
    assert provenance.commit(results) == "unknown"  # a download inside another repository


def test_the_commit_of_a_folder_of_another_owner_is_known(tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root can give a folder to another owner")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "first")
    head = git(tmp_path, "rev-parse", "HEAD").strip()
    for path in [tmp_path, *tmp_path.rglob("*")]:
        shutil.chown(path, "nobody")
    assert provenance.commit(tmp_path) == head
