"""The archive of a small study, made once for all tests of it."""

import functools
import hashlib
import json
import tarfile
from pathlib import Path

import pytest
from glossbench.evidence.build import Evidence
from glossbench.frames import write_frame
from glossbench.study.grid import TuningJob
from glossbench.study.names import names_of
from glossbench.study.outputs import report_entries
from glossbench.study.study import Study, canonical, load_study
from glossbench.tools import rebuilding
from glossbench.tools.archive import STUDY, contents, pack
from glossbench.tools.imported import Expected
from made_up import corpora, coverage, epochs, runs
from registered import CLAIMS, CONFIG, OUTPUTS, PUBLISHED, ROOT, caption
from run_script import run

OBJECTIVES = ["ce", "scl-ce", "gloss-sqrt-ce"]
SETTINGS = {
    "study": "mine",
    "corpora": ["bbc-news"],
    "encoders": ["minilm-l6"],
    "objectives": OBJECTIVES,
    "seeds": [0, 1],
}
INPUTS = ("resources/corpora/bbc-news/SHA256SUMS", "resources/encoders/minilm-l6/SHA256SUMS")
CARD = "corpora/bbc-news/card.json"


@pytest.fixture(scope="session", autouse=True)
def _pictures_are_drawn_once():
    """A picture takes a second; that of the same frames is drawn once for all tests."""
    drawn, known = rebuilding.drawn, {}

    def once(evidence, output, text):
        frames = [evidence.frames[name].to_json() for name in sorted(evidence.frames)]
        key = hashlib.sha256(json.dumps([frames, evidence.names, output, text]).encode()).digest()
        if key not in known:
            known[key] = drawn(evidence, output, text)
        return known[key]

    rebuilding.drawn = functools.wraps(drawn)(once)
    yield
    rebuilding.drawn = drawn


@pytest.fixture(scope="session")
def study_settings() -> dict:
    """The study as its file has it."""
    return SETTINGS


@pytest.fixture(scope="session")
def archive(tmp_path_factory) -> Path:
    """The archive of the study: frames, tables, figures, verdicts, tests and report as the workflow would leave them."""
    work = tmp_path_factory.mktemp("artifact")
    results = work / "results/mine"
    study = load_study(SETTINGS, "study", CONFIG)
    made = Evidence(study_frames(study), PUBLISHED, names_of(study, CONFIG))
    for folder in ("tables", "figures"):
        (results / folder).mkdir(parents=True)
    for name, frame in made.frames.items():
        write_frame(name, frame, results / f"{name}.parquet")
    records = {name: work / name for name in INPUTS}
    for name, path in records.items():
        path.parent.mkdir(parents=True)
        path.write_text(f"{'0' * 64}  a file of {name}\n")
    write_products(made, study, results, records)
    card = work / "card.json"
    card.write_text(json.dumps(made.frames["corpora"].iloc[0].to_dict(), default=int))
    products = [str(path) for path in results.rglob("*") if path.is_file()]
    packed = results / "mine-artifact.tar.gz"
    files = contents(ROOT, results, products, {**records, CARD: card}, {STUDY: SETTINGS})
    pack(packed, "mine-artifact", files)
    return packed


@pytest.fixture(scope="session")
def packed(archive) -> dict[str, bytes]:
    """The archive's files by their names below its top folder."""
    with tarfile.open(archive) as tar:
        return {member.name.partition("/")[2]: tar.extractfile(member).read() for member in tar}


def study_frames(study: Study) -> dict:
    scores = {("bbc-news", "minilm-l6", key): [0.9 + 0.01 * place, 0.91] for place, key in enumerate(OBJECTIVES)}
    own = runs(scores, study="mine")
    expected = Expected(study)
    for key in OBJECTIVES:
        origins = expected.of_run(TuningJob("bbc-news", "minilm-l6", key))
        for job in ("training", "evaluation"):
            for part, value in origins[job].items():
                own.loc[own["objective"] == key, f"{job}_{part}"] = value
    curves = [[0.5, 0.7, 0.8]] * len(own)
    return {"runs": own, "epochs": epochs(own, curves), "corpora": corpora("bbc-news"), "coverage": coverage(own)}


def write_products(made: Evidence, study: Study, results: Path, records: dict[str, Path]) -> None:
    outputs = [output for output in OUTPUTS if output.fillable(study)]
    for output in outputs:
        given = output.specification(), caption(output.key)
        if output.kind == "table":
            files = {ending: text.encode() for ending, text in made.table(*given).items()}
        else:
            texts, pictures = rebuilding.drawn(made, *given)
            files = {**{ending: text.encode() for ending, text in texts.items()}, **pictures}
        for ending, content in files.items():
            (results / f"{output.kind}s/{output.key}.{ending}").write_bytes(content)
    for name, texts in {"claims": made.claims(CLAIMS), "significance": made.significance()}.items():
        for ending, text in texts.items():
            (results / f"{name}.{ending}").write_text(text, encoding="utf-8")
    given = {
        **{name: str(results / f"{name}.parquet") for name in ("runs", "corpora", "coverage")},
        "claims": str(results / "claims.json"),
        "tables": sorted(map(str, results.glob("tables/*.html"))),
        "figures": sorted(map(str, results.glob("figures/*.png"))),
    }
    params = {
        "names": canonical(made.names),
        "settings": canonical(study.spelled_out),
        "claims": canonical(CLAIMS),
        "outputs": canonical(report_entries(outputs, ROOT)),
        "records": canonical({name: str(path) for name, path in records.items()}),
    }
    output = {"page": str(results / "report.html"), "provenance": str(results / "provenance.json")}
    run("report", results.parent / "log", given, output, params)
