"""Describes an archive as a Workflow Run RO-Crate (profile Provenance Run Crate): ro-crate-metadata.json.

The description follows from the archive's other files alone, so the same files give the same bytes, and
``glossbench.tools.verify`` makes it again. See https://www.researchobject.org/workflow-run-crate.
"""

import json
import mimetypes
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from glossbench.data.params import digests
from glossbench.frames import UNTUNED
from glossbench.tools.archive import CHECKSUMS, CITATION, COMMIT, CRATE, LOCK, STUDY, WORKFLOW
from glossbench.tools.packed import Packed
from glossbench.tools.records import manifest
from glossbench.tools.unpacking import digest_of, listed_digests

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
VERSIONS = {name: place.rpartition("/")[2] for place, name in PROFILES.items()}
LICENCES = {"MIT": "https://spdx.org/licenses/MIT"}
FORMATS = {
    ".parquet": "application/vnd.apache.parquet", ".yaml": "application/yaml", ".smk": "text/plain",
    ".rst": "text/x-rst", ".md": "text/markdown", ".tex": "application/x-tex", ".cff": "application/yaml",
    ".json": "application/json", ".csv": "text/csv", ".txt": "text/plain", ".html": "text/html",
    ".png": "image/png", ".pdf": "application/pdf",
}  # fmt: skip
# The steps that the archive tells of: what their scripts do, in the order of the workflow.
STEPS = {
    "train": "fine-tunes an encoder on a corpus with an objective and a seed, and tests it",
    "classify_untuned": "classifies a corpus without fine-tuning",
    "collect": "collects all runs into frames",
    "evidence": "makes tables, figures, tests, verdicts and the report from the frames",
}
Entity = dict[str, Any]


def with_crate(files: dict[str, Path | bytes]) -> dict[str, Path | bytes]:
    """The contents of an archive with the description added to them."""
    with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        return {**files, CRATE: crate(Packed(Path(folder), set(files)))}


def crate(packed: Packed) -> bytes:
    """The text of ro-crate-metadata.json.

    Args:
        packed: The archive, whose files are all sound.
    """
    entities = [*_Crate(packed).entities()]
    known = {entity["@id"]: _short(entity) for entity in entities}  # the licence of two inputs is described once
    text = json.dumps({"@context": CONTEXT, "@graph": list(known.values())}, indent=1, ensure_ascii=False)
    return f"{text}\n".encode()


class _Crate:
    """The entities that describe an archive.

    Args:
        packed: The archive.
    """

    def __init__(self, packed: Packed):
        self.packed, self.root = packed, packed.root
        self.names = sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        self.names = [name for name in self.names if name not in (CRATE, CHECKSUMS)]
        self.cited = yaml.safe_load((self.root / CITATION).read_text(encoding="utf-8"))
        self.provenance = packed.provenance or {}
        self.commit = str((packed.json(COMMIT) or {}).get("commit", "unknown"))
        self.runs = pd.read_parquet(self.root / "runs.parquet")
        self.claims = json.loads((self.root / "claims.json").read_text(encoding="utf-8"))

    def entities(self) -> Iterator[Entity]:
        """All entities; the descriptor and the root come first."""
        yield {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": _to("./"),
            "conformsTo": [_to(SPECIFICATION), _to("https://w3id.org/workflowhub/workflow-ro-crate/1.0")],
        }
        inputs, runs, claims = [*self._inputs()], [*self._runs()], [*self._claims()]
        yield self._root(runs, claims)
        for place, name in PROFILES.items():
            yield {"@id": place, "@type": "CreativeWork", "name": name, "version": VERSIONS[name]}
        yield from self._workflow()
        yield from self._whole_run(inputs, runs)
        yield from runs
        yield from claims
        yield from inputs
        yield from self._software()
        yield from self._people()
        yield from self._files()

    def _root(self, runs: list[Entity], claims: list[Entity]) -> Entity:
        study = self.packed.study.name
        return {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Evidence of the study {study}",
            "description": f"Frames, tables, figures, tests, verdicts and the report of the study {study}, made by "
            f"{self.cited['title']}. SHA256SUMS lists all files; make verify checks them.",
            "datePublished": str(self.cited["date-released"]),
            "license": _to(LICENCES[self.cited["license"]]),
            "author": [_to(_person(one)) for one in self.cited["authors"]],
            "citation": [_to(_reference(one)) for one in self.cited["references"]],
            "conformsTo": [_to(place) for place in PROFILES],
            "mainEntity": _to(WORKFLOW),
            "hasPart": [_to(name) for name in [*self.names, CHECKSUMS]],
            "mentions": [
                _to("#run"),
                _to("#organized"),
                *(_to(one["@id"]) for one in [*runs, *claims] if one["@type"] in ("CreateAction", "Claim")),
            ],
        }

    def _workflow(self) -> Iterator[Entity]:
        tools = [name for name in STEPS if name != "classify_untuned" or (self.runs["protocol"] == UNTUNED).any()]
        tools = [name for name in tools if name != "train" or (self.runs["protocol"] != UNTUNED).any()]
        yield {
            **self._file(WORKFLOW),
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "glossbench",
            "description": self.cited["title"],
            "version": self.commit,
            "programmingLanguage": _to("#snakemake"),
            "license": _to(LICENCES[self.cited["license"]]),
            "input": [_to("#study")],
            "output": [_to("#report")],
            "hasPart": [_to(f"#{name}-tool") for name in tools],
            "step": [_to(f"#{name}-step") for name in tools],
        }
        yield {
            "@id": "#snakemake",
            "@type": ["ComputerLanguage", "SoftwareApplication"],
            "name": "Snakemake",
            "identifier": _to("https://snakemake.github.io"),
            "url": _to("https://snakemake.github.io"),
            "softwareVersion": self.provenance.get("packages", {}).get("snakemake", "unknown"),
        }
        yield _parameter("#study", "study", "a study file: corpora, encoders, objectives, seeds and settings")
        yield _parameter("#report", "report", "the page on the study")
        for position, name in enumerate(tools):
            yield {
                "@id": f"#{name}-tool",
                "@type": "SoftwareApplication",
                "name": name,
                "description": STEPS[name],
                "softwareVersion": self.commit,
                "softwareRequirements": [_to(f"#package-{one}") for one in self.provenance.get("packages", {})],
            }
            yield {
                "@id": f"#{name}-step",
                "@type": "HowToStep",
                "position": str(position),
                "workExample": _to(f"#{name}-tool"),
            }

    def _whole_run(self, inputs: list[Entity], runs: list[Entity]) -> Iterator[Entity]:
        """The run of the workflow, the steps that it organized, and those that made frames and evidence."""
        frames = [name for name in self.names if "/" not in name and name.endswith(".parquet")]
        made = [name for name in self.names if name.startswith(("tables/", "figures/", "claims.", "significance."))]
        made += ["provenance.json", "report.html"]
        trained = [_to(one["@id"]) for one in runs if one.get("instrument") == _to("#train-tool")]
        untuned = [_to(one["@id"]) for one in runs if one.get("instrument") == _to("#classify_untuned-tool")]
        given = [_to(one["@id"]) for one in inputs if one["@type"] == "Dataset"]
        yield {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"glossbench on the study {self.packed.study.name}",
            "instrument": _to(WORKFLOW),
            "object": [_to(STUDY), *given],
            "result": [_to(name) for name in [*frames, *made]],
            "actionStatus": _to("http://schema.org/CompletedActionStatus"),
        }
        yield {
            "@id": "#collected",
            "@type": "CreateAction",
            "name": "collecting the runs",
            "instrument": _to("#collect-tool"),
            "object": given,
            "result": [_to(name) for name in frames],
        }
        yield {
            "@id": "#made",
            "@type": "CreateAction",
            "name": "making the evidence",
            "instrument": _to("#evidence-tool"),
            "object": [_to(name) for name in frames],
            "result": [_to(name) for name in made],
        }
        steps = {
            "train": trained,
            "classify_untuned": untuned,
            "collect": [_to("#collected")],
            "evidence": [_to("#made")],
        }
        steps = {name: actions for name, actions in steps.items() if actions}
        for name, actions in steps.items():
            yield {
                "@id": f"#{name}-control",
                "@type": "ControlAction",
                "name": f"the jobs of the step {name}",
                "instrument": _to(f"#{name}-step"),
                "object": actions,
            }
        yield {
            "@id": "#organized",
            "@type": "OrganizeAction",
            "name": "Snakemake on this study",
            "instrument": _to("#snakemake"),
            "object": [_to(f"#{name}-control") for name in steps],
            "result": _to("#run"),
        }

    def _runs(self) -> Iterator[Entity]:
        """Each run as an action, with its seconds and its memory, and the digests of its settings and code."""
        for row in self.runs.to_dict("records"):
            key = "{corpus}/{encoder}/{objective}/seed-{seed}".format(**row)
            usage = {"seconds": row["total_seconds"], "memory, MiB": row["peak_memory_mib"]}
            usage = {name: value for name, value in usage.items() if pd.notna(value)}
            tool = "classify_untuned" if row["protocol"] == UNTUNED else "train"
            yield {
                "@id": f"#run/{key}",
                "@type": "CreateAction",
                "name": key,
                "description": f"settings {row['training_settings']}, code {row['training_code']}; on {row['device']}",
                "instrument": _to(f"#{tool}-tool"),
                "object": [_to(f"#corpora/{row['corpus']}"), _to(f"#encoders/{row['encoder']}")],
                "result": _to("runs.parquet"),
                "resourceUsage": [_to(f"#run/{key}/{name.partition(',')[0]}") for name in usage],
            }
            for name, value in usage.items():
                yield {
                    "@id": f"#run/{key}/{name.partition(',')[0]}",
                    "@type": "PropertyValue",
                    "name": name,
                    "propertyID": f"https://w3id.org/ro/terms/workflow-run#{name.partition(',')[0]}",
                    "value": str(value),
                }

    def _claims(self) -> Iterator[Entity]:
        for claim in self.claims:
            yield {
                "@id": f"#claim-{claim['id']}",
                "@type": "Claim",
                "name": f"{claim['id']} of the paper",
                "text": claim["claim"],
                "description": f"{claim['verdict']}: {claim['reason']}",
                "isBasedOn": _to("claims.json"),
                "citation": [_to(_reference(one)) for one in self.cited["references"]],
            }

    def _inputs(self) -> Iterator[Entity]:
        """Corpora and encoders: titles, sources, licences, and the digests of their files."""
        for kind in ("corpora", "encoders"):
            for key in getattr(self.packed.study, kind):
                entry, files = self.packed.study.registry[kind][key], manifest(kind, key)
                named = entry.get("files", {})
                yield {
                    "@id": f"#{kind}/{key}",
                    "@type": "Dataset",
                    "name": entry["title"],
                    "description": f"{entry['description']}. Source: {entry['source']}",
                    "license": _to(f"#licence-of-{kind}/{key}"),
                    "identifier": [f"{role} {value}" for role, value in sorted(digests(entry).items())],
                    "hasPart": [_to(source["url"]) for source in named.values()],
                    **({"subjectOf": _to(files)} if files in self.names else {}),
                }
                yield {"@id": f"#licence-of-{kind}/{key}", "@type": "CreativeWork", "name": entry["licence"]}
                for role, source in named.items():
                    name = f"{role} of {entry['title']}"
                    yield {"@id": source["url"], "@type": "File", "name": name, "sha256": source["sha256"]}

    def _software(self) -> Iterator[Entity]:
        for name, version in self.provenance.get("packages", {}).items():
            yield {
                "@id": f"#package-{name}",
                "@type": "SoftwareApplication",
                "name": name,
                "softwareVersion": version,
            }

    def _people(self) -> Iterator[Entity]:
        for author in self.cited["authors"]:
            yield {"@id": _person(author), "@type": "Organization" if "name" in author else "Person", **_named(author)}
        for reference in self.cited["references"]:
            yield {
                "@id": _reference(reference),
                "@type": "ScholarlyArticle",
                "name": reference["title"],
                "datePublished": str(reference["year"]),
                "author": [_to(_person(author)) for author in reference["authors"]],
            }
            for author in reference["authors"]:
                yield {"@id": _person(author), "@type": "Person", **_named(author)}
        name = self.cited["license"]
        yield {"@id": LICENCES[name], "@type": "CreativeWork", "name": f"{name} License", "identifier": LICENCES[name]}

    def _files(self) -> Iterator[Entity]:
        works = {STUDY: "#study", "report.html": "#report"}
        for name in self.names:
            if name != WORKFLOW:
                example = {"exampleOfWork": _to(works[name])} if name in works else {}
                yield {**self._file(name), **example, **self._listed(name)}
        yield {
            "@id": CHECKSUMS,
            "@type": "File",
            "name": CHECKSUMS,
            "description": "SHA-256 of all other files",
            "encodingFormat": "text/plain",
        }

    def _file(self, name: str) -> Entity:
        path = self.root / name
        kind = FORMATS.get(path.suffix) or mimetypes.guess_type(name)[0] or "text/plain"
        return {
            "@id": name,
            "@type": "File",
            "name": name,
            "encodingFormat": kind,
            "contentSize": str(path.stat().st_size),
            "sha256": digest_of(path),
        }

    def _listed(self, name: str) -> Entity:
        """What a list of fetched files and the lock file are about."""
        if name == LOCK:
            return {"description": "versions of all installed packages"}
        if name.endswith("SHA256SUMS"):
            return {"description": f"SHA-256 of {len(listed_digests(self.root / name))} fetched files"}
        return {}


def _short(entity: Entity) -> Entity:
    """The entity without empty lists, and with the value itself in place of a list of one."""
    kept = {key: value for key, value in entity.items() if value != []}
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in kept.items()}


def _to(name: str) -> Entity:
    return {"@id": name}


def _parameter(name: str, title: str, text: str) -> Entity:
    return {
        "@id": name,
        "@type": "FormalParameter",
        "additionalType": "File",
        "name": title,
        "description": text,
        "conformsTo": _to("https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"),
    }


def _named(author: dict[str, str]) -> dict[str, str]:
    if "name" in author:
        return {"name": author["name"]}
    names = {"givenName": author["given-names"], "familyName": author["family-names"]}
    return {"name": f"{author['given-names']} {author['family-names']}", **names}


def _person(author: dict[str, str]) -> str:
    return author.get("orcid") or f"#{_named(author)['name'].lower().replace(' ', '-')}"


def _reference(reference: dict[str, Any]) -> str:
    """The address of a cited work: that of its first identifier on arXiv."""
    names = [one["value"] for one in reference["identifiers"]]
    return "https://arxiv.org/abs/" + next(one.partition(":")[2] for one in names if one.startswith("arXiv:"))
