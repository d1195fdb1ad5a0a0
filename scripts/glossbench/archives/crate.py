"""Describes an archive as a Workflow Run RO-Crate (profile Provenance Run Crate): ro-crate-metadata.json.

The description follows from the archive's other files alone, so the same files give the same bytes, and ``make verify``
makes it again. See https://www.researchobject.org/workflow-run-crate.
"""

import io
import json
import mimetypes
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import yaml

from glossbench.archives.format import CITATION, CRATE, STUDY, WORKFLOW, Content, digest_of, opened
from glossbench.checksums import CHECKSUMS
from glossbench.data.entries import digests
from glossbench.evidence.claims.scope import of_the_paper
from glossbench.evidence.text.json_text import to_json
from glossbench.settings.model import UNTUNED
from glossbench.settings.paths import manifest_file, run_folder
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    WORKFLOW_CRATE: "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run#"
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
PRODUCTS = ("tables/", "figures/", "claims.", "significance.", "report.")  # how the names of the evidence begin
Entity = dict[str, Any]


def crate(study: Study, files: Mapping[str, Content]) -> bytes:
    """The text of ro-crate-metadata.json, from the archive's other files by name; SHA256SUMS may be left out."""
    files = {name: files[name] for name in sorted(files) if name not in (CRATE, CHECKSUMS)}
    cited = _read(yaml.safe_load, files[CITATION])
    made, claims = (_read(json.load, files[f"{one}.json"]) for one in ("provenance", "claims"))
    licence = f"https://spdx.org/licenses/{cited['license']}"
    rows = _read(pd.read_parquet, files["runs.parquet"]).to_dict("records")
    runs = {run_folder(Run(row["corpus"], row["encoder"], row["objective"], row["seed"])): row for row in rows}
    inputs = {
        f"{kind}/{key}": study.entry(kind, key) for kind in ("corpora", "encoders") for key in getattr(study, kind)
    }
    actions = {"train": (), "classify_untuned": (), "collect": ("#collected",), "evidence": ("#made",)}
    for name, row in runs.items():
        actions[_step(row)] += (f"#{name}",)
    steps = {name: by for name, by in actions.items() if by}
    papers = {f"https://arxiv.org/abs/{name['value'].removeprefix('arXiv:')}": one for one in cited["references"]
              for name in one["identifiers"] if name["value"].startswith("arXiv:")}  # fmt: skip
    mentioned = (*(f"#{name}" for name in runs), *(f"#claim-{one['id']}" for one in claims))
    described = (f"Runs, frames, tables, figures, tests, verdicts and the report of the study {study.name}, made by "
                 f"{cited['title']}. SHA256SUMS lists all files; make verify checks them.")  # fmt: skip
    graph = [
        _entity(CRATE, "CreativeWork", about=("./",), conformsTo=(SPECIFICATION, WORKFLOW_CRATE)),
        _entity("./", "Dataset", name=f"Evidence of the study {study.name}", description=described,
                datePublished=str(cited["date-released"]), license=(licence,),
                author=tuple(map(_person, cited["authors"])), citation=tuple(papers), conformsTo=tuple(PROFILES),
                mainEntity=(WORKFLOW,), hasPart=(*files, CHECKSUMS), mentions=("#run", "#organized", *mentioned)),
        *(_entity(at, "CreativeWork", name=name, version=at.rpartition("/")[2]) for at, name in PROFILES.items()),
        *_workflow(cited["title"], licence, made, steps, files),
        *_jobs(study, tuple(f"#{name}" for name in inputs), tuple(steps), files),
        *(entity for name, row in runs.items() for entity in _action(name, row, files)),
        *(_entity(f"#claim-{one['id']}", "Claim", text=one["claim"], isBasedOn=("claims.json",),
                  name=f"{one['id']}{' of the paper' if of_the_paper(one['id']) else ', our own'}",
                  description=f"{one['verdict']}: {one['reason']}") for one in claims),
        *(entity for name, entry in inputs.items() for entity in _input(name, entry, files)),
        *(_entity(f"#package-{name}", "SoftwareApplication", name=name, softwareVersion=version)
          for name, version in made["packages"].items()),
        *_people(cited, papers),
        _entity(licence, "CreativeWork", name=f"{cited['license']} License", identifier=licence),
        *(_file(name, files) for name in files if name != WORKFLOW),
        _entity(CHECKSUMS, "File", name=CHECKSUMS, description="SHA-256 of all others", encodingFormat="text/plain"),
    ]  # fmt: skip
    known = {entity["@id"]: entity for entity in graph}  # what two inputs share is described once
    return to_json({"@context": CONTEXT, "@graph": list(known.values())}).encode()


def _workflow(
    title: str, licence: str, made: dict[str, Any], steps: dict[str, tuple[str, ...]], files: Mapping[str, Content]
) -> list[Entity]:
    """The workflow, its language and parameters, and its steps with what they used and the jobs that they had."""
    packages, commit = made["packages"], made["commit"]
    return [
        _file(WORKFLOW, files) | _entity(
            WORKFLOW, ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"], name="glossbench",
            description=title, version=commit, programmingLanguage=("#snakemake",), license=(licence,),
            input=("#study",), output=("#report",), hasPart=tuple(f"#{name}-tool" for name in steps),
            step=tuple(f"#{name}-step" for name in steps)),
        _entity("#snakemake", ["ComputerLanguage", "SoftwareApplication"], name="Snakemake",
                identifier=(SNAKEMAKE,), url=(SNAKEMAKE,), softwareVersion=packages["snakemake"]),
        *(_entity(f"#{name}", "FormalParameter", name=name, additionalType="File", conformsTo=(PARAMETER,))
          for name in ("study", "report")),
        *(_entity(f"#{name}-tool", "SoftwareApplication", name=name, description=STEPS[name], softwareVersion=commit,
                  softwareRequirements=tuple(f"#package-{one}" for one in packages)) for name in steps),
        *(_entity(f"#{name}-step", "HowToStep", position=str(place), workExample=(f"#{name}-tool",))
          for place, name in enumerate(steps)),
        *(_entity(f"#{name}-control", "ControlAction", name=f"the jobs of the step {name}",
                  instrument=(f"#{name}-step",), object=by) for name, by in steps.items()),
    ]  # fmt: skip


def _jobs(study: Study, given: tuple[str, ...], steps: tuple[str, ...], files: Mapping[str, Content]) -> list[Entity]:
    """What was done once: the study as a whole, collecting its runs, and making the evidence."""
    frames = tuple(f"{name}.parquet" for name in study.frames)
    products = (*(name for name in files if name.startswith(PRODUCTS)), "provenance.json")
    return [
        _entity("#run", "CreateAction", name=f"glossbench on the study {study.name}", instrument=(WORKFLOW,),
                object=(STUDY, *given), result=frames + products,
                actionStatus=("http://schema.org/CompletedActionStatus",)),
        _entity("#collected", "CreateAction", name="collecting the runs", instrument=("#collect-tool",),
                object=given, result=frames),
        _entity("#made", "CreateAction", name="making the evidence", instrument=("#evidence-tool",),
                object=frames, result=products),
        _entity("#organized", "OrganizeAction", name="Snakemake on this study", instrument=("#snakemake",),
                object=tuple(f"#{name}-control" for name in steps), result=("#run",)),
    ]  # fmt: skip


def _people(cited: dict[str, Any], papers: dict[str, Any]) -> list[Entity]:
    """The authors of the workflow and of what it cites, and the papers."""
    people = {_person(one): one for work in (cited, *cited["references"]) for one in work["authors"]}
    return [
        *(_entity(key, "Organization" if "name" in one else "Person", name=_name(one)) for key, one in people.items()),
        *(_entity(key, "ScholarlyArticle", name=one["title"], datePublished=str(one["year"]),
                  author=tuple(map(_person, one["authors"]))) for key, one in papers.items()),
    ]  # fmt: skip


def _action(name: str, row: dict[str, Any], files: Mapping[str, Content]) -> list[Entity]:
    """A run with its results, its seconds and its memory, and the digests of its settings and code."""
    usage = [_entity(f"#{name}/{what}", "PropertyValue", name=what, propertyID=f"{TERMS}{what}", value=str(row[of]))
             for what, of in USAGE.items() if pd.notna(row[of])]  # fmt: skip
    described = f"settings {row['training_settings']}, code {row['training_code']}; on {row['device']}"
    action = _entity(f"#{name}", "CreateAction", name=name, description=described, instrument=(f"#{_step(row)}-tool",),
                     object=(f"#corpora/{row['corpus']}", f"#encoders/{row['encoder']}"),
                     result=tuple(file for file in files if file.startswith(f"{name}/")),
                     resourceUsage=tuple(one["@id"] for one in usage))  # fmt: skip
    return [action, *usage]


def _input(name: str, entry: dict[str, Any], files: Mapping[str, Content]) -> list[Entity]:
    """A corpus or an encoder: title, source, licence, and the digests of its files."""
    sources = {source["url"]: (role, source["sha256"]) for role, source in entry.get("files", {}).items()}
    about, listed = f"{entry['description']}. Source: {entry['source']}", manifest_file(*name.split("/"))
    return [
        _entity(f"#{name}", "Dataset", name=entry["title"], description=about, license=(f"#licence-of-{name}",),
                hasPart=tuple(sources), subjectOf=(listed,) if listed in files else (),
                identifier=[f"{role} {value}" for role, value in sorted(digests(entry).items())]),
        _entity(f"#licence-of-{name}", "CreativeWork", name=entry["licence"]),
        *(_entity(url, "File", name=f"{role} of {entry['title']}", sha256=digest)
          for url, (role, digest) in sources.items()),
    ]  # fmt: skip


def _read(read: Callable[[Any], Any], content: Content) -> Any:
    with opened(content) as stream:
        return read(stream)


def _file(name: str, files: Mapping[str, Content]) -> Entity:
    kind = FORMATS.get(PurePosixPath(name).suffix) or mimetypes.guess_type(name)[0] or "text/plain"
    digest, size = digest_of(files[name]), str(_read(lambda stream: stream.seek(0, io.SEEK_END), files[name]))
    example = {STUDY: ("#study",), "report.html": ("#report",)}.get(name, ())
    return _entity(name, "File", name=name, encodingFormat=kind, contentSize=size, sha256=digest, exampleOfWork=example)


def _entity(key: str, kind: str | list[str], **properties: Any) -> Entity:
    """An entity without empty properties. Tuples are names of entities; of one name or value, no list is made."""
    made = {"@id": key, "@type": kind}
    for name, value in properties.items():
        values = [{"@id": one} for one in value] if isinstance(value, tuple) else value
        if values:
            made[name] = values[0] if isinstance(values, list) and len(values) == 1 else values
    return made


def _step(run: dict[str, Any]) -> str:
    return "classify_untuned" if run["protocol"] == UNTUNED else "train"


def _name(author: dict[str, str]) -> str:
    return author.get("name") or f"{author['given-names']} {author['family-names']}"


def _person(author: dict[str, str]) -> str:
    return author.get("orcid") or f"#{_name(author).lower().replace(' ', '-')}"
