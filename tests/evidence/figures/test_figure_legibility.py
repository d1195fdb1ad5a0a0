"""Every figure at every size: texts of six points or more, none clipped, none on another."""

import copy
import importlib
import tracemalloc
from functools import cache

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import convergence, learning_curves
from glossbench.evidence.text.names import naming
from glossbench.settings.names import Names, names_by_kind

from tests.support.figure_texts import assert_legible, drawn_texts
from tests.support.made_up import (
    CORPORA,
    ENCODERS,
    INTEGRATED,
    STANDALONE,
    ablations,
    cells,
    printed,
    projections,
    rising,
    snapshots,
    study_runs,
    trials,
)
from tests.support.registered import FIGURES, REGISTRIES, names

DRAWN = [key for key in FIGURES if key != "labeled_fraction"]  # drawn by the same code as weight
ODD_CORPORA = [f"odd-{letter}" for letter in "abcde"]
ODD_TITLES = ["b_$x$", *(f"{letter}_corpus with $a long$ näme, abcdefgh" for letter in "abcd")]
ODD_ENCODER = "odd-encoder"
ODD = ("ce", "scl-ce", "odd-loss@reference", "scl", "unheard-of", "gloss-o")
CLASSES = tuple(f"class_${number}$_näme" for number in range(52))


def odd_names() -> Names:
    """Names of a registry with titles that nobody planned for."""
    registries = copy.deepcopy(REGISTRIES)
    titles = {("corpora", key, "mr"): title for key, title in zip(ODD_CORPORA, ODD_TITLES, strict=True)}
    titles["encoders", ODD_ENCODER, "minilm-l6"] = "an encoder with $a_very$long name, and ünïcode"
    titles["objectives", "odd-loss", "gloss-o-ce"] = "a loss of $someone$, with a_name of its own"
    titles["objectives", "odd-varied", "gloss-o-ce"] = "a_$loss$ that is varied"
    for (kind, key, like), title in titles.items():
        color = {"color": None} if kind == "objectives" else {}
        entries = getattr(registries, kind)
        entries[key] = entries[like].model_copy(update={"title": title, **color})
    varied = [*ablations("odd-varied@reference"), *ODD[:4], *ODD[5:]]
    return names_by_kind({"corpus": ODD_CORPORA, "encoder": [ODD_ENCODER], "objective": varied}, registries)


@cache
def study(size: str) -> dict[str, pd.DataFrame]:
    """All frames of a study: the paper's T2 and T3, or names that nobody planned for."""
    if size == "paper":
        plain, length = study_runs([*cells(objectives=INTEGRATED), *cells(CORPORA, ["bert-base"], STANDALONE)]), 200
        varied = study_runs(cells(CORPORA, ENCODERS[:2], ablations()), seeds=2)
        tuned, count = study_runs(cells(CORPORA, ENCODERS[:2], ["gloss-o-ce", "gloss-o"]), seeds=1), 15
        batches = snapshots(CLASSES[:23], epochs=tuple(range(12)), objectives=("gloss-o", "scl"))
        maps = CLASSES
    else:
        plain, length = study_runs(cells(ODD_CORPORA, [ODD_ENCODER], ODD), seeds=2), 6
        varied = study_runs(cells(ODD_CORPORA, [ODD_ENCODER], ablations("odd-varied@reference")), seeds=1)
        tuned, count = study_runs(cells(ODD_CORPORA, [ODD_ENCODER], ["scl-ce", "gloss-o-ce", "gloss-o"]), seeds=1), 6
        batches = snapshots(CLASSES, epochs=(0, 3), objectives=("gloss-o",))
        maps = tuple(f"{name}.of.a.class.that.has.a.long.name" for name in CLASSES[:30])
    points = projections(dict.fromkeys(maps, 3), ("scl", "gloss-o"))
    frames = {"plain": plain, "varied": varied, "snapshots": batches, "projections": points, "results": printed(plain)}
    return {**frames, "epochs": rising(plain, length), "trials": trials(tuned, count, chance=np.random.default_rng(2))}


def drawing(key: str, size: str, rows: slice = slice(None)):
    """A figure of a study, or of some rows of its frames."""
    output, given = FIGURES[key], study(size)
    module = importlib.import_module(output.full_module)
    source = {"runs": "varied" if output.module.endswith(("heatmap", "sensitivity")) else "plain"}
    frames = {name: given[source.get(name, name)].iloc[rows] for name in output.reads}
    return module.draw(module.tidy(**frames, **output.settings), **output.settings)


@pytest.mark.parametrize("size", [pytest.param("paper", marks=pytest.mark.slow), "odd"])
@pytest.mark.parametrize("key", DRAWN)
def test_texts_can_be_read(key, size):
    with naming(odd_names() if size == "odd" else names(*ablations())):
        assert_legible(drawing(key, size))


def test_odd_titles_are_those_that_are_drawn():
    with naming(odd_names()):
        figures = [drawing(key, "odd") for key in ("weight", "critical_difference")]
        shown = " ".join(text.get_text() for figure in figures for text, _ in drawn_texts(figure))
    for title in ("b_$x$", "an encoder with $a_very", "a loss of $someone$, wi", "unheard-of"):
        assert title in shown


@pytest.mark.parametrize("key", [key for key in DRAWN if key != "method"])
def test_no_rows_make_a_figure_that_says_so(key):
    assert drawing(key, "odd", slice(0)).texts[0].get_text().startswith("nothing to draw")


@pytest.mark.parametrize("module", [learning_curves, convergence])
def test_a_thousand_runs_of_fifty_epochs_take_little_memory(module):
    made = study_runs(cells(encoders=tuple("abcdefg")), seeds=4)
    epochs = rising(made, 50)
    assert len(made) > 1000
    tracemalloc.start()
    module.tidy(epochs=epochs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**28  # bytes
