"""Archives of small studies, made as the workflow makes them, from made-up frames."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from glossbench.evidence.build import Evidence
from glossbench.frames import write_frame
from glossbench.settings.files import card_file, run_folder
from glossbench.settings.grid import TuningJob
from glossbench.settings.names import names_of
from glossbench.settings.outputs import report_entries
from glossbench.settings.study import Study, canonical, load_study
from glossbench.tools import rebuilding
from glossbench.tools.archive import contents, pack
from glossbench.tools.crate import with_crate
from glossbench.tools.imported import Expected
from glossbench.tools.records import manifests
from made_up import corpora, coverage, epochs, runs
from registered import CLAIMS, CONFIG, OUTPUTS, PUBLISHED, ROOT, caption
from run_script import run


def archive_of(settings: dict[str, Any], work: Path) -> Path:
    """The archive of a study that downloaded its corpora and encoders."""
    study = load_study(settings, "study", CONFIG)
    results = work / "results" / study.name
    records = {name: _written(work / name, f"{'0' * 64}  a file of {name}\n") for name in manifests(study, set())}
    frames = study_frames(study)
    _write_products(frames, study, results, records)
    cards = _cards(frames["corpora"], work)
    return _packed(study.name, results, {**records, **cards}, settings)


def study_frames(study: Study) -> dict[str, pd.DataFrame]:
    """Runs with the origins that the study gives, and what is collected beside them."""
    places = {key: place for place, key in enumerate(study.objectives)}
    scores = {
        (corpus, encoder, key): [0.9 + 0.01 * place, 0.91]
        for corpus in study.corpora
        for encoder in study.encoders
        for key, place in places.items()
    }
    own, expected = runs(scores, study=study.name), Expected(study)
    for corpus, encoder, key in scores:
        rows = (own["corpus"] == corpus) & (own["encoder"] == encoder) & (own["objective"] == key)
        origins = expected.of_run(TuningJob(corpus, encoder, key))
        for job in ("training", "evaluation"):
            for part, value in origins[job].items():
                own.loc[rows, f"{job}_{part}"] = value
    curves = [[0.5, 0.7, 0.8]] * len(own)
    return {
        "runs": own,
        "epochs": epochs(own, curves),
        "corpora": corpora(*study.corpora),
        "coverage": coverage(own),
    }


def index(study: Study) -> dict[str, Any]:
    """The index of an import that took all runs of a study."""
    expected = Expected(study)
    return {run_folder(run): {"origin": expected.of_run(run), "other_code": False} for run in study.runs}


def _cards(frame: pd.DataFrame, work: Path) -> dict[str, Path]:
    rows = {card_file(row["corpus"]): row for row in frame.to_dict("records")}
    return {file: _written(work / "cards" / file, json.dumps(row, default=int)) for file, row in rows.items()}


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _packed(name: str, results: Path, records: dict[str, Path], study: dict[str, Any]) -> Path:
    products = [str(path) for path in results.rglob("*") if path.is_file()]
    archive = results / f"{name}-artifact.tar.gz"
    pack(archive, f"{name}-artifact", with_crate(contents(ROOT, results, products, records, study)))
    return archive


def _write_products(frames: dict[str, pd.DataFrame], study: Study, results: Path, records: dict[str, Path]) -> None:
    made = Evidence(frames, PUBLISHED, names_of(study, CONFIG))
    for folder in ("tables", "figures"):
        (results / folder).mkdir(parents=True)
    for name, frame in frames.items():
        write_frame(name, frame, results / f"{name}.parquet")
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
