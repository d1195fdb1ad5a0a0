"""What runs cost."""

from glossbench.evidence.report.overview import costs_in_all, costs_table
from made_up import runs

MINILM = "minilm-l6"


def test_costs_are_summed_over_runs_and_the_slowest_is_named():
    scores = {("mr", MINILM, "ce"): [0.9, 0.9], ("mr", MINILM, "scl"): [0.8]}
    made = runs(
        scores, total_seconds=[3600.0, 60.0, 12.34], stop_epoch=[2, 3, 5],
        tokens_per_second=[1000.0, 3000.0, 5.0],
    )  # fmt: skip
    cells = costs_table(made).cells
    columns = ["Runs", "Total time", "Mean last epoch"]
    assert cells.loc[("MiniLM-L6", "CE"), columns].to_list() == ["2", "1 h 01 min", "2.5"]
    assert cells.loc[("MiniLM-L6", "CE"), "Mean tokens/s"] == "2,000"
    assert cells.loc[("MiniLM-L6", "SCL"), "Total time"] == "12.3 s"
    assert costs_in_all(made)["Slowest run"] == "1 h 00 min (CE on MR with MiniLM-L6, seed 0)"
