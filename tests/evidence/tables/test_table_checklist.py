"""What reproducibility checklists ask for."""

import math

import pytest
from glossbench.evidence.tables import checklist
from made_up import runs, trials


def test_checklist_sets_validation_beside_test_and_counts_seeds_trials_and_parameters():
    columns = {"total_seconds": 90.0, "tuned": True, "n_trainable": 14_200_000, "val_macro_silhouette": [0.2, 0.4]}
    made = runs({("mr", "bert-base", "gloss-o"): [0.90, 0.94]}, **columns)
    table = checklist.tidy(made, trials(made, 5))
    row = table.iloc[0]
    assert row[["n_seeds", "n_trials", "search_seconds", "all_seconds"]].to_list() == [2, 5, 300, 180]
    assert row["val_macro_f1_mean"] == pytest.approx(87)
    assert row["test_macro_f1_std"] == pytest.approx(math.sqrt(8))
    layout = checklist.layout(table)
    assert layout.cells.iloc[0].to_dict() == {
        "Parameters": "14.2 of 110.0 M",
        "Seeds": "2",
        "Validation macro-F1": "87.00 ± 2.83",
        "Test macro-F1": "82.00 ± 2.83",
        "Validation silhouette": "0.300 ± 0.141",
        "Test silhouette": "0.250 ± 0.000",
        "Time a run": "1 min 30 s",
        "Trials": "5",
        "Search": "5 min 00 s",
    }
    machine, space = layout.notes
    assert machine.startswith("Machine: cpu, float32, torch threads 1;")
    assert space == "Searched for G-Loss-O: Learning rate: {1e-05, 2e-05}; σ: 0.1–10, log."


def test_checklist_of_a_study_that_tunes_nothing_needs_no_trials_and_names_each_machine():
    scores = {("mr", "bert-base", "ce"): [0.9], ("r8", "bert-base", "ce"): [0.9]}
    layout = checklist.layout(checklist.tidy(runs(scores, device=["cpu", "NVIDIA A100"])))
    assert layout.cells[["Trials", "Search"]].to_numpy().tolist() == [["0", "–"], ["0", "–"]]
    assert [note.split(";")[0] for note in layout.notes] == [
        "Machine (1 of 2 rows): cpu, float32, torch threads 1",
        "Machine (1 of 2 rows): NVIDIA A100, float32, torch threads 1",
    ]
