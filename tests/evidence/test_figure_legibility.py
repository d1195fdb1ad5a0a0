"""Every figure at every size: texts of six points or more, none clipped, none on another."""

import importlib
import tracemalloc

import evidence_frames
import figure_frames as frames
import pandas as pd
import pytest
from figure_texts import assert_legible
from glossbench.evidence.figures import convergence, learning_curves, panels, style

FIGURES = [
    "method",
    "weight",
    "labeled_fraction",
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


def inputs(name: str, size: str) -> dict[str, pd.DataFrame]:
    """The input frames of a figure: the paper's whole grid, one run, or names that nobody planned for."""
    plain, varied, trials, snapshots = {
        "paper": lambda: (
            frames.runs(),
            frames.runs(encoders=("bert-base", "distilbert"), objectives=frames.varied()),
            frames.trials(objectives=("scl-ce", "gloss-o-ce", "gloss-o")),
            frames.snapshots(CLASSES[:23], epochs=tuple(range(12)), objectives=("gloss-o", "scl")),
        ),
        "one": lambda: (
            frames.runs(("mr",), ("bert-base",), ("gloss-o",), (0,)),
            frames.runs(("mr",), ("bert-base",), frames.varied(), (0,)),
            frames.trials(("mr",), ("bert-base",), ("gloss-o",), count=2),
            frames.snapshots(size=4, epochs=(0,)),
        ),
        "hostile": lambda: (
            frames.runs(HOSTILE, (CODER,), ODD, (0, 1)),
            frames.runs(HOSTILE, (CODER,), frames.varied("gloss-o-ce@my_$odd$_preset"), (0, 1)),
            frames.trials(HOSTILE, (CODER,), count=6),
            frames.snapshots(CLASSES, epochs=(0, 3), objectives=("gloss-o",)),
        ),
    }[size]()
    maps = {"paper": 52, "one": 1, "hostile": 30}[size]
    points = evidence_frames.projections(
        {f"{label}_$long$_name.of.a.class": 3 for label in range(maps)}, ("scl", "gloss-o")
    )
    epochs = frames.epochs(plain, {"paper": 200, "one": 1, "hostile": 6}[size])
    chosen = {
        "method": {},
        "published": {"runs": plain, "published": printed(plain)},
        "critical_difference": {"runs": plain},
        "tuning": {"trials": trials},
        "adjacency": {"snapshots": snapshots},
        "projections": {"projections": points},
        "learning_curves": {"epochs": epochs},
        "convergence": {"epochs": epochs},
        "epoch_time": {"epochs": epochs},
    }
    return chosen.get(name, {"runs": varied})


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
