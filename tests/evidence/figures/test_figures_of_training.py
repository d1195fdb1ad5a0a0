"""Figures of epochs and of trials: learning curves, convergence, the time of an epoch (F7), and the search."""

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import convergence, epoch_time, graph, learning_curves, tuning
from matplotlib.collections import PolyCollection

from tests.support.figure_texts import panels, texts
from tests.support.made_up import curves, epochs, runs, trials, with_graph

CURVES = {("ce", 0): [0.5, 0.7, 0.9], ("ce", 1): [0.3, 0.6], ("scl", 0): [0.1, 0.2]}
PARTS = ["forward", "backward", "optimizer", "other", "graph", "propagation"]
SEARCH = trials(runs({("mr", "bert-base", "gloss-o-ce"): [0.9]}), count=24, chance=np.random.default_rng(2))


def timed(objective: str, seed: int, *seconds: tuple[float, ...]) -> pd.DataFrame:
    """Epochs of a run with these seconds of each part."""
    run = runs({("mr", "bert-base", objective): {seed: 0.5}})
    columns = {f"seconds_{part}": values for part, values in zip(PARTS, zip(*seconds, strict=True), strict=True)}
    return epochs(run, [[0.5] * len(seconds)], **columns)


def importances(trials: pd.DataFrame) -> pd.Series:
    table = tuning.tidy(trials=trials)
    return table[table["kind"] == "importance"].set_index("setting")["importance"]


def test_learning_curves_are_the_mean_over_the_seeds_still_running():
    table = learning_curves.tidy(curves(CURVES)).set_index(["objective", "epoch"])
    found = table.loc["ce", ["mean", "low", "high", "n_seeds", "n_stopped"]].to_numpy().T.tolist()
    assert found[:3] == [pytest.approx(row) for row in ([0.4, 0.65, 0.9], [0.3, 0.6, 0.9], [0.5, 0.7, 0.9])]
    assert found[3:] == [[2, 2, 1], [0, 1, 0]]
    assert table.loc["scl", "mean"].to_list() == pytest.approx([0.1, 0.2])  # silhouette, the standalone score


def test_a_panel_shows_a_line_an_objective_a_band_over_seeds_and_where_a_seed_stops():
    integrated, standalone = panels(learning_curves.draw(learning_curves.tidy(curves(CURVES))))
    line, stops = integrated.get_lines()
    assert line.get_label() == "ce"
    assert line.get_ydata() == pytest.approx([0.4, 0.65, 0.9])
    assert stops.get_xdata().tolist() == [2]
    (band,) = [item for item in integrated.collections if isinstance(item, PolyCollection)]
    assert band.get_paths()[0].get_extents().ymax == pytest.approx(0.9)
    assert not standalone.collections  # one seed has no band
    assert [axes.get_ylabel() for axes in (integrated, standalone)] == [
        "MiniLM-L6\nmacro-F1", "MiniLM-L6\nmacro-silhouette",
    ]  # fmt: skip


def test_corpora_are_columns_and_a_missing_combination_says_so():
    given = pd.concat([curves(CURVES, "mr"), curves({("ce", 0): [0.5, 0.6]}, "r8", "bert-base")])
    shown = panels(learning_curves.draw(learning_curves.tidy(given)))
    assert [axes.get_title() for axes in shown] == ["MR", "R8", "", "", "MR"]
    assert [texts(axes) for axes in shown] == [[], ["not run"], ["not run"], [], []]


def test_reached_is_the_first_epoch_with_a_share_of_the_best_score_of_any_objective():
    # the best of all is 1.0: 95 % of it is 0.95, 99 % is 0.99
    given = {("ce", 0): [0.5, 0.96, 1.0], ("ce", 1): [0.95, 0.9, 0.99, 0.3], ("scl-ce", 0): [0.1, 0.2]}
    table = convergence.tidy(epochs=curves(given)).set_index(["objective", "share", "seed"])
    assert table["score"].groupby("share").unique().map(list).to_dict() == {0.95: [0.95], 0.99: [0.99]}
    assert table.loc[("ce", 0.95), "reached"].to_dict() == {0: 2, 1: 1}
    assert table.loc[("ce", 0.99), "reached"].to_dict() == {0: 3, 1: 3}
    assert table.loc["scl-ce", "reached"].isna().all()
    assert table.loc["scl-ce", "n_epochs"].to_list() == [2, 2]
    negative = convergence.tidy(epochs=curves({("scl", 0): [-0.3, -0.1, -0.2]}))
    assert negative["reached"].to_list() == [2, 2]
    assert negative["score"].to_list() == pytest.approx([-0.105, -0.101])
    assert convergence.tidy(epochs=curves({("ce", 0): [np.nan, np.nan]})).empty


def test_runs_that_never_reach_the_score_stand_beyond_the_epochs_with_their_number():
    given = curves({("ce", 0): [0.5, 0.6, 1.0], ("scl-ce", 0): [0.1], ("scl-ce", 1): [0.2]})
    axes = convergence.draw(convergence.tidy(epochs=given)).axes[0]
    marks = [line for line in axes.get_lines() if line.get_marker() != "None"]
    points = sorted((float(x), float(y)) for line in marks for x, y in zip(*line.get_data(), strict=True))
    assert [x for x, _ in points] == [3, 3, 4, 4, 4, 4]
    assert [y for _, y in points] == pytest.approx([-0.24, 0.24, 0.76, 0.76, 1.24, 1.24])
    assert texts(axes) == ["2", "2"]
    assert max(axes.get_xticks()) <= 3


def test_seconds_are_means_over_epochs_then_seeds_and_the_close_view_has_the_objectives_with_a_graph():
    two_epochs = timed("gloss-o", 0, (2, 4, 1, 1, 1, 1), (4, 4, 1, 1, 1, 1))
    others = [timed("gloss-o", 1, (6, 4, 1, 1, 1, 1)), timed("gloss-o+sigma=x2", 0, (99,) * 6)]
    plain = timed("scl", 0, (2, 2, 0, 0, 0, 0))
    table = epoch_time.tidy(epochs=pd.concat([two_epochs, *others, plain], ignore_index=True))
    assert set(table["objective"]) == {"gloss-o", "scl"}
    own = table[table["objective"] == "gloss-o"].set_index("part")
    assert own.index.to_list() == PARTS
    assert own["seconds"].to_list() == pytest.approx([4.5, 4, 1, 1, 1, 1])  # (3 + 6) / 2, not (2 + 4 + 6) / 3
    assert own["share"].to_dict()["graph"] == pytest.approx(1 / 12.5)
    assert table.groupby("objective")["share"].sum().to_list() == pytest.approx([1, 1])
    seconds, close = epoch_time.draw(table).axes
    assert [label.get_text() for label in seconds.get_yticklabels()] == ["SCL", "G-Loss-O"]
    ends = [bar.get_x() + bar.get_width() for bar in seconds.patches if bar.get_y() > 0.5]
    assert ends == pytest.approx([4.5, 8.5, 9.5, 10.5, 11.5, 12.5])
    assert [label.get_text() for label in close.get_yticklabels()] == ["G-Loss-O"]
    assert [bar.get_width() for bar in close.patches] == pytest.approx([8, 8])  # percent of an epoch
    assert texts(close) == ["16"]
    assert len(epoch_time.draw(epoch_time.tidy(epochs=plain)).axes) == 1  # without a graph there is no close view


def test_the_best_value_grows_over_complete_trials_alone():
    states = ["failed", "complete", "pruned", "complete", "complete"]
    given = SEARCH.head(5).assign(state=states, value=[np.nan, 0.3, 0.9, 0.2, 0.5])
    table = tuning.tidy(trials=given.iloc[::-1])  # in any order
    curve = table[table["kind"] == "value"]
    assert curve["trial"].to_list() == [1, 2, 3, 4, 5]
    assert curve["best"].to_list() == pytest.approx([np.nan, 0.3, 0.3, 0.3, 0.5], nan_ok=True)


def test_the_setting_that_decides_the_value_is_the_important_one():
    decided = SEARCH.assign(state="complete", value=-np.log(SEARCH["sigma"]).abs())
    found = importances(decided)
    assert set(found.index) == {"learning_rate", "weight", "labeled_fraction", "sigma"}
    assert found.sum() == pytest.approx(1)
    assert found.idxmax() == "sigma"
    assert found["sigma"] > 0.6
    pd.testing.assert_series_equal(found, importances(decided))  # the evaluator has a seed


def test_a_setting_whose_found_value_no_run_takes_has_an_importance_too():
    searched = runs({("mr", "bert-base", "scl-ce@reference"): [0.9]})
    found = importances(trials(searched, count=24, chance=np.random.default_rng(2)))
    assert "temperature" in found.index  # the reference code searches it, and takes 0.1 whatever it found
    assert found.notna().all()


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["failed", *["complete"] * 3, *["pruned"] * 20], ([], ["too few trials (3)"])),
        ("pruned", (["no complete trial"], ["too few trials (0)"])),
    ],
)
def test_a_search_with_too_few_complete_trials_says_so(states, shown):
    table = tuning.tidy(trials=SEARCH.assign(state=states))
    assert table.loc[table["kind"] == "importance", "importance"].isna().all()
    assert tuple(map(texts, tuning.draw(table).axes)) == shown


def test_a_matrix_shows_each_importance_at_its_setting():
    _, matrix = tuning.draw(tuning.tidy(trials=SEARCH)).axes
    found = importances(SEARCH)
    assert [label.get_text() for label in matrix.get_xticklabels()] == ["lr", "σ", "γ", "λ"]
    order = ["learning_rate", "sigma", "labeled_fraction", "weight"]
    assert texts(matrix) == [f"{found[key]:.2f}" for key in order]


def test_the_graph_is_the_mean_over_seeds_and_rare_events_are_drawn_where_they_are():
    given = curves({("gloss-o-ce", 0): [0.5, 0.6], ("gloss-o-ce", 1): [0.5], ("scl-ce", 0): [0.5], ("ce", 0): [0.5]})
    told = {"effective_neighbors": [30.0, 10.0, 20.0, np.nan, np.nan], "loss_metric": [3.0, 1.5, 1.5, 9.0, np.nan]}
    table = graph.tidy(with_graph(given).assign(**told, left_out_share=[0.1, 0, 0, np.nan, np.nan]))
    means = table.set_index(["objective", "measure", "epoch"])["mean"]
    assert means["gloss-o-ce", "effective_neighbors"].to_dict() == {1: 25, 2: 10}
    assert means["gloss-o-ce", "loss_over_chance"].to_dict() == {1: 1.5, 2: 1}
    assert table.loc[table["objective"] != "gloss-o-ce", ["objective", "measure"]].to_numpy().tolist() == [
        ["scl-ce", "gradient_share_metric"],
    ]  # fmt: skip
    assert graph.tidy(given).empty, "epochs of runs that did not say it"
    titles = [part.get_suptitle() for part in graph.draw(table).subfigs if part.get_suptitle()]
    assert titles == [f"Integrated: {graph.MEASURES[measure]}" for measure in [*graph.MEASURES][:-1]]
