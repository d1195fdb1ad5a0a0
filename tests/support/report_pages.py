"""A report with something of everything on it, and a text from outside that tries to break out of it."""

import base64
from typing import Any

import numpy as np
import pandas as pd
from glossbench.evidence.build import Evidence
from glossbench.evidence.report.page import ReportItem
from glossbench.evidence.text.json_text import to_json

from tests.support.made_up import cells, corpora, evidence, runs
from tests.support.registered import TABLES

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")
ATTACK = "<script>alert('x')</script>"


def claim(key: str, verdict: str, **changed: Any) -> dict[str, Any]:
    """A claim as ``claims.judging.judge`` gives it."""
    texts = {"claim": f"Claim {key}.", "source": "T2", "quantity": "a share", "reason": "for a reason.", "note": ""}
    texts["needed"] = f"What {key} needs."
    measured = {"value_text": "60 %", "interval_text": "[51, 70] %", "interval_kind": "t", "holds_text": "above 50 %"}
    behind = {"n_runs": 36, "support_text": "9 of 12 cells, 3 seeds, 0 censored", "noise": [], "caveats": []}
    behind |= {"scope": "paper", "scope_text": "paper", "published_text": "80 %"}
    behind |= {"published_verdict": "undecided", "published_reason": "two rows."}
    return {"id": key, "verdict": verdict, **texts, **measured, **behind, **changed}


def small_runs() -> pd.DataFrame:
    """Four runs of three objectives: accuracies 90, 80 (ce), 70 (scl-ce), 60 (gloss-o-ce with gamma 0.5)."""
    scores = {"ce": [0.9, 0.8], "scl-ce": [0.7], "gloss-o-ce+labeled_fraction=0.5": [0.6]}
    own = {("mr", "minilm-l6", key): values for key, values in scores.items()}
    return runs(own, total_seconds=[30.0, 3600.0, 100.0, np.nan], stop_epoch=[2, 3, 3, 3])


def many_runs(n_seeds: int) -> pd.DataFrame:
    """Runs of two corpora and five objectives, ``n_seeds`` of each, no two with the same accuracy or time."""
    own = cells(["mr", "r8"], ["minilm-l6"], ["ce", "scl-ce", "gloss-sqrt-ce", "scl", "gloss-sqrt"])
    values = np.random.default_rng(0).permutation(n_seeds * len(own)).reshape(len(own), n_seeds)
    scores = {cell: 0.5 + row / 1e4 for cell, row in zip(own, values, strict=True)}
    return runs(scores, total_seconds=10.0 + 7 * values.ravel()[::-1])


def study(runs: pd.DataFrame, **frames: pd.DataFrame) -> Evidence:
    """Evidence from these runs, and of corpora whose texts are attacks where no others are given."""
    return evidence(**{"runs": runs, "corpora": corpora("mr", title=ATTACK, licence="a & b"), **frames})


def shown(study: Evidence, png: bytes = PNG) -> list[ReportItem]:
    """The audit of the corpora, a table and a figure, each with its files."""
    html = {key: study.table(TABLES[key].specification(), "")["html"] for key in ("corpora", "integrated")}
    about = {
        "corpora": ("table", "Corpora", "T1", "About corpora.", html["corpora"]),
        "integrated": ("table", "Integrated protocol", "T2", "About results.", html["integrated"]),
        "learning_curves": ("figure", "Learning curves", None, "What is seen. And how to read it.", png),
    }
    endings = {"table": ("csv", "md", "tex"), "figure": ("csv", "pdf", "png")}
    return [
        ReportItem(key, kind, *texts, files=tuple(f"{kind}s/{key}.{ending}" for ending in endings[kind]))
        for key, (kind, *texts) in about.items()
    ]


def page(runs: pd.DataFrame | None = None, made_from: Evidence | None = None, **changed: Any) -> str:
    """The report of these runs, or of a study.

    Args:
        runs: By default four whose machine is an attack.
        made_from: Instead of runs.
        changed: settings, provenance, shown or claims that take the place of the usual ones.
    """
    made_from = made_from or study(small_runs().assign(device=ATTACK) if runs is None else runs)
    given = {
        "settings": {"study": "mine", "training": {"epochs": 3, "note": ATTACK}, "seeds": [0, 1], "off": None},
        "provenance": {"commit": "abc123", "packages": {"torch": "2.13.0"}, "processor": ATTACK},
        "shown": shown(made_from) if "shown" not in changed else [],
        "claims": [
            claim("C1", "confirmed", caveats=[ATTACK]),
            claim("C2", "not tested", scope=None, scope_text="", support_text=""),
        ],
        **changed,
    }
    return made_from.report(**{**given, "claims": to_json(given["claims"])})["html"]
