"""The graph of one fixed mini-batch over the epochs: figure F5 of the paper."""

from contextlib import suppress

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from scipy.spatial.distance import squareform
from sklearn.decomposition import KernelPCA

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, objective_name
from glossbench.frames import CELL, EXPERIMENT_OF_PROTOCOL, RUN_OF_PROTOCOL
from glossbench.graph import log_affinity
from glossbench.sigma import estimate_sigma

SHOWN = 6  # most epochs that are drawn as heat maps
STRONGEST = 3  # edges per document in the drawn graph
SIDE, SMALL_SIDE = 1.65, 1.15  # inches, side of a panel with few and with many batches
MANY = 4  # from this number of batches on, each has one row of small panels
AROUND, MARGIN = 0.36, 0.8  # inches per panel for its titles, per batch for title and colour bar
STRIP = 0.05  # width of the strip with the colours of classes, as a share of a heat map's width


def tidy(snapshots: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure. Of each corpus, encoder and objective, only the first seed is used.

    One row per pair of documents and epoch: corpus, encoder, protocol, objective, seed, sigma, epoch (0 is before
    training), first < second (positions of the documents, ordered by class), first_label, first_class,
    second_label, second_class, distance (Euclidean, of unit-length embeddings) and affinity (W in the method, in
    (0, 1]). For an objective without sigma, sigma is that of a graph-based objective on the same batch, or else
    the estimate by the sqrt rule from the embeddings before training.
    """
    rows = unvaried(snapshots)
    first = rows.groupby(EXPERIMENT_OF_PROTOCOL)["seed"].transform("min")
    rows = rows[rows["seed"] == first]
    rows = rows.assign(sigma=rows["sigma"].fillna(rows.groupby(CELL)["sigma"].transform("first")))
    parts = []
    for _, batch in arrange(rows, RUN_OF_PROTOCOL).groupby(RUN_OF_PROTOCOL, sort=False):
        epochs = np.sort(batch["epoch"].unique())
        shown = np.unique(np.linspace(0, len(epochs) - 1, min(SHOWN, len(epochs))).round().astype(int))
        about = batch[[*RUN_OF_PROTOCOL, "sigma"]].iloc[0].to_dict()
        if np.isnan(about["sigma"]):
            about["sigma"] = 1.0  # for one document, or if most of them are equal: their affinity is 1 with any sigma
            with suppress(ValueError):
                about["sigma"] = estimate_sigma(_embeddings(batch[batch["epoch"] == epochs[0]]))
        for epoch in epochs[shown].tolist():
            pairs = _pairs(batch[batch["epoch"] == epoch], about["sigma"])
            parts.append(pairs.assign(**about, epoch=epoch))
    columns = [*RUN_OF_PROTOCOL, "sigma", "epoch", "first", "second"]
    columns += ["first_label", "first_class", "second_label", "second_class", "distance", "affinity"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _embeddings(rows: pd.DataFrame) -> torch.Tensor:
    return torch.from_numpy(np.stack(rows["embedding"].to_numpy()).astype(np.float64))


def _pairs(rows: pd.DataFrame, sigma: float) -> pd.DataFrame:
    rows = rows.sort_values(["label", "position"], ignore_index=True)
    first, second = np.triu_indices(len(rows), k=1)
    log_w = log_affinity(_embeddings(rows), sigma).numpy()[first, second]
    pairs = {"first": first, "second": second}
    for side, places in list(pairs.items()):
        pairs |= {f"{side}_label": rows["label"].to_numpy()[places]}
        pairs |= {f"{side}_class": rows["class_name"].to_numpy()[places]}
    distance = sigma * np.sqrt(np.clip(-2 * log_w, 0, None))
    return pd.DataFrame({**pairs, "distance": distance, "affinity": np.exp(log_w)})


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw the batches one below the other: affinities as heat maps, and the graph before and after training.

    With few batches, each has two rows of heat maps with the two graphs to their right. With many, each has one row
    with its first, middle and last epoch.
    """
    batches = [batch for _, batch in table.groupby(RUN_OF_PROTOCOL, sort=False)]
    rows, side = (2, SIDE) if len(batches) < MANY else (1, SMALL_SIDE)
    classes = [_classes(batch) for batch in batches]
    legends = [style.legend(style.class_entries(names), style.PAGE_WIDTH - 0.2, style.SMALL) for _, names in classes]
    figure, parts = panels.stacked([rows * (side + AROUND) + MARGIN + below for _, below in legends])
    for part, batch, (places, _), (legend, _) in zip(parts, batches, classes, legends, strict=True):
        _draw_batch(part, batch, rows, places)
        part.legend(**legend, loc="outside lower center")
    return figure


def _classes(batch: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """The place of each document's class, and the names of the classes by place: the largest class is first."""
    star = batch[(batch["first"] == 0) & (batch["epoch"] == batch["epoch"].iloc[0])]
    labels, names = (np.r_[star[f"first_{what}"].iloc[:1], star[f"second_{what}"]] for what in ("label", "class"))
    _, first, own, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    by_size = np.argsort(-sizes, kind="stable")
    return np.argsort(by_size)[own], list(names[first[by_size]])


def _draw_batch(part: SubFigure, batch: pd.DataFrame, rows: int, places: np.ndarray) -> None:
    about, epochs = batch.iloc[0], batch["epoch"].unique().tolist()
    names = corpus_name(about["corpus"]), encoder_name(about["encoder"]), objective_name(about["objective"])
    title = style.fitted(", ".join(names), 0.8 * style.PAGE_WIDTH, style.TITLE)
    part.suptitle(f"{title}\nσ = {about['sigma']:.3g}")
    if rows == 1:
        epochs = sorted({epochs[0], epochs[len(epochs) // 2], epochs[-1]})
    maps = -(-len(epochs) // rows)
    grid = part.subplots(rows, maps + 3 - rows, squeeze=False)
    heat, drawn = grid[:, :maps].ravel(), grid[:, maps:].ravel()
    for axes in heat[len(epochs) :]:
        axes.set_axis_off()
    for axes, epoch in [*zip(heat, epochs, strict=False), *zip(drawn, (epochs[0], epochs[-1]), strict=True)]:
        pairs = batch[batch["epoch"] == epoch]
        affinity, distance = squareform(pairs["affinity"]), squareform(pairs["distance"])
        np.fill_diagonal(affinity, np.nan)
        axes.set_title("before training" if epoch == 0 else f"epoch {epoch}")
        if axes in drawn:
            _draw_graph(axes, affinity, distance, places)
        else:
            image = _draw_map(axes, affinity, places)
    bar = part.colorbar(image, ax=list(grid.flat), location="bottom", shrink=0.4, aspect=40, pad=0.02)
    bar.set_label("affinity")


def _draw_map(axes: Axes, affinity: np.ndarray, places: np.ndarray) -> AxesImage:
    """Draw the affinities, with the colours of the classes to the left."""
    size = len(places)
    colors = np.array([[to_rgb(style.class_look(place)["color"])] for place in places])
    axes.imshow(colors, extent=(-0.5 - 1.2 * STRIP * size, -0.5 - 0.2 * STRIP * size, size - 0.5, -0.5))
    image = axes.imshow(affinity, cmap=panels.COLORS, vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[], anchor="N", xlim=(-0.5 - 1.4 * STRIP * size, size - 0.5), ylim=(size - 0.5, -0.5))
    axes.grid(False)
    axes.spines[:].set_visible(False)
    return image


def _draw_graph(axes: Axes, affinity: np.ndarray, distance: np.ndarray, places: np.ndarray) -> None:
    """Draw the ``STRONGEST`` edges of each document, which stand at their first two principal components."""
    points = KernelPCA(2, kernel="precomputed", eigen_solver="dense").fit_transform(-(distance**2) / 2)
    strong = pd.DataFrame(affinity).rank(axis=1, ascending=False, method="first").to_numpy() <= STRONGEST
    edges = np.argwhere(np.triu(strong | strong.T))
    within = places[edges[:, 0]] == places[edges[:, 1]]
    for kind, color in ((within, "#999999"), (~within, style.VERMILION)):
        axes.add_collection(LineCollection(points[edges[kind]], colors=color, linewidths=0.35, zorder=1))
    for place in np.unique(places):
        axes.scatter(*points[places == place].T, s=7, linewidths=0, zorder=2, **style.class_look(place))
    reach = 1.08 * np.abs(points).max() or 1
    axes.set(xticks=[], yticks=[], aspect="equal", anchor="N", xlim=(-reach, reach), ylim=(-reach, reach))
    axes.set_xlabel(f"within a class: {within.mean():.0%}", fontsize=style.SMALL)
