"""What an archive states in more than one place must agree: the recipe of its runs, its inputs, its registries."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.errors import GlossbenchError
from glossbench.evidence.report.page import machines
from glossbench.frames import UNTUNED
from glossbench.provenance import git
from glossbench.settings.files import card_file, run_folder
from glossbench.settings.grid import Run, TuningJob
from glossbench.settings.objectives import tuned_settings, without_searched
from glossbench.settings.outputs import load_claims
from glossbench.settings.study import Study, canonical
from glossbench.tools.archive import COMMIT, LOCK
from glossbench.tools.imported import FOLDER, INDEX, Expected
from glossbench.tools.packed import Member, Packed, one_line
from glossbench.tools.records import manifest
from glossbench.tools.unpacking import digest_of, listed_digests

RECORDS = ("resources/", "members/", f"{FOLDER}/")
SEARCH_KEYS = ["corpus", "encoder", "objective"]
JOBS = {"training": "trained", "evaluation": "evaluated"}


def provenance(packed: Packed) -> Iterator[str]:
    """Faults of provenance.json and of that of each study of a union: what it states of the other files is wrong."""
    stated = packed.provenance
    if stated is None:
        return
    wanted = {"study": packed.study.name, "settings": digest(packed.study.spelled_out)}
    if LOCK in packed.sound:
        wanted["lock"] = digest_of(packed.root / LOCK)
    if "config/claims.yaml" in packed.sound:
        wanted["claims"] = digest(load_claims(packed.config))
    yield from _compared("provenance.json", stated, wanted)
    runs = packed.frame("runs")
    for member in packed.members if packed.members[0].place else []:
        name = f"{member.place}provenance.json"
        own = packed.json(name)
        if own is None:
            continue
        wanted = {"study": member.study.name, "settings": digest(member.study.spelled_out)}
        if runs is not None:
            wanted["runs"] = machines(runs[runs["study"] == member.study.name])
        yield from _compared(name, own, wanted)


WORDS = {
    "study": "it is not of the study that was packed",
    "settings": "its settings are not those of the packed study",
    "lock": f"its lock is not the digest of {LOCK}",
    "claims": "its claims are not those of config/claims.yaml",
    "runs": "what it says of the runs does not follow from runs.parquet",
}


def _compared(name: str, stated: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name}: {WORDS[key]}" for key, value in wanted.items() if stated.get(key) != value)


def digest(value: Any) -> str:
    """SHA-256 of settings, as provenance.json states it."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def recipes(packed: Packed) -> Iterator[str]:
    """Faults of runs and searches: the settings that they were made with are not those of the packed study."""
    runs, trials = packed.frame("runs"), packed.frame("trials")
    for member in packed.members:
        expected = Expected(member.study)
        if runs is not None:
            yield from _recipes_of_runs(_rows(runs, member), member, expected)
        if trials is not None and member.study.searches:
            yield from _recipes_of_searches(_rows(trials, member), member, expected)


def _rows(frame: pd.DataFrame, member: Member) -> pd.DataFrame:
    """The rows of a study's cells. A union has no cell in two studies."""
    cells = {(run.corpus, run.encoder) for run in member.study.runs}
    return frame[[cell in cells for cell in zip(frame["corpus"], frame["encoder"], strict=True)]]


def _run(row: dict[str, Any]) -> Run:
    return Run(row["corpus"], row["encoder"], row["objective"], int(row["seed"]))


def _recipes_of_runs(rows: pd.DataFrame, member: Member, expected: Expected) -> Iterator[str]:
    odd: dict[str, list[str]] = {}
    planned = set(member.study.runs)
    for row in rows.to_dict("records"):
        run = _run(row)
        if run not in planned:
            continue  # reported elsewhere
        wanted = expected.of_run(run)
        what = [f"{text} with other settings than {member.file} has" for job, text in JOBS.items()
                if row[f"{job}_settings"] != wanted[job]["settings"]]  # fmt: skip
        what += [f"{column} is not that of {member.file}" for column in _odd_columns(row, member.study)]
        what += [] if row["study"] == member.study.name else [f"not of the study {member.study.name}"]
        for text in what:
            odd.setdefault(text, []).append(run_folder(run))
    yield from _told("runs.parquet", odd, len(rows))


def _recipes_of_searches(rows: pd.DataFrame, member: Member, expected: Expected) -> Iterator[str]:
    odd: dict[str, list[str]] = {}
    planned = set(member.study.tuning_jobs())
    searches = rows.drop_duplicates([*SEARCH_KEYS, "search_settings"])
    for row in searches.to_dict("records"):
        search = TuningJob(*(row[key] for key in SEARCH_KEYS))
        name = "/".join(row[key] for key in SEARCH_KEYS)
        if search not in planned:
            odd.setdefault(f"a search that {member.file} does not plan", []).append(name)
        elif row["search_settings"] != expected.of_search(search)["search"]["settings"]:
            odd.setdefault(f"searched with other settings than {member.file} has", []).append(name)
    yield from _told("trials.parquet", odd, len(searches))


def _told(name: str, odd: dict[str, list[str]], count: int) -> Iterator[str]:
    yield from (f"{name}: {len(names)} of {count}: {text}; the first {names[0]}" for text, names in odd.items())


def _odd_columns(row: dict[str, Any], study: Study) -> list[str]:
    """Columns of a run that are not what the study says. Settings that a search or the data chose are not looked at."""
    objective = without_searched(study.objective(row["objective"]))
    if objective["protocol"] == UNTUNED:
        return []
    training, encoder = objective["training"], study.settings["encoder"]
    stated = {
        **objective["loss_settings"],
        **{name: training[name] for name in ("learning_rate", "batch_size", "patience")},
        **{name: encoder[name] for name in ("pooling", "layers", "trainable_layers")},
        "weight": objective["weight"],
        "max_epochs": training["epochs"],
        "max_length": study.max_length,
        "preset": objective["preset"],
        "protocol": objective["protocol"],
    }
    texts = ("pooling", "preset", "protocol")
    fixed = {name: value for name, value in stated.items() if name in row and name not in tuned_settings(objective)}
    return [
        name
        for name, value in fixed.items()
        if (name in texts or not isinstance(value, str)) and not _same(row[name], value)
    ]


def _same(found: Any, wanted: Any) -> bool:
    if wanted is None or found is None:
        return bool(pd.isna(found)) and wanted is None
    if isinstance(wanted, str):
        return found == wanted
    return math.isclose(float(found), float(wanted), rel_tol=1e-9)


def inputs(packed: Packed) -> Iterator[str]:
    """Faults of the files that say where results come from: fetched files, imported runs and cards of corpora."""
    stated = (packed.provenance or {}).get("inputs", {})
    records = {name for name in packed.sound if name.startswith(RECORDS) and not name.endswith("/card.json")}
    if packed.provenance is not None:
        for name in sorted(records | set(stated)):
            if name not in records:
                yield f"{name}: missing, provenance.json states it"
            elif stated.get(name) != digest_of(packed.root / name):
                yield f"{name}: not the file whose digest provenance.json states"
    for member in packed.members:
        yield from _fetched(packed, member)
        yield from _cards(packed, member)


def _fetched(packed: Packed, member: Member) -> Iterator[str]:
    """Faults of manifests: one that is missing although something was fetched, or lists what the registry has not."""
    index = packed.json(f"{member.place}{FOLDER}/{INDEX}") or {}
    study, runs = member.study, packed.frame("runs")
    for kind, keys in {"corpora": study.corpora, "encoders": study.encoders}.items():
        for key in keys:
            name = manifest(kind, key)
            if (packed.root / name).is_file():
                yield from _listed(packed, name, study.registry[kind][key])
            elif runs is not None:
                rows = _rows(runs, member)
                rows = rows[rows[{"corpora": "corpus", "encoders": "encoder"}[kind]] == key]
                if not _imported(rows, index, member.study):
                    yield f"{name}: missing, and its runs are not the imported ones of {member.place}{FOLDER}/{INDEX}"


def _imported(rows: pd.DataFrame, index: dict[str, Any], study: Study) -> bool:
    """Whether all of these runs were imported, and were made of the documents and the encoder of the registries."""
    expected = Expected(study)
    for row in rows.to_dict("records"):
        run = _run(row)
        origin = index.get(run_folder(run), {}).get("origin", {})
        here = {job: {part: row[f"{job}_{part}"] for part in ("settings", "code")} for job in JOBS}
        if any(origin.get(job) != here[job] for job in JOBS) or origin.get("inputs") != expected.of_run(run)["inputs"]:
            return False
    return True


def _listed(packed: Packed, name: str, entry: dict[str, Any]) -> Iterator[str]:
    """Faults of a manifest: wrong format, no files, or not the files that the registry names by their digests."""
    if name not in packed.sound:
        return
    try:
        listed = listed_digests(packed.root / name)
    except GlossbenchError as error:
        yield f"{name}: {str(error).partition(': ')[2]}"
        return
    if not listed:
        yield f"{name}: lists no file"
    sources = entry.get("files") or ({"file": entry["file"]} if "file" in entry else {})
    if missing := {source["sha256"] for source in sources.values()} - set(listed.values()):
        yield f"{name}: does not list {len(missing)} of the files of the registry (sha256)"


def _cards(packed: Packed, member: Member) -> Iterator[str]:
    """Faults of cards: their numbers are not those of corpora.parquet."""
    corpora = packed.frame("corpora")
    for corpus in member.study.corpora if corpora is not None else []:
        name = f"{member.place}{card_file(corpus)}"
        card, rows = packed.json(name), corpora[corpora["corpus"] == corpus]
        if card is None:
            continue
        row = rows.iloc[0].to_dict() if len(rows) else {}
        odd = [key for key, value in card.items() if not _equal(row.get(key), value)]
        if odd:
            yield f"{name}: does not agree with corpora.parquet: {', '.join(odd[:3])}"


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return found == json.dumps(wanted, sort_keys=True)
    if isinstance(wanted, list):
        return isinstance(found, Iterable) and not isinstance(found, str) and list(found) == wanted
    return found == wanted


def at_commit(packed: Packed, sources: Iterable[str], checkout: Path) -> tuple[list[str], list[str]]:
    """Compare the packed registries, schemas, captions, numbers of the paper and lock with those of the commit.

    Args:
        packed: The archive.
        sources: Names of these files.
        checkout: A clone of the repository.

    Returns:
        Faults, and notes on what could not be compared.
    """
    commit = one_line((packed.json(COMMIT) or {}).get("commit", "unknown"))
    if commit.endswith("-dirty"):
        return [], [f"made from changed files of the commit {commit.removesuffix('-dirty')}; they were not compared"]
    revision = _revision(commit, checkout)
    if revision is None:
        return [], [f"the commit {commit} is not in this clone; registries were not compared with it"]
    faults = []
    for name in sorted(sources):
        if name in packed.sound and git(checkout, "show", f"{revision}:{name}") != (packed.root / name).read_bytes():
            faults.append(f"{name}: not that of the commit {revision}, which {COMMIT} names")
    return faults, []


def other_code(packed: Packed) -> list[str]:
    """Notes on runs that other code trained than that of this checkout."""
    runs, odd = packed.frame("runs"), 0
    if runs is None:
        return []
    for member in packed.members:
        expected, planned = Expected(member.study), set(member.study.runs)
        for row in _rows(runs, member).to_dict("records"):
            run = _run(row)
            odd += run in planned and row["training_code"] != expected.of_run(run)["training"]["code"]
    return [f"{odd} of {len(runs)} runs were made by other code than that of this checkout"] if odd else []


def _revision(commit: str, checkout: Path) -> str | None:
    """The commit that a text of ``git describe`` names, a tag or one that ends in its 40 digits; None if unknown."""
    digits = re.search(r"[0-9a-f]{40}$", commit)
    name = digits[0] if digits else f"refs/tags/{commit}" if re.fullmatch(r"[\w.-]+", commit) else None
    found = name and git(checkout, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return found.decode().strip() if found else None
