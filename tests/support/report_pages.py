"""A report with something of everything on it, and texts from outside that try to break out of it."""

import base64

import evidence_frames as frames
import numpy as np
import pandas as pd
from glossbench.evidence.report.page import Shown, render_report
from glossbench.evidence.tables import corpora as corpora_table
from glossbench.evidence.tables import integrated
from glossbench.evidence.text.rendering import to_html

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")
ATTACK = "<script>alert('x')</script>"
CELL_KEYS = ["corpus", "encoder", "objective", "preset", "protocol", "seed"]


def claim(key: str, verdict: str, **changed) -> dict:
    """A claim as ``claims.judging.judge`` gives it."""
    told = {"claim": f"Claim {key}.", "source": "T2", "quantity": "a share", "reason": "for a reason.", "note": ""}
    measured = {"value_text": "60 %", "interval_text": "[51, 70] %", "interval_kind": "t", "holds_text": "above 50 %"}
    behind = {"n": 12, "unit": "cells", "n_runs": 36, "caveats": [], "scope": "paper", "published_text": "80 %"}
    return {"id": key, "verdict": verdict, **told, **measured, **behind, **changed}


def small_runs() -> pd.DataFrame:
    """Four runs of three objectives: accuracies 90, 80 (ce), 70 (scl-ce), 60 (gloss-o-ce with gamma 0.5)."""
    found = frames.runs(
        {
            ("mr", "minilm-l6", "ce"): [0.9, 0.8],
            ("mr", "minilm-l6", "scl-ce"): [0.7],
            ("mr", "minilm-l6", "gloss-o-ce,labeled_fraction=0.5"): [0.6],
        }
    )
    return found.assign(total_seconds=[30.0, 3600.0, 100.0, np.nan])


def many_runs(n_seeds: int) -> pd.DataFrame:
    """Runs of two corpora and five objectives, ``n_seeds`` of each, no two with the same accuracy or time."""
    objectives = ("ce", "scl-ce", "gloss-sqrt-ce", "scl", "gloss-sqrt")
    cells = [(corpus, "minilm-l6", objective) for corpus in ("mr", "r8") for objective in objectives]
    values = np.random.default_rng(0).permutation(n_seeds * len(cells)).reshape(len(cells), n_seeds)
    runs = frames.runs({cell: list(0.5 + row / 1e4) for cell, row in zip(cells, values, strict=True)})
    return runs.assign(total_seconds=10.0 + 7 * values.ravel()[::-1])


def coverage_of(runs: pd.DataFrame) -> pd.DataFrame:
    return runs[CELL_KEYS].assign(finished=True)


def exhibits(runs: pd.DataFrame, corpora: pd.DataFrame, png: bytes = PNG) -> list[Shown]:
    """A table, a figure, and the audit of the corpora."""
    audit = to_html(corpora_table.layout(corpora_table.tidy(corpora)))
    table = to_html(integrated.layout(integrated.tidy(runs)))
    return [
        Shown("corpora", "table", "Corpora", "T1", "About corpora.", audit),
        Shown("integrated", "table", "Integrated protocol", "T2", "About results.", table),
        Shown("learning_curves", "figure", "Learning curves", None, "What is seen. And how to read it.", png),
    ]


def page(runs: pd.DataFrame | None = None, **changed) -> str:
    """The report of these runs."""
    runs = small_runs().assign(device=ATTACK) if runs is None else runs
    corpora = frames.corpora("mr", title=ATTACK, licence="a & b")
    given = {
        "settings": {"study": "mine", "training": {"epochs": 3, "note": ATTACK}, "seeds": [0, 1], "off": None},
        "provenance": {"commit": "abc123", "packages": {"torch": "2.13.0"}, "processor": ATTACK},
        "exhibits": exhibits(runs, corpora),
        "claims": [claim("C1", "confirmed", caveats=[ATTACK]), claim("C2", "not tested", scope=None, n=0)],
        "corpora": corpora,
        "coverage": coverage_of(runs),
    }
    return render_report(runs=runs, **given | changed)
