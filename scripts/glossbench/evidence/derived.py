"""What follows from the frames of a study, as the texts that the workflow writes of it."""

import importlib
import json
from pathlib import Path

import pandas as pd

from glossbench.evidence.claims.judging import judge
from glossbench.evidence.claims.page import to_page
from glossbench.evidence.doorway import caption, frames_of, with_notes
from glossbench.evidence.plain_json import to_json
from glossbench.evidence.published import published_runs
from glossbench.evidence.rendering import to_csv, to_html, to_latex, to_markdown
from glossbench.exhibits import Exhibit
from glossbench.settings import canonical
from glossbench.yaml_file import read_yaml

PUBLISHED = "config/published"


def parents_of(exhibit: Exhibit, folder: Path) -> list[str]:
    """The files that a table or figure follows from, relative to ``folder``: frames, the paper's numbers, caption."""
    frames = [f"{name}.parquet" for name in (*exhibit.reads, "coverage")]
    published = sorted(folder.glob(f"{PUBLISHED}/*.csv")) if exhibit.published else []
    return [*frames, *(str(path.relative_to(folder)) for path in published), f"report/{exhibit.key}.rst"]


def texts_of(exhibit: Exhibit, folder: Path) -> dict[str, str]:
    """The texts of a table (csv, md, tex, html) or a figure (csv, caption) by file, made afresh.

    folder: holds what ``parents_of`` names.
    """
    given = {name: folder / f"{name}.parquet" for name in (*exhibit.reads, "coverage")}
    published = {"published": sorted(folder.glob(f"{PUBLISHED}/*.csv"))} if exhibit.published else {}
    frames, coverage = frames_of({**given, **published}, exhibit.published)
    module = importlib.import_module(exhibit.module)
    said = " ".join((folder / "report" / f"{exhibit.key}.rst").read_text(encoding="utf-8").split())
    stem = f"{exhibit.kind}s/{exhibit.key}"
    if exhibit.kind == "figure":
        drawn = to_csv(module.frame(**frames))
        return {f"{stem}.csv": drawn, f"{stem}.txt": caption(said, module, coverage) + "\n"}
    table = module.tidy(**frames)
    layout = with_notes(module.layout(table), module, coverage)
    return {
        f"{stem}.csv": to_csv(table),
        f"{stem}.md": to_markdown(layout, said),
        f"{stem}.tex": to_latex(layout, said),
        f"{stem}.html": str(to_html(layout)),
    }


def claims_parents(folder: Path, tuned: bool) -> list[str]:
    """The files that the verdicts follow from, relative to ``folder``. tuned: whether the study has searches."""
    published = sorted(str(path.relative_to(folder)) for path in folder.glob(f"{PUBLISHED}/*.csv"))
    return [*(f"{name}.parquet" for name in _judged(tuned)), *published, "config/claims.yaml"]


def claims_texts(folder: Path, tuned: bool) -> dict[str, str]:
    """The verdicts as json and as a page, made afresh."""
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in _judged(tuned)}
    registry = json.loads(canonical(read_yaml(folder / "config" / "claims.yaml")))
    verdicts = judge(registry, **frames, published=published_runs(folder / PUBLISHED))
    return {"claims.json": to_json(verdicts), "claims.md": to_page(verdicts)}


def _judged(tuned: bool) -> list[str]:
    return ["runs", "epochs", *(["trials"] if tuned else [])]
