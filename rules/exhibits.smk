# What the evidence consists of, its captions and settings; no rules.

import hashlib
from dataclasses import replace
from itertools import product

from glossbench.tools.archive import sources_digest
from glossbench.study.study import VOLATILE

TEMPLATES = Path(workflow.basedir) / "scripts/glossbench/evidence/report/templates"
# what is made of all runs, and of those finished so far, with what names its rules
VIEWS = {RESULTS: "", f"{RESULTS}/partial": "partial_"}
FORMATS = {"table": ["csv", "md", "tex", "html"], "figure": ["png", "pdf", "csv", "txt"]}


@lru_cache
def study_of(view):
    """The study, or for a partial view what is finished of it."""
    return STUDY if view == RESULTS else replace(STUDY, runs=tuple(finished(STUDY.runs)))


def shown_exhibits(view, kind=None):
    """Those that a view's runs can fill, of one kind or of both."""
    return [exhibit for exhibit in EXHIBITS if kind in (None, exhibit.kind) and exhibit.fillable(study_of(view))]


def files_of(kind, endings=None, view=RESULTS):
    endings = FORMATS[kind] if endings is None else endings
    return [f"{view}/{kind}s/{exhibit.key}.{ending}" for exhibit in shown_exhibits(view, kind) for ending in endings]


def exhibit_inputs(exhibit, view):
    """The frames of a view that an exhibit reads."""
    there = [name for name in exhibit.reads_if_there if name in frames_of_study(view)]
    return {name: f"{view}/{name}.parquet" for name in [*exhibit.reads, *there, "coverage"]}


def claims_inputs(view):
    names = ["runs", "epochs", *(["trials"] if STUDY.settings["tuning"] else [])]
    return {name: f"{view}/{name}.parquet" for name in names}


def exhibit_settings(exhibit):
    numbers = {"published": exhibit.published, "digest": digest_of_published()} if exhibit.published else {}
    return {"key": exhibit.key, "caption": caption(exhibit.key), **numbers}


def shown_settings(view):
    """What the report says of each exhibit."""
    said = ("key", "kind", "title", "paper")
    return [
        {**{name: getattr(exhibit, name) for name in said}, "caption": caption(exhibit.key)}
        for exhibit in shown_exhibits(view)
    ]


def collected_frames(view):
    projections = [f"{view}/projections.parquet"] if STUDY.settings["projection"] else []
    return [*frames_of_study(view).values(), *projections]


def evidence_products(view=RESULTS):
    names = ("report.html", "provenance.json", "claims.md", "claims.json", "significance.csv", "significance.json")
    pages = [f"{view}/{name}" for name in names]
    return [*files_of("table", view=view), *files_of("figure", view=view), *pages]


def caption(name):
    """A caption as plain text: Snakemake's report, our own and the tables all show the same words."""
    text = Path(workflow.basedir, "report", f"{name}.rst").read_text(encoding="utf-8")
    return " ".join(text.split())


def shown(path, category):
    """An output that Snakemake's report shows under its caption, report/{stem}.rst."""
    title, ending = Path(path).stem.replace("_", " ").capitalize(), Path(path).suffix[1:]
    runs = "finished so far" if "partial" in Path(path).parts else "all"
    labels = {"what": title, "runs": runs, "format": ending}
    return report(path, caption=f"../report/{Path(path).stem}.rst", category=category, labels=labels)


def study_settings():
    """The whole study with every default and every objective spelled out."""
    settings = {key: value for key, value in STUDY.settings.items() if key not in VOLATILE}
    return {**settings, "objective_settings": {key: STUDY.objective(key) for key in STUDY.objectives}}


def digest_of_files(paths):
    return hashlib.sha256(b"\n".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:16]


@lru_cache
def digest_of_published():
    """The paper's numbers by their content: they lie beside the workflow, wherever that is."""
    return digest_of_files(Path(workflow.basedir, "config/published").glob("*.csv"))


@lru_cache
def template_digest():
    return digest_of_files(TEMPLATES.iterdir())
