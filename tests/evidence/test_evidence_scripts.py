"""The scripts of the workflow write what ``Evidence`` makes of the frames they are given."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from glossbench.evidence.build import Evidence
from glossbench.evidence.figures.style import save
from glossbench.evidence.report.page import shown_outputs
from glossbench.frames import write_frame
from glossbench.provenance import NUMERICS, describe
from glossbench.settings.claims import claims_text
from glossbench.settings.model import canonical
from made_up import corpora, coverage, evidence, rising, runs
from registered import CLAIMS, FIGURES, ROOT, STUDY, TABLES, caption, names
from run_script import run

SETTINGS = {"study": "mine", "seeds": [0, 1]}
TABLE, FIGURE = TABLES["integrated"].specification(), FIGURES["learning_curves"].specification()
OUTPUTS = [
    {**output.for_report(), "caption": caption(output.key)}
    for output in (TABLES["integrated"], FIGURES["learning_curves"])
]


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    made = runs({("mr", "bert-base", "ce"): [0.9, 0.8], ("mr", "bert-base", "scl-ce"): [0.7, 0.8]})
    finished = [True, True, True, False]
    return {
        "runs": made[finished],
        "epochs": rising(made[finished], 3),
        "corpora": corpora("mr"),
        "coverage": coverage(made, finished),
    }


@pytest.fixture(scope="module")
def study(frames) -> Evidence:
    return evidence(**frames)


@pytest.fixture(scope="module")
def folder(frames, tmp_path_factory) -> Path:
    """A folder with the frames of a study, in which scripts write."""
    path = tmp_path_factory.mktemp("mine")
    for name, frame in frames.items():
        write_frame(name, frame, path / f"{name}.parquet")
    for kind in ("tables", "figures"):
        (path / kind).mkdir()
    return path


def written(script: str, folder: Path, given: list[str], files: dict[str, str], **params: Any) -> dict[str, bytes]:
    """What a script writes from these frames, by the names of its outputs."""
    output = {name: str(folder / file) for name, file in files.items()}
    stored = {name: str(folder / f"{name}.parquet") for name in given}
    run(script, folder / "log", stored, output, {"names": canonical(names()), "numerics": NUMERICS, **params})
    return {name: Path(path).read_bytes() for name, path in output.items()}


def as_bytes(texts: dict[str, str]) -> dict[str, bytes]:
    return {ending: text.encode() for ending, text in texts.items()}


@pytest.fixture(scope="module")
def table(folder) -> dict[str, bytes]:
    files = {ending: f"tables/integrated.{ending}" for ending in ("csv", "md", "tex", "html")}
    params = {"output": canonical(TABLE), "caption": caption("integrated")}
    return written("table", folder, TABLES["integrated"].frames_in(STUDY), files, **params)


@pytest.fixture(scope="module")
def figure(folder) -> dict[str, bytes]:
    files = {ending: f"figures/learning_curves.{ending}" for ending in ("csv", "txt", "png", "pdf")}
    params = {"output": canonical(FIGURE), "caption": caption("learning_curves")}
    return written("figure", folder, FIGURES["learning_curves"].frames_in(STUDY), files, **params)


def test_the_script_of_tables(study, table):
    of_this_code = replace(study, numerics=NUMERICS)
    assert table == as_bytes(of_this_code.table(TABLE, caption("integrated")))


def test_the_script_of_figures(study, figure, tmp_path):
    texts, drawn = replace(study, numerics=NUMERICS).figure(FIGURE, caption("learning_curves"))
    save(drawn, tmp_path / "drawn")
    pictures = {ending: (tmp_path / f"drawn.{ending}").read_bytes() for ending in ("png", "pdf")}
    assert figure == as_bytes(texts) | pictures


def test_the_script_of_claims(study, folder):
    files = {ending: f"claims.{ending}" for ending in ("json", "md")}
    asked = {key: CLAIMS[key] for key in ("C1", "C4")}
    found = written("claims", folder, ["runs", "epochs"], files, claims=claims_text(asked))
    assert found == as_bytes(study.claims(asked))


def test_the_script_of_significance(study, folder):
    files = {ending: f"significance.{ending}" for ending in ("csv", "json")}
    assert written("significance", folder, ["runs"], files) == as_bytes(study.significance())


def test_the_script_of_the_report_shows_what_the_others_wrote(study, table, figure, folder):
    claims = folder / "verdicts.json"
    claims.write_text("[]")
    given = {name: str(folder / f"{name}.parquet") for name in ("runs", "epochs", "corpora", "coverage")}
    pages = {
        "tables": [str(folder / "tables/integrated.html")],
        "figures": [str(folder / "figures/learning_curves.png")],
    }
    output = {"page": str(folder / "report.html"), "provenance": str(folder / "provenance.json")}
    settings = canonical(SETTINGS)
    manifest = folder / "SHA256SUMS"
    manifest.write_text("a file\n")
    records = {"resources/corpora/mr/SHA256SUMS": str(manifest), "imported/index.json": str(folder / "none")}
    params = {"names": canonical(names()), "settings": settings, "outputs": canonical(OUTPUTS), "claims": "{}"}
    params["records"] = canonical(records)
    run("report", folder / "log", {**given, **pages, "claims": str(claims)}, output, params)
    shown = shown_outputs(OUTPUTS, [*pages["tables"], *pages["figures"]])
    provenance = {
        **describe(ROOT),
        "settings": hashlib.sha256(settings.encode()).hexdigest(),
        "claims": hashlib.sha256(b"{}").hexdigest(),
        "inputs": {"resources/corpora/mr/SHA256SUMS": hashlib.sha256(b"a file\n").hexdigest()},
    }
    expected = study.report(json.loads(settings), provenance, shown, "[]")
    assert (folder / "report.html").read_text(encoding="utf-8") == expected["html"]
    assert (folder / "provenance.json").read_text(encoding="utf-8") == expected["json"]
    assert table["html"].decode() in expected["html"]


def test_scripts_find_what_they_read_where_scripts_alone_lie_elsewhere(table, folder, tmp_path):
    """As Snakemake mounts them in a container that it starts itself."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    given = {name: str(folder / f"{name}.parquet") for name in ("runs", "coverage")}
    output = {ending: str(tmp_path / f"integrated.{ending}") for ending in table}
    params = {"output": canonical(TABLE), "caption": caption("integrated"), "names": canonical(names()),
              "numerics": NUMERICS}  # fmt: skip
    program = f"from run_script import run; run('table', {str(tmp_path / 'log')!r}, {given!r}, {output!r}, {params!r})"
    paths = [str(tmp_path / "scripts"), str(ROOT / "tests/support")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "GLOSSBENCH_ROOT": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=tmp_path, check=True)
    assert {ending: Path(path).read_bytes() for ending, path in output.items()} == table
