"""Every figure at every size: texts of six points or more, none clipped, none on another."""

import importlib
import tracemalloc
from functools import cache

import evidence_frames
import figure_frames as frames
import pandas as pd
import pytest
from figure_texts import assert_legible
from glossbench.evidence.figures import convergence, learning_curves, panels, style

FIGURES = [
    "method",
    "weight",  # drawn by the same code as labeled_fraction
    "sigma",
    "sensitivity",
    "learning_curves",
    "convergence",
    "epoch_time",
    "critical_difference",
    "published",
    "tuning",
    "adjacency",
    "projections",
]
HOSTILE = ("b_$x$", *(f"{letter}_corpus_with_$long$_näme-abcdefgh" for letter in "abcd"))
CODER = "encoder_with_$a_very$long_name-and-ünïcode"
ODD = ("ce", "scl-ce", "gloss-o-ce@my_$odd$_preset", "scl", "unknown_$loss$_of-someone", "gloss-o")
CLASSES = tuple(f"class_${number}$_näme" for number in range(52))


def printed(runs: pd.DataFrame) -> pd.DataFrame:
    """A paper that prints about the same numbers."""
    keys = ["corpus", "encoder", "protocol", "objective"]
    means = runs.groupby(keys)[["test_accuracy", "test_macro_f1"]].mean() * 99
    means = means.rename(columns=lambda name: name.removeprefix("test_"))
    return means.reset_index().melt(keys, var_name="metric", value_name="mean").assign(std=0.5)


@cache
def study(size: str) -> dict[str, pd.DataFrame]:
    """All frames of a study: the paper's whole grid, one run, or names that nobody planned for."""
    if size == "paper":
        plain, length = frames.runs(), 200
        varied = frames.runs(encoders=("bert-base", "distilbert"), objectives=frames.varied())
        trials = frames.trials(objectives=("scl-ce", "gloss-o-ce", "gloss-o"))
        snapshots = frames.snapshots(CLASSES[:23], epochs=tuple(range(12)), objectives=("gloss-o", "scl"))
        maps = CLASSES
    elif size == "one":
        plain, length = frames.runs(("mr",), ("bert-base",), ("gloss-o",), (0,)), 1
        varied = frames.runs(("mr",), ("bert-base",), frames.varied(), (0,))
        trials = frames.trials(("mr",), ("bert-base",), ("gloss-o",), count=2)
        snapshots = frames.snapshots(size=4, epochs=(0,))
        maps = CLASSES[:1]
    else:
        plain, length = frames.runs(HOSTILE, (CODER,), ODD, (0, 1)), 6
        varied = frames.runs(HOSTILE, (CODER,), frames.varied("gloss-o-ce@my_$odd$_preset"), (0, 1))
        trials = frames.trials(HOSTILE, (CODER,), count=6)
        snapshots = frames.snapshots(CLASSES, epochs=(0, 3), objectives=("gloss-o",))
        maps = tuple(f"{name}.of.a.class.that.has.a.long.name" for name in CLASSES[:30])
    return {
        "plain": plain,
        "varied": varied,
        "trials": trials,
        "snapshots": snapshots,
        "epochs": frames.epochs(plain, length),
        "projections": evidence_frames.projections(dict.fromkeys(maps, 3), ("scl", "gloss-o")),
        "published": printed(plain),
    }


def inputs(name: str, size: str) -> dict[str, pd.DataFrame]:
    """The input frames of a figure."""
    given = study(size)
    if name in ("weight", "sigma", "sensitivity"):
        return {"runs": given["varied"]}
    if name == "published":
        return {"runs": given["plain"], "published": given["published"]}
    reads = {"method": [], "critical_difference": ["runs"], "tuning": ["trials"], "adjacency": ["snapshots"]}
    kinds = reads.get(name, ["projections"] if name == "projections" else ["epochs"])
    return {kind: given["plain" if kind == "runs" else kind] for kind in kinds}


@pytest.mark.parametrize("size", ["paper", "one", "hostile"])
@pytest.mark.parametrize("name", FIGURES)
def test_texts_can_be_read(name, size):
    module = importlib.import_module(f"glossbench.evidence.figures.{name}")
    assert_legible(module.draw(module.frame(**inputs(name, size))))


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "method"])
def test_no_rows_make_a_figure_that_says_so(name):
    module = importlib.import_module(f"glossbench.evidence.figures.{name}")
    empty = {key: frame.iloc[:0] for key, frame in inputs(name, "one").items()}
    (axes,) = module.draw(module.frame(**empty)).axes
    assert axes.texts[0].get_text().startswith("nothing to draw")


@pytest.mark.parametrize("module", [learning_curves, convergence])
def test_a_thousand_runs_of_fifty_epochs_take_little_memory(module):
    runs = frames.runs(encoders=tuple("abcdefg"), seeds=tuple(range(4)))
    epochs = frames.epochs(runs, 50)
    assert len(runs) > 1000
    tracemalloc.start()
    module.frame(epochs=epochs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**28  # bytes


def test_rows_of_panels_are_even():
    assert panels.in_rows("abcdefg") == [list("abcd"), list("efg")]
    assert panels.in_rows("ab") == [["a", "b"]]


def test_a_text_is_cut_to_its_room():
    assert style.fitted("short", 1) == "short"
    cut = style.fitted("a_$very$_long_name" * 5, 1)
    assert cut.endswith("…")
    assert style.inches(cut, style.TEXT) <= 1
