# What the evidence consists of, its captions and settings; no rules.

import hashlib

from glossbench.settings import VOLATILE

TABLES = ["corpora", "results"]
TEMPLATES = Path(workflow.basedir) / "scripts/glossbench/evidence/templates"


def figures():
    """Figures that the study's configuration can fill."""
    return ["learning_curves", *(["projections"] if STUDY.settings["projection"] else [])]


def tables_of_study():
    return expand(f"{RESULTS}/tables/{{name}}.{{ending}}", name=TABLES, ending=["csv", "md", "tex"])


def figures_of_study():
    return expand(f"{RESULTS}/figures/{{name}}.{{ending}}", name=figures(), ending=["png", "pdf"])


def evidence_products():
    return [*tables_of_study(), *figures_of_study(), f"{RESULTS}/report.html", f"{RESULTS}/provenance.json"]


def caption(name):
    """A caption as plain text: Snakemake's report, our own and the tables all show the same words."""
    text = Path(workflow.basedir, "report", f"{name}.rst").read_text(encoding="utf-8")
    return " ".join(text.split())


def shown(path, category):
    """An output that Snakemake's report shows under its caption, report/{stem}.rst."""
    title, ending = Path(path).stem.replace("_", " ").capitalize(), Path(path).suffix[1:]
    labels = {"what": title, "format": ending}
    return report(path, caption=f"../report/{Path(path).stem}.rst", category=category, labels=labels)


def study_settings():
    """The whole study with every default and every objective spelled out."""
    settings = {key: value for key, value in STUDY.settings.items() if key not in VOLATILE}
    return {**settings, "objective_settings": {key: STUDY.objective(key) for key in STUDY.objectives}}


def template_digest():
    texts = [path.read_bytes() for path in sorted(TEMPLATES.iterdir())]
    return hashlib.sha256(b"\n".join(texts)).hexdigest()[:16]
