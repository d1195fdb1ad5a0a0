"""Makes the evidence of an archive again from its runs, and compares it with the packed files."""

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from glossbench.archives.format import LOCK
from glossbench.archives.imported import FOLDER, PACKS
from glossbench.archives.pictures import draw_the_same, is_whole
from glossbench.evidence.build import Evidence
from glossbench.evidence.report.page import shown_outputs
from glossbench.files import sha256
from glossbench.learning.collecting import collect
from glossbench.provenance import versions
from glossbench.settings.claims import load_claims
from glossbench.settings.files import StudyFiles
from glossbench.settings.names import names_of
from glossbench.settings.outputs import Output, load_outputs, read_caption, report_entries
from glossbench.settings.params import collect_settings, projection_settings
from glossbench.settings.study import Study, canonical

SHOWN = 60  # characters of a differing line that are shown
# With other versions of these a picture has other bytes.
DRAWN_WITH = ("numpy", "pandas", "matplotlib", "seaborn", "pillow", "fonttools", "zlib")
PICTURES = ("png", "pdf")


class Rebuilt:
    """The evidence of an archive, made again with the code and the registries of this checkout.

    Args:
        folder: The unpacked archive, whose checksums are right.
        study: Its study.
        root: Root folder of the repository.
        provenance: What its provenance.json states.
    """

    def __init__(self, folder: Path, study: Study, root: Path, provenance: dict):
        self.folder, self.study, self.root, self.provenance = folder, study, root, provenance
        self.outputs = [output for output in load_outputs(root / "config") if output.fillable(study)]
        self.notes: list[str] = []
        stated, here = provenance.get("packages", {}), versions()
        self.same_versions = all(stated.get(name) == here[name] for name in DRAWN_WITH)
        if not self.same_versions:
            pictures = len(PICTURES) * sum(output.kind == "figure" for output in self.outputs)
            self.notes.append(
                f"{pictures} pictures were not drawn again: they were made with other versions of libraries"
            )

    def faults(self) -> Iterator[str]:
        """Faults of frames, tables, figures, tests, verdicts and the report."""
        frames = self._frames()
        for name, made in frames.items():
            yield from self._compare_frame(name, made)
        if "projections" in self.study.frames:
            yield from self._projections()
            frames["projections"] = pd.read_parquet(self.folder / "projections.parquet")
        evidence = Evidence(frames, self.root / "config/published", names_of(self.study, self.root / "config"))
        for output in self.outputs:
            arguments = output.specification(), read_caption(self.root, output.key)
            if output.kind == "table":
                yield from self._compare(f"tables/{output.key}.", partial(evidence.table, *arguments))
            else:
                yield from self._figure(evidence, output, *arguments)
        claims = json.loads(canonical(load_claims(self.root / "config")))
        yield from self._compare("significance.", evidence.significance)
        yield from self._compare("claims.", partial(evidence.claims, claims))
        yield from self._compare("", partial(self._report, evidence))

    def _frames(self) -> dict[str, pd.DataFrame]:
        """The frames that ``collect`` makes of the packed runs."""
        collected = StudyFiles(self.study, lambda item: str(self.folder))
        files = collected.files(list(self.study.runs), self.study.tuning_jobs(), collected.cards())
        return collect(collect_settings(self.study), files)

    def _compare_frame(self, name: str, made: pd.DataFrame) -> Iterator[str]:
        try:
            packed = pd.read_parquet(self.folder / f"{name}.parquet")
            made = _as_stored(made)
        except Exception as error:  # reading a file that is not Parquet may raise anything
            yield f"{name}.parquet: cannot be read: {_one_line(error)}"
            return
        odd = [column for column in dict.fromkeys([*made, *packed])
               if column not in made or column not in packed or not made[column].equals(packed[column])]  # fmt: skip
        if odd or list(made) != list(packed):
            yield f"{name}.parquet: does not follow from the runs: {', '.join(odd[:3]) or 'order of columns'}"

    def _projections(self) -> Iterator[str]:
        """Faults of the projections. On other processors t-SNE gives other coordinates; these are not compared."""
        from glossbench.learning.evaluation.projecting import project_runs

        shown = self.study.runs_shown("projection")
        collected = StudyFiles(self.study, lambda item: str(self.folder))
        files = {"embeddings": collected.per_run("embeddings.npz", shown), "cards": collected.cards()}
        made = project_runs(projection_settings(self.study, shown), **files)
        if list(self._compare_frame("projections", made)):
            packed = pd.read_parquet(self.folder / "projections.parquet")
            coordinates = ["x", "y"]
            if not _as_stored(made).drop(columns=coordinates).equals(packed.drop(columns=coordinates, errors="ignore")):
                yield "projections.parquet: does not follow from the runs"
            else:
                self.notes.append("projections.parquet: other coordinates are made here; they were not compared")

    def _figure(self, evidence: Evidence, output: Output, specification: dict, caption: str) -> Iterator[str]:
        """Faults of the data, the caption and the pictures of a figure."""
        make = partial(drawn if self.same_versions else Evidence.figure_texts, evidence, specification, caption)
        # the diagram of the method is computed anew, which may change its last digits
        yield from self._compare(f"figures/{output.key}.", make, close=not output.reads)
        for name in (f"figures/{output.key}.{ending}" for ending in PICTURES if not self.same_versions):
            if not is_whole(name, (self.folder / name).read_bytes()):
                yield f"{name}: not a whole picture"

    def _report(self, evidence: Evidence) -> dict[str, str]:
        """The report and its provenance; versions and commit are those that the packed provenance states."""
        entries = report_entries(self.outputs, self.root)
        files = [f"{one['kind']}s/{one['key']}.{'png' if one['kind'] == 'figure' else 'html'}" for one in entries]
        records = [path for path in self.folder.glob("resources/**/*") if path.is_file()]
        records += [path for path in [self.folder / FOLDER / PACKS] if path.is_file()]
        settings = canonical(self.study.spelled_out)
        stated = {
            **{key: value for key, value in self.provenance.items() if key not in ("study", "runs")},
            "settings": _digest(settings),
            "claims": _digest(canonical(load_claims(self.root / "config"))),
            "lock": sha256(self.folder / LOCK),
            "inputs": {path.relative_to(self.folder).as_posix(): sha256(path) for path in sorted(records)},
        }
        shown = shown_outputs(entries, [str(self.folder / file) for file in files])
        claims = (self.folder / "claims.json").read_text(encoding="utf-8")
        made = evidence.report(json.loads(settings), stated, shown, claims)
        return {"provenance.json": made["json"], "report.html": made["html"]}

    def _compare(self, stem: str, make: Callable[[], dict[str, Any]], close: bool = False) -> Iterator[str]:
        """Faults of the files ``{stem}*``.

        Args:
            stem: Start of their names.
            make: Returns the expected texts and pictures by the rest of their names.
            close: Whether numbers of a csv may differ in their last digits.
        """
        try:
            expected = make()
        except Exception as error:  # runs in an archive may contain anything
            yield f"{stem}: cannot be made from the runs: {type(error).__name__}: {_one_line(error)}"
            return
        for ending, wanted in expected.items():
            name, found = f"{stem}{ending}", (self.folder / f"{stem}{ending}").read_bytes()
            if ending in PICTURES:
                if not is_whole(name, found):
                    yield f"{name}: not a whole picture"
                elif found != wanted and not (ending == "pdf" and draw_the_same(found, wanted)):
                    yield f"{name}: not the picture that its data gives"
            elif found != wanted.encode() and not (close and ending == "csv" and _nearly(found, wanted)):
                yield f"{name}: does not follow from the runs: {_difference(found, wanted)}"


def drawn(evidence: Evidence, output: dict, caption: str) -> dict[str, Any]:
    """The texts of a figure and its pictures, by ending."""
    from glossbench.evidence.figures.style import save

    texts, figure = evidence.figure(output, caption)
    with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
        save(figure, Path(folder, "drawn"))
        return {**texts, **{ending: Path(folder, f"drawn.{ending}").read_bytes() for ending in PICTURES}}


def _as_stored(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame as it is read back from Parquet."""
    stored = io.BytesIO()
    frame.to_parquet(stored, index=False)
    return pd.read_parquet(stored)


def _nearly(found: bytes, text: str) -> bool:
    """Whether two csv have the same words, and numbers that differ in their last digits alone."""
    try:
        packed, made = (pd.read_csv(io.StringIO(one)) for one in (found.decode(), text))
        numbers = made.select_dtypes("number").columns
        same = list(packed) == list(made) and packed.drop(columns=numbers).equals(made.drop(columns=numbers))
        return same and np.allclose(packed[numbers].astype(float), made[numbers], rtol=1e-4, atol=1e-6, equal_nan=True)
    except ValueError:
        return False


def _difference(packed: bytes, text: str) -> str:
    """The first difference between two texts."""
    lines, wanted = packed.decode("utf-8", errors="replace").split("\n"), text.split("\n")
    for place, (line, other) in enumerate(zip(lines, wanted, strict=False), start=1):
        if line != other:
            start = next((at for at, pair in enumerate(zip(line, other, strict=False)) if pair[0] != pair[1]), 0)
            start = max(0, start - SHOWN // 3)
            return f"line {place}: …{line[start : start + SHOWN]} where …{other[start : start + SHOWN]} was expected"
    return f"{len(lines)} lines where {len(wanted)} were expected"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
