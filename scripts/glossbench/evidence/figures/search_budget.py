"""The best validation score that a random search can expect by its number of trials, and its test scores."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import no_rows
from glossbench.evidence.statistics.budget import SCORES, expected_scores

PANEL_HEIGHT = 1.2  # inches

select = no_rows  # the figure is made from trials, which do not depend on runs


def tidy(trials: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure: ``expected_scores`` but for test macro-F1, which the table has."""
    table = expected_scores(trials)
    return table[table["score"] != "test_macro_f1"]


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol and score, with corpora as columns and encoders as rows."""
    kinds = {score: "best" if score.startswith("val_") else "chosen trial's" for score in SCORES}
    titles = {score: f"expected {kinds[score]} {title}" for score, title in SCORES.items()}
    blocks = panels.protocols_by(table, "score", titles, _draw_panel, PANEL_HEIGHT, "trials")
    return panels.page(blocks, style.objective_entries(table["objective"]))


def _draw_panel(axes: Axes, panel: pd.DataFrame) -> None:
    panels.lines(axes, panel, "n", opacity=0.1)
    # what a single bad trial scores would leave little room for the differences between objectives
    later = panel[panel["n"] > panel["n_trials"] / 10].groupby("objective")["mean"].min()
    panels.leave_room(axes, later[panels.near(later, 0.01)].min(), panel["high"].max())
