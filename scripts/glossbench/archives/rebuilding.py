"""Makes the evidence of a study again from its runs, and compares files of evidence."""

import io
import json
import re
import tempfile
import zlib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal
from PIL import Image

from glossbench.evidence.build import Evidence
from glossbench.evidence.report.page import shown_outputs
from glossbench.learning.collecting import collect
from glossbench.provenance import input_digests
from glossbench.settings.claims import claims_text
from glossbench.settings.claims_file import load_claims
from glossbench.settings.model import canonical
from glossbench.settings.names import names_of
from glossbench.settings.outputs import load_outputs, read_caption, report_entries
from glossbench.settings.params import collect_settings, projection_settings
from glossbench.settings.paths import TRAINING_FILES, StudyPaths
from glossbench.settings.study import Study

CONTEXT_CHARS = 60  # of a differing line, in a message
PICTURES = ("png", "pdf")
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
POINTS = 0.01  # 1/7200 of an inch: coordinates in a pdf vary by less from process to process
NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)")
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
# Lengths of streams and places of objects follow from the digits of the rest.
BOOKKEEPING = re.compile(rb"^\d+ 0 obj\s+\d+\s+endobj\s|^xref\s.*", re.DOTALL | re.MULTILINE)


def make_frames(study: Study, folder: Path) -> dict[str, pd.DataFrame]:
    """The frames of a study by name, made of the runs in a folder."""
    paths = StudyPaths(study, lambda item: str(folder))
    collected = paths.collected(list(study.runs), study.searches(), paths.cards())
    frames = collect(collect_settings(study), collected)
    if "projections" in study.frames:
        from glossbench.learning.evaluation.projecting import project_runs

        projected = study.runs_with("projection")
        embeddings = paths.per_run(TRAINING_FILES["embeddings"], projected)
        frames["projections"] = project_runs(projection_settings(study, projected), embeddings, paths.cards())
    return frames


def make_evidence(
    study: Study, folder: Path, root: Path, provenance: dict[str, Any], source_lists: dict[str, Path], draw: bool = True
) -> Iterator[tuple[str, Any]]:
    """Make tables, figures, tests, verdicts and the report.

    Args:
        study: The study.
        folder: Its frames and, when the report is made, its tables and figures.
        root: Root folder of the repository.
        provenance: Versions and machine, as ``provenance.describe`` gives them.
        source_lists: Files that say where results come from, by their names in an archive.
        draw: Whether to draw pictures; without it their content is None.

    Yields:
        Names of files and their contents, as text or bytes.
    """
    config, settings = root / "config", canonical(study.spelled_out)
    claims = load_claims(config)
    frames = {name: folder / f"{name}.parquet" for name in study.frames}
    evidence = Evidence.read(frames, config / "published", names_of(study, config), numerics=provenance.get("numerics"))
    outputs = [output for output in load_outputs(config) if output.fillable(study)]
    for output in outputs:
        given = output.specification(), read_caption(root, output.key)
        if output.kind == "table":
            made = evidence.table(*given)
        else:
            made = drawn(evidence, *given) if draw else evidence.figure_texts(*given) | dict.fromkeys(PICTURES)
        yield from ((f"{output.kind}s/{output.key}.{ending}", content) for ending, content in made.items())
    verdicts = evidence.claims(claims)
    for name, made in {"significance": evidence.significance(), "claims": verdicts}.items():
        yield from ((f"{name}.{ending}", text) for ending, text in made.items())
    files = [str(folder / file) for output in outputs for file in output.files if file.endswith((".html", ".png"))]
    shown = shown_outputs(report_entries(outputs, root), files)
    stated = {**provenance, **input_digests(settings, claims_text(claims), source_lists)}
    report = evidence.report(json.loads(settings), stated, shown, verdicts["json"])
    yield from {"provenance.json": report["json"], "report.html": report["html"]}.items()


def drawn(evidence: Evidence, output: dict[str, Any], caption: str) -> dict[str, Any]:
    """The texts of a figure and its pictures, by ending."""
    from glossbench.evidence.figures.style import save

    texts, figure = evidence.figure(output, caption)
    with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
        save(figure, Path(folder, "drawn"))
        return {**texts, **{ending: Path(folder, f"drawn.{ending}").read_bytes() for ending in PICTURES}}


def differing_columns(packed: Path, made: pd.DataFrame) -> list[str]:
    """Columns of a stored frame that are not those of another; all where their order differs."""
    found, wanted = pd.read_parquet(packed), pd.read_parquet(io.BytesIO(made.to_parquet(index=False)))
    both = [column for column in wanted if column in found]
    odd = [column for column in dict.fromkeys([*wanted, *found])
           if column not in both or not wanted[column].equals(found[column])]  # fmt: skip
    return odd or ([] if list(found) == list(wanted) else list(wanted))


def difference(name: str, found: bytes, wanted: str | bytes | None, close: bool = False) -> str | None:
    """Why the packed bytes ``found`` differ from the rebuilt ``wanted``; None if they agree.

    ``wanted`` is None for a picture that was not drawn again. With ``close``, numbers of a csv may differ in their
    last digits.
    """
    if name.endswith(PICTURES):
        if not is_whole(name, found):
            return "not a whole picture"
        same = wanted is None or found == wanted or (name.endswith("pdf") and draw_the_same(found, wanted))
        return None if same else "not the picture that its data gives"
    if found == wanted.encode() or (close and _nearly(found, wanted)):
        return None
    text = found.decode("utf-8", errors="replace")
    at = next(place for place, pair in enumerate(zip_longest(text, wanted)) if pair[0] != pair[1])
    start = max(text.rfind("\n", 0, at) + 1, at - CONTEXT_CHARS // 3)
    here, there = (one[start : start + CONTEXT_CHARS].partition("\n")[0] for one in (text, wanted))
    number = text.count("\n", 0, at) + 1
    return f"does not follow from the runs: line {number}: …{here} where …{there} was expected"


def _nearly(found: bytes, wanted: str) -> bool:
    try:
        packed, made = (pd.read_csv(io.StringIO(text)) for text in (found.decode(), wanted))
        assert_frame_equal(packed, made, check_dtype=False, rtol=1e-4, atol=1e-6)
    except (AssertionError, ValueError):
        return False
    return True


def is_whole(name: str, content: bytes) -> bool:
    """Whether the bytes are a png whose parts have their checksums and nothing more, or begin and end as a pdf."""
    if name.endswith("pdf"):
        return content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    try:
        Image.open(io.BytesIO(content), formats=["PNG"]).verify()
    except (OSError, SyntaxError, ValueError):
        return False
    return content.find(PNG_END) == len(content) - len(PNG_END)


def draw_the_same(first: bytes, second: bytes) -> bool:
    """Whether two pdfs have the same text, fonts, images and drawing commands, and coordinates within ``POINTS``."""
    first, second = map(_drawing, (first, second))
    if NUMBER.sub(b"0", first) != NUMBER.sub(b"0", second):
        return False
    found, wanted = (np.array(NUMBER.findall(part), dtype=float) for part in (first, second))
    return bool(np.allclose(found, wanted, rtol=0, atol=POINTS))


def _drawing(content: bytes) -> bytes:
    return b"\n".join([BOOKKEEPING.sub(b"", STREAM.sub(b"stream", content)), *map(_inflated, STREAM.findall(content))])


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream
