"""The graph of one fixed mini-batch over the epochs: figure F5 of the paper."""

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure, SubFigure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, objective_name
from glossbench.graph import log_affinity
from glossbench.sigma import estimate_sigma

BATCH = ["corpus", "encoder", "protocol", "objective", "seed"]
SHOWN = 6  # most epochs that are drawn as heat maps
STRONGEST = 3  # edges per document in the drawn graph
SIDE, SMALL_SIDE = 1.65, 1.15  # inches, side of a panel with few and with many batches
MANY = 4  # from this number of batches on, each has one row of small panels
AROUND = 0.36  # inches per panel for its title and, below a graph, the share of edges within classes
TITLE, BAR, LEGEND_LINE = 0.4, 0.5, 0.14  # inches
LEGEND_GAP = 0.3  # inches per legend entry for marker and space
LINED = 12  # most classes that are separated by lines; with more, the lines would cover the blocks
STRIP = 0.05  # width of the strip with the colours of classes, as a share of a heat map's width

select = unvaried


def frame(snapshots: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure. Of each corpus, encoder and objective, only the first seed is used.

    Args:
        snapshots: The collected snapshots. Embeddings need not have unit length.

    Returns:
        One row per pair of documents and epoch: corpus, encoder, protocol, objective, seed, sigma, epoch (0 is before
        training), first < second (positions of the documents, ordered by class), first_label, first_class,
        second_label, second_class, distance (Euclidean, of unit-length embeddings) and affinity (W in the method, in
        (0, 1]). For an objective without sigma, sigma is that of a graph-based objective on the same batch, or else
        the estimate by the sqrt rule from the embeddings before training.
    """
    rows = select(snapshots)
    first = rows.groupby(BATCH[:-1])["seed"].transform("min")
    rows = rows[rows["seed"] == first]
    sigmas = rows.dropna(subset=["sigma"]).groupby(["corpus", "encoder"])["sigma"].first()
    parts = []
    for key, batch in arrange(rows, BATCH).groupby(BATCH, sort=False):
        about = dict(zip(BATCH, key, strict=True))
        sigma = _sigma(batch, sigmas.get((about["corpus"], about["encoder"])))
        for epoch in _shown_epochs(sorted(batch["epoch"].unique())):
            pairs = _pairs(batch[batch["epoch"] == epoch], sigma)
            parts.append(pairs.assign(**about, sigma=sigma, epoch=epoch))
    columns = [*BATCH, "sigma", "epoch", "first", "second"]
    columns += ["first_label", "first_class", "second_label", "second_class", "distance", "affinity"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _sigma(batch: pd.DataFrame, of_others: float | None) -> float:
    """The sigma of a batch's objective; else that of another objective, else an estimate."""
    own = batch["sigma"].dropna()
    if len(own):
        return float(own.iloc[0])
    if of_others is not None:
        return float(of_others)
    first = _embeddings(batch[batch["epoch"] == batch["epoch"].min()])
    try:
        return estimate_sigma(first)
    except ValueError:  # one document, or most of them are equal: their affinity is 1 with any sigma
        return 1.0


def _shown_epochs(epochs: list[int]) -> list[int]:
    """At most ``SHOWN`` evenly spaced epochs, the first and the last among them."""
    places = np.unique(np.linspace(0, len(epochs) - 1, min(SHOWN, len(epochs))).round().astype(int))
    return [epochs[place] for place in places]


def _embeddings(rows: pd.DataFrame) -> torch.Tensor:
    return torch.from_numpy(np.stack(rows["embedding"].to_numpy()).astype(np.float64))


def _pairs(rows: pd.DataFrame, sigma: float) -> pd.DataFrame:
    rows = rows.sort_values(["label", "position"], ignore_index=True)
    first, second = np.triu_indices(len(rows), k=1)
    log_w = log_affinity(_embeddings(rows), sigma).numpy()[first, second]
    labels, names = rows["label"].to_numpy(), rows["class_name"].to_numpy()
    return pd.DataFrame(
        {
            "first": first,
            "second": second,
            "first_label": labels[first],
            "first_class": names[first],
            "second_label": labels[second],
            "second_class": names[second],
            "distance": sigma * np.sqrt(np.clip(-2 * log_w, 0, None)),
            "affinity": np.exp(log_w),
        }
    )


@panels.drawing("no batch was followed")
def draw(table: pd.DataFrame) -> Figure:
    """Draw the batches one below the other: affinities as heat maps, and the graph before and after training.

    With few batches, each has two rows of heat maps with the two graphs to their right. With many, each has one row
    with its first, middle and last epoch.
    """
    groups = list(table.groupby(BATCH, sort=False))
    side = SIDE if len(groups) < MANY else SMALL_SIDE
    blocks = [_Batch(dict(zip(BATCH, key, strict=True)), batch, compact=len(groups) >= MANY) for key, batch in groups]
    width = style.COLUMN_WIDTH if max(block.columns for block in blocks) <= 2 else style.PAGE_WIDTH
    figure, parts = panels.stacked([block.height(side, width) for block in blocks], width)
    for part, block in zip(parts, blocks, strict=True):
        block.draw(part, width)
    return figure


class _Batch:
    """The panels of one batch, and their size."""

    def __init__(self, about: dict, pairs: pd.DataFrame, compact: bool):
        self.about, self.pairs = about, pairs
        epochs = sorted(pairs["epoch"].unique())
        if compact:
            epochs = sorted({epochs[0], epochs[len(epochs) // 2], epochs[-1]})
        self.epochs, self.rows = epochs, 1 if compact else 2
        ends = [
            pairs[[side, f"{side}_label", f"{side}_class"]].set_axis(["place", "label", "name"], axis=1)
            for side in ("first", "second")
        ]
        self.documents = pd.concat(ends).drop_duplicates("place").set_index("place").sort_index()
        sizes = self.documents["label"].value_counts()
        by_size = sorted(sizes.index, key=lambda label: (-sizes[label], label))
        self.places = {label: place for place, label in enumerate(by_size)}
        names = self.documents.drop_duplicates("label").set_index("label")["name"]
        self.names = [style.fitted(str(names[label]), 1.5, style.SMALL) for label in by_size]
        self.maps = -(-len(epochs) // self.rows)
        self.columns = self.maps + (2 if compact else 1)

    def height(self, side: float, width: float) -> float:
        """Height in inches, given the side of a panel and the width of the page in inches."""
        lines = -(-len(self.names) // self._legend_columns(width))
        return self.rows * (side + AROUND) + TITLE + BAR + lines * LEGEND_LINE

    def _legend_columns(self, width: float) -> int:
        return style.legend_columns(self.names, width - 0.2, style.SMALL, LEGEND_GAP)

    def draw(self, part: SubFigure, width: float) -> None:
        about = self.about
        sigma = f"σ = {self.pairs['sigma'].iloc[0]:.3g}"
        names = corpus_name(about["corpus"]), encoder_name(about["encoder"]), objective_name(about["objective"])
        part.suptitle("\n".join([style.fitted(", ".join(names), 0.8 * width, style.TITLE), sigma]))
        grid = part.subplots(self.rows, self.columns, squeeze=False)
        heat, drawn = grid[:, : self.maps].ravel(), grid[:, self.maps :].ravel()
        for axes in heat[len(self.epochs) :]:
            axes.set_axis_off()
        for axes, epoch in zip(heat, self.epochs, strict=False):
            image = self._draw_map(axes, epoch)
            axes.set_title(_epoch_title(epoch))
        for axes, epoch in zip(drawn, (self.epochs[0], self.epochs[-1]), strict=True):
            inside = self._draw_graph(axes, epoch)
            axes.set_title(_epoch_title(epoch))
            axes.set_xlabel(f"within a class: {inside:.0%}", fontsize=style.SMALL)
        bar = part.colorbar(image, ax=list(grid.flat), location="bottom", shrink=0.4, aspect=40, pad=0.02)
        bar.set_label("affinity")
        panels.class_legend(part, self.names, self._legend_columns(width))

    def _square(self, epoch: int, column: str) -> np.ndarray:
        """A column of the pairs as a symmetric matrix (documents, documents), NaN on the diagonal."""
        pairs = self.pairs[self.pairs["epoch"] == epoch]
        square = np.full((len(self.documents),) * 2, np.nan)
        square[pairs["first"], pairs["second"]] = pairs[column]
        square[pairs["second"], pairs["first"]] = pairs[column]
        return square

    def _draw_map(self, axes: Axes, epoch: int):
        size = len(self.documents)
        image = axes.imshow(self._square(epoch, "affinity"), cmap="cividis", vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[], anchor="N")
        axes.grid(False)
        strip = STRIP * size
        axes.set_xlim(-0.5 - 1.4 * strip, size - 0.5)
        for label, members in self.documents.groupby("label"):
            color, _ = style.class_look(self.places[label])
            start, end = members.index.min() - 0.5, members.index.max() + 0.5
            axes.fill_betweenx([start, end], -0.5 - 1.2 * strip, -0.5 - 0.2 * strip, color=color, linewidth=0)
            if end < size - 0.5 and len(self.places) <= LINED:
                axes.plot([-0.5, size - 0.5], [end, end], color="white", linewidth=0.3)
                axes.plot([end, end], [-0.5, size - 0.5], color="white", linewidth=0.3)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return image

    def _draw_graph(self, axes: Axes, epoch: int) -> float:
        """Draw the strongest edges of a graph. Returns the share of them within a class."""
        points = _principal_axes(np.nan_to_num(self._square(epoch, "distance")))
        edges = _strongest(self._square(epoch, "affinity"))
        labels = self.documents["label"].to_numpy()
        within = labels[edges[:, 0]] == labels[edges[:, 1]]
        for kind, color in ((within, "#999999"), (~within, style.VERMILION)):
            axes.add_collection(LineCollection(points[edges[kind]], colors=color, linewidths=0.35, zorder=1))
        for label in sorted(self.places, key=self.places.get):
            color, marker = style.class_look(self.places[label])
            mine = points[labels == label]
            axes.scatter(mine[:, 0], mine[:, 1], s=7, c=color, marker=marker, linewidths=0, zorder=2)
        reach = 1.08 * np.abs(points).max() or 1
        axes.set(xticks=[], yticks=[], aspect="equal", anchor="N", xlim=(-reach, reach), ylim=(-reach, reach))
        return float(within.mean()) if len(within) else 0.0


def _epoch_title(epoch: int) -> str:
    return "before training" if epoch == 0 else f"epoch {epoch}"


def _strongest(affinity: np.ndarray) -> np.ndarray:
    """The edges that are among the ``STRONGEST`` edges of one of their documents.

    Args:
        affinity: (B, B), NaN on the diagonal.

    Returns:
        Pairs of documents, first < second, each once. (n, 2)
    """
    order = np.argsort(np.nan_to_num(-affinity, nan=np.inf), axis=1, kind="stable")
    order = order[:, : min(STRONGEST, len(affinity) - 1)]
    ends = np.stack([np.repeat(np.arange(len(affinity)), order.shape[1]), order.ravel()], axis=1)
    return np.unique(np.sort(ends, axis=1), axis=0)


def _principal_axes(distances: np.ndarray) -> np.ndarray:
    """The first two principal components of points with given distances (Torgerson 1952).

    Args:
        distances: (B, B).

    Returns:
        (B, 2). Of each component, the coordinate with the largest absolute value is positive.
    """
    squared = distances**2
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    points = vectors[:, ::-1][:, :2] * np.sqrt(np.clip(values[::-1][:2], 0, None))
    largest = points[np.abs(points).argmax(axis=0), [0, 1]]
    return points * np.where(largest < 0, -1, 1)
