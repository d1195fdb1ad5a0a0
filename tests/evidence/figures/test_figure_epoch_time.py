"""Figure F7: where the time of an epoch goes."""

import pandas as pd
import pytest
from glossbench.evidence.figures import epoch_time
from made_up import epochs, runs

PARTS = ["forward", "backward", "optimizer", "other", "graph", "propagation"]


def timed(objective: str, seed: int, *seconds: tuple[float, ...]) -> pd.DataFrame:
    """Epochs of a run with these seconds of each part."""
    run = runs({("mr", "bert-base", objective): {seed: 0.5}})
    columns = {f"seconds_{part}": values for part, values in zip(PARTS, zip(*seconds, strict=True), strict=True)}
    return epochs(run, [[0.5] * len(seconds)], **columns)


EPOCHS = pd.concat(
    [
        timed("gloss-o", 0, (2, 4, 1, 1, 1, 1), (4, 4, 1, 1, 1, 1)),
        timed("gloss-o", 1, (6, 4, 1, 1, 1, 1)),
        timed("scl", 0, (2, 2, 0, 0, 0, 0)),
        timed("gloss-o+sigma=x2", 0, (99, 99, 99, 99, 99, 99)),
    ],
    ignore_index=True,
)


def test_seconds_are_means_over_epochs_then_seeds_and_shares_sum_to_one():
    table = epoch_time.frame(epochs=EPOCHS)
    assert set(table["objective"]) == {"gloss-o", "scl"}
    own = table[table["objective"] == "gloss-o"].set_index("part")
    assert own.index.to_list() == PARTS
    assert own["seconds"].to_list() == pytest.approx([4.5, 4, 1, 1, 1, 1])  # (3 + 6) / 2, not (2 + 4 + 6) / 3
    assert own["share"].to_dict()["graph"] == pytest.approx(1 / 12.5)
    assert table.groupby("objective")["share"].sum().to_list() == pytest.approx([1, 1])


def test_bars_are_stacked_and_the_close_view_has_the_objectives_with_a_graph():
    seconds, close = epoch_time.draw(epoch_time.frame(epochs=EPOCHS)).axes
    assert [label.get_text() for label in seconds.get_yticklabels()] == ["SCL", "G-Loss-O"]
    ends = [bar.get_x() + bar.get_width() for bar in seconds.patches if bar.get_y() > 0.5]
    assert ends == pytest.approx([4.5, 8.5, 9.5, 10.5, 11.5, 12.5])
    assert [label.get_text() for label in close.get_yticklabels()] == ["G-Loss-O"]
    assert [bar.get_width() for bar in close.patches] == pytest.approx([8, 8])  # percent of an epoch
    assert [text.get_text() for text in close.texts] == ["16"]


def test_without_a_graph_there_is_no_close_view():
    figure = epoch_time.draw(epoch_time.frame(epochs=EPOCHS[EPOCHS["objective"] == "scl"]))
    assert len(figure.axes) == 1
