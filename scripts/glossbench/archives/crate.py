"""Describes an archive as a Workflow Run RO-Crate (profile Provenance Run Crate): ro-crate-metadata.json.

The description follows from the archive's other files alone, so the same files give the same bytes, and ``make verify``
makes it again. See https://www.researchobject.org/workflow-run-crate.
"""

import hashlib
import io
import json
import mimetypes
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import yaml

from glossbench.archives.format import CITATION, CRATE, STUDY, WORKFLOW
from glossbench.archives.imported import manifest
from glossbench.data.params import digests
from glossbench.files import CHECKSUMS
from glossbench.frames import UNTUNED
from glossbench.settings.files import run_folder
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
RUN_CRATE = "https://w3id.org/ro/wfrun"
PROFILES = {
    f"{RUN_CRATE}/process/0.5": "Process Run Crate",
    f"{RUN_CRATE}/workflow/0.5": "Workflow Run Crate",
    f"{RUN_CRATE}/provenance/0.5": "Provenance Run Crate",
    WORKFLOW_CRATE: "Workflow RO-Crate",
}
PARAMETER = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
SNAKEMAKE = "https://snakemake.github.io"
USAGE = {"seconds": "total_seconds", "memory": "peak_memory_mib"}
FORMATS = {".parquet": "application/vnd.apache.parquet", ".yaml": "application/yaml", ".cff": "application/yaml",
           ".md": "text/markdown", ".rst": "text/x-rst", ".tex": "application/x-tex"}  # fmt: skip
# The steps that the archive tells of: what their scripts do, in the order of the workflow.
STEPS = {
    "train": "fine-tunes an encoder on a corpus with an objective and a seed, and tests it",
    "classify_untuned": "classifies a corpus without fine-tuning",
    "collect": "collects all runs into frames",
    "evidence": "makes tables, figures, tests, verdicts and the report from the frames",
}
Entity = dict[str, Any]


def crate(study: Study, files: dict[str, bytes]) -> bytes:
    """The text of ro-crate-metadata.json.

    Args:
        study: The study.
        files: The archive's other files by name; SHA256SUMS may be left out.
    """
    files = {name: files[name] for name in sorted(files) if name not in (CRATE, CHECKSUMS)}
    cited, made = yaml.safe_load(files[CITATION]), json.loads(files["provenance.json"])
    runs = pd.read_parquet(io.BytesIO(files["runs.parquet"])).to_dict("records")
    packages, commit, claims = made["packages"], made["commit"], json.loads(files["claims.json"])
    licence = f"https://spdx.org/licenses/{cited['license']}"
    people = {_person(one): one for work in (cited, *cited["references"]) for one in work["authors"]}
    papers = {_arxiv(one): one for one in cited["references"]}
    frames = [f"{name}.parquet" for name in study.frames]
    kinds = ("tables/", "figures/", "claims.", "significance.", "report.")
    products = [*(name for name in files if name.startswith(kinds)), "provenance.json"]
    inputs, names = _inputs(study, files), {_run(row): row for row in runs}
    given = [one["@id"] for one in inputs if one["@type"] == "Dataset"]
    actions = {"train": [], "classify_untuned": [], "collect": ["#collected"], "evidence": ["#made"]}
    for name, row in names.items():
        actions[_step(row)].append(f"#{name}")
    steps = [name for name, made_by in actions.items() if made_by]
    title = f"Evidence of the study {study.name}"
    described = f"Runs, frames, tables, figures, tests, verdicts and the report of the study {study.name}, made by "
    mentioned = ["#run", "#organized", *(f"#{name}" for name in names), *(f"#claim-{one['id']}" for one in claims)]
    graph = [
        _entity(CRATE, "CreativeWork", about=_to("./"), conformsTo=_to(SPECIFICATION, WORKFLOW_CRATE)),
        _entity("./", "Dataset", name=title,
                description=f"{described}{cited['title']}. SHA256SUMS lists all files; make verify checks them.",
                datePublished=str(cited["date-released"]), license=_to(licence),
                author=_to(*map(_person, cited["authors"])), citation=_to(*papers), conformsTo=_to(*PROFILES),
                mainEntity=_to(WORKFLOW), hasPart=_to(*files, CHECKSUMS), mentions=_to(*mentioned)),
        *(_entity(at, "CreativeWork", name=name, version=at.rpartition("/")[2]) for at, name in PROFILES.items()),
        _file(WORKFLOW, files) | _entity(
            WORKFLOW, ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"], name="glossbench",
            description=cited["title"], version=commit, programmingLanguage=_to("#snakemake"), license=_to(licence),
            input=_to("#study"), output=_to("#report"), hasPart=_to(*(f"#{name}-tool" for name in steps)),
            step=_to(*(f"#{name}-step" for name in steps))),
        _entity("#snakemake", ["ComputerLanguage", "SoftwareApplication"], name="Snakemake",
                identifier=_to(SNAKEMAKE), url=_to(SNAKEMAKE), softwareVersion=packages["snakemake"]),
        *(_entity(f"#{name}", "FormalParameter", name=name, additionalType="File", conformsTo=_to(PARAMETER))
          for name in ("study", "report")),
        *(_entity(f"#{name}-tool", "SoftwareApplication", name=name, description=STEPS[name], softwareVersion=commit,
                  softwareRequirements=_to(*(f"#package-{one}" for one in packages))) for name in steps),
        *(_entity(f"#{name}-step", "HowToStep", position=str(place), workExample=_to(f"#{name}-tool"))
          for place, name in enumerate(steps)),
        *(_entity(f"#{name}-control", "ControlAction", name=f"the jobs of the step {name}",
                  instrument=_to(f"#{name}-step"), object=_to(*actions[name])) for name in steps),
        _entity("#run", "CreateAction", name=f"glossbench on the study {study.name}", instrument=_to(WORKFLOW),
                object=_to(STUDY, *given), result=_to(*frames, *products),
                actionStatus=_to("http://schema.org/CompletedActionStatus")),
        _entity("#collected", "CreateAction", name="collecting the runs", instrument=_to("#collect-tool"),
                object=_to(*given), result=_to(*frames)),
        _entity("#made", "CreateAction", name="making the evidence", instrument=_to("#evidence-tool"),
                object=_to(*frames), result=_to(*products)),
        _entity("#organized", "OrganizeAction", name="Snakemake on this study", instrument=_to("#snakemake"),
                object=_to(*(f"#{name}-control" for name in steps)), result=_to("#run")),
        *(entity for name, row in names.items() for entity in _action(name, row, files)),
        *(_entity(f"#claim-{one['id']}", "Claim", name=f"{one['id']} of the paper", text=one["claim"],
                  description=f"{one['verdict']}: {one['reason']}", isBasedOn=_to("claims.json")) for one in claims),
        *inputs,
        *(_entity(f"#package-{name}", "SoftwareApplication", name=name, softwareVersion=version)
          for name, version in packages.items()),
        *(_entity(key, "Organization" if "name" in one else "Person", name=_name(one)) for key, one in people.items()),
        *(_entity(key, "ScholarlyArticle", name=one["title"], datePublished=str(one["year"]),
                  author=_to(*map(_person, one["authors"]))) for key, one in papers.items()),
        _entity(licence, "CreativeWork", name=f"{cited['license']} License", identifier=licence),
        *(_file(name, files) for name in files if name != WORKFLOW),
        _entity(CHECKSUMS, "File", name=CHECKSUMS, description="SHA-256 of all others", encodingFormat="text/plain"),
    ]  # fmt: skip
    known = {entity["@id"]: entity for entity in graph}  # what two inputs share is described once
    text = json.dumps({"@context": CONTEXT, "@graph": list(known.values())}, indent=1, ensure_ascii=False)
    return f"{text}\n".encode()


def _action(name: str, row: dict[str, Any], files: dict[str, bytes]) -> list[Entity]:
    """A run with its results, its seconds and its memory, and the digests of its settings and code."""
    usage = [_entity(f"#{name}/{what}", "PropertyValue", name=what, propertyID=f"https://w3id.org/ro/terms/workflow-run#{what}",
                     value=str(row[of])) for what, of in USAGE.items() if pd.notna(row[of])]  # fmt: skip
    described = f"settings {row['training_settings']}, code {row['training_code']}; on {row['device']}"
    action = _entity(
        f"#{name}", "CreateAction", name=name, description=described, instrument=_to(f"#{_step(row)}-tool"),
        object=_to(f"#corpora/{row['corpus']}", f"#encoders/{row['encoder']}"),
        result=_to(*(file for file in files if file.startswith(f"{name}/"))),
        resourceUsage=_to(*(one["@id"] for one in usage)),
    )  # fmt: skip
    return [action, *usage]


def _inputs(study: Study, files: dict[str, bytes]) -> list[Entity]:
    """Corpora and encoders: titles, sources, licences, and the digests of their files."""
    entities = []
    for kind, key in [("corpora", key) for key in study.corpora] + [("encoders", key) for key in study.encoders]:
        entry, listed, name = study.entry(kind, key), manifest(kind, key), f"{kind}/{key}"
        sources = entry.get("files", {})
        entities += [
            _entity(f"#{name}", "Dataset", name=entry["title"],
                    description=f"{entry['description']}. Source: {entry['source']}",
                    license=_to(f"#licence-of-{name}"), hasPart=_to(*(one["url"] for one in sources.values())),
                    subjectOf=_to(*[listed] * (listed in files)),
                    identifier=[f"{role} {value}" for role, value in sorted(digests(entry).items())]),
            _entity(f"#licence-of-{name}", "CreativeWork", name=entry["licence"]),
            *(_entity(one["url"], "File", name=f"{role} of {entry['title']}", sha256=one["sha256"])
              for role, one in sources.items()),
        ]  # fmt: skip
    return entities


def _file(name: str, files: dict[str, bytes]) -> Entity:
    kind = FORMATS.get(PurePosixPath(name).suffix) or mimetypes.guess_type(name)[0] or "text/plain"
    example = {STUDY: ["#study"], "report.html": ["#report"]}.get(name, [])
    digest, size = hashlib.sha256(files[name]).hexdigest(), str(len(files[name]))
    return _entity(
        name, "File", name=name, encodingFormat=kind, contentSize=size, sha256=digest, exampleOfWork=_to(*example)
    )


def _entity(key: str, kind: str | list[str], **properties: Any) -> Entity:
    """An entity without empty properties, and with the value itself in place of a list of one."""
    kept = {name: value for name, value in properties.items() if value not in ([], None)}
    single = {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in kept.items()}
    return {"@id": key, "@type": kind, **single}


def _to(*names: str) -> list[Entity]:
    return [{"@id": name} for name in names]


def _step(run: dict[str, Any]) -> str:
    return "classify_untuned" if run["protocol"] == UNTUNED else "train"


def _run(row: dict[str, Any]) -> str:
    return run_folder(Run(row["corpus"], row["encoder"], row["objective"], row["seed"]))


def _name(author: dict[str, str]) -> str:
    return author.get("name") or f"{author['given-names']} {author['family-names']}"


def _person(author: dict[str, str]) -> str:
    return author.get("orcid") or f"#{_name(author).lower().replace(' ', '-')}"


def _arxiv(reference: dict[str, Any]) -> str:
    """The address of a cited work on arXiv."""
    names = [one["value"] for one in reference["identifiers"]]
    return "https://arxiv.org/abs/" + next(one.partition(":")[2] for one in names if one.startswith("arXiv:"))
