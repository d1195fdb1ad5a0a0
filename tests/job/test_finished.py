"""Outputs that had finished are given back, and only those that are still right."""

import pytest
from glossbench.job.finished import keep, restore


@pytest.fixture
def lost(tmp_path):
    """Outputs of a run that were made, kept, and then deleted: where they are kept, and their paths by name."""
    run, kept = tmp_path / "runs/seed-3", tmp_path / "state/seed-3/finished"
    run.mkdir(parents=True)
    output = {name: str(run / f"{name}.json") for name in ("epochs", "timing")}
    for name in output:
        (run / f"{name}.json").write_text(name)
    keep(kept, "key", output)
    for file in run.iterdir():
        file.unlink()
    return kept, output


def test_the_outputs_of_a_finished_run_are_given_back(lost, tmp_path):
    kept, output = lost
    assert restore(kept, "key", output)
    assert (tmp_path / "runs/seed-3/epochs.json").read_text() == "epochs"
    assert restore(kept, "key", output), "as often as something fails after it"


CHANGES = {
    "settings, code or inputs": lambda kept, output: (kept / "key").write_text("other"),
    "more outputs": lambda kept, output: output.update(weights=output["epochs"].replace("epochs", "weights")),
    "damaged output": lambda kept, output: (kept / "epochs").write_text("epochz"),
    "links cut off": lambda kept, output: (kept / "key").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_no_longer_right_is_made_again(lost, tmp_path, change):
    kept, output = lost
    CHANGES[change](kept, output)
    assert not restore(kept, "key", output)
    assert not list((tmp_path / "runs/seed-3").iterdir())
