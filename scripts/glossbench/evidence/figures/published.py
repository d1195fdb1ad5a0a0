"""Published against reproduced scores, one point per objective and encoder."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import bare
from glossbench.evidence.statistics.scores import PRINTED, in_percent, over_seeds
from glossbench.evidence.text.names import arrange, in_order, metric_name

KEYS = ["protocol", "metric", "corpus", "encoder", "objective"]

select = bare  # the paper has no other objectives


def tidy(runs: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure, from the collected runs and ``published_results``.

    Returns:
        One row per corpus, encoder, protocol, objective and metric that both have: published, published_std,
        reproduced, reproduced_std (NaN for one seed) and n_seeds. accuracy and macro_f1 are in percent,
        macro_silhouette in [-1, 1].
    """
    ours = over_seeds(select(runs), PRINTED).rename(columns={"mean": "reproduced", "std": "reproduced_std"})
    ours = ours[[*KEYS, "reproduced", "reproduced_std", "n_seeds"]]
    theirs = results.rename(columns={"mean": "published", "std": "published_std"})
    theirs = theirs[[*KEYS, "published", "published_std"]].dropna(subset=["published"])
    both = theirs.merge(ours, on=KEYS, validate="one_to_one")
    return arrange(both, KEYS)


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol and metric, with corpora as columns and encoders as rows."""
    labels = {"xlabel": "published", "ylabel": "reproduced"}
    metrics = in_order(table["metric"], "metric")
    titles = {metric: f"{metric_name(metric)}{', %' * in_percent(metric)}" for metric in metrics}
    blocks = panels.protocols_by(table, "metric", titles, _draw_panel, **labels)
    return panels.page(blocks, style.objective_entries(table["objective"], linestyle="none"))


def _draw_panel(axes: Axes, panel: pd.DataFrame) -> None:
    for objective, points in panels.by(panel, "objective"):
        errors = {"xerr": "published_std", "yerr": "reproduced_std", "elinewidth": 0.5}
        axes.errorbar("published", "reproduced", data=points, **errors, **style.look(objective))
    sides = panel[["published", "reproduced"]].to_numpy()
    spread = panel[["published_std", "reproduced_std"]].fillna(0).to_numpy()
    low, high = (sides - spread).min(), (sides + spread).max()
    room = 0.08 * (high - low) or 0.01 * abs(high) or 0.01
    limits = (low - room, high + room)
    axes.plot(limits, limits, color=style.BLACK, linewidth=0.6, zorder=0)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.locator_params(nbins=3)
