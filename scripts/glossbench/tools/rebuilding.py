"""Makes the evidence of an archive again from its frames, and compares it with the packed files."""

import io
import json
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from glossbench.evidence.build import JUDGED, REPORTED, TESTED, Evidence
from glossbench.evidence.report.page import shown_outputs
from glossbench.provenance import versions
from glossbench.settings.outputs import Output, load_claims, read_caption, report_entries
from glossbench.settings.study import canonical
from glossbench.tools.packed import Packed, one_line
from glossbench.tools.pdf_files import draw_the_same

SHOWN = 60  # characters of a differing line that are shown
# With other versions of these a picture has other bytes.
DRAWN_WITH = ("numpy", "pandas", "matplotlib", "seaborn", "pillow", "fonttools", "zlib")
PNG = b"\x89PNG\r\n\x1a\n"


class Rebuilt:
    """The evidence of an archive, made again with the code of this checkout.

    Args:
        packed: The archive. Only sound files that are made from sound files are compared.
    """

    def __init__(self, packed: Packed):
        self.packed, self.root, self.sound, self.study = packed, packed.root, packed.sound, packed.study
        self.pictures_not_compared = 0
        stated, here = (packed.provenance or {}).get("packages", {}), versions()
        self.same_versions = all(stated.get(name) == here[name] for name in DRAWN_WITH)

    def faults(self) -> Iterator[str]:
        """Faults of tables, figures, tests, verdicts and the report."""
        for output in self.packed.outputs:
            if output.kind == "table":
                yield from self._compare(
                    f"tables/{output.key}", self._parents(output), lambda one=output: self._table(one)
                )
            else:
                yield from self._figure(output)
        yield from self._compare(
            "significance", self._files(TESTED, published=True), lambda: self._evidence(TESTED).significance()
        )
        registry = json.loads(canonical(load_claims(self.packed.config)))
        parents = [*self._files(JUDGED, published=True), "config/claims.yaml"]
        yield from self._compare("claims", parents, lambda: self._evidence(JUDGED).claims(registry), first="json")
        yield from self._report()

    def _evidence(self, frames: Iterable[str]) -> Evidence:
        """Evidence from these frames, as far as the study has them."""
        paths = {name: self.root / f"{name}.parquet" for name in frames if name in self.study.frames}
        return Evidence.read(paths, self.packed.config / "published", self.packed.names)

    def _files(self, frames: Iterable[str], published: bool) -> list[str]:
        """The files of these frames that the study has, and of the paper's numbers if ``published``."""
        numbers = sorted((self.packed.config / "published").glob("*.csv")) if published else []
        return [
            *(f"{name}.parquet" for name in frames if name in self.study.frames),
            *(path.relative_to(self.root).as_posix() for path in numbers),
        ]

    def _parents(self, output: Output) -> list[str]:
        """The files that a table or figure is made from."""
        return [*self._files(output.frames_in(self.study), output.published), f"report/{output.key}.rst"]

    def _table(self, output: Output) -> dict[str, str]:
        evidence = self._evidence(output.frames_in(self.study))
        return evidence.table(output.specification(), read_caption(self.root, output.key))

    def _report(self) -> Iterator[str]:
        """Faults of the report and of its provenance: other texts than the packed files give."""
        entries = report_entries(self.packed.outputs, self.root)
        files = [f"{one['kind']}s/{one['key']}.{'png' if one['kind'] == 'figure' else 'html'}" for one in entries]
        texts = [f"figures/{one['key']}.txt" for one in entries if one["kind"] == "figure"]
        parents = [*self._files(REPORTED, published=False), *files, *texts, "claims.json", "provenance.json"]

        def make() -> dict[str, str]:
            stated = {
                key: self.packed.provenance[key] for key in self.packed.provenance if key not in ("study", "runs")
            }
            settings = json.loads(canonical(self.study.spelled_out))
            shown = shown_outputs(entries, [str(self.root / file) for file in files])
            claims = (self.root / "claims.json").read_text(encoding="utf-8")
            made = self._evidence(REPORTED).report(settings, stated, shown, claims)
            return {"report.html": made["html"], "provenance.json": made["json"]}

        yield from self._compare("", parents, make, first="report.html")

    def _figure(self, output: Output) -> Iterator[str]:
        """Faults of the data, the caption and the pictures of a figure."""
        stem, pictures = f"figures/{output.key}", {}

        def make() -> dict[str, str]:
            evidence = self._evidence(output.frames_in(self.study))
            arguments = output.specification(), read_caption(self.root, output.key)
            if not self.same_versions:
                return evidence.figure_texts(*arguments)
            texts, made = drawn(evidence, *arguments)
            if (self.root / f"{stem}.csv").read_bytes() == texts["csv"].encode():
                pictures.update(made)
            return texts

        same = not output.reads  # the diagram is computed anew, which may change its last digits
        faults = list(self._compare(stem, self._parents(output), make, close=same))
        yield from faults
        for ending in ("png", "pdf"):
            file = f"{stem}.{ending}"
            if file not in self.sound:
                continue
            content = (self.root / file).read_bytes()
            if not _is_whole(ending, content):
                yield f"{file}: not a whole {ending}"
            elif ending not in pictures:
                self.pictures_not_compared += not faults
            elif content != pictures[ending] and not (ending == "pdf" and draw_the_same(content, pictures[ending])):
                yield f"{file}: not the picture that its data gives"

    def _compare(
        self, stem: str, parents: list[str], make: Callable[[], dict[str, str]], first: str = "csv", close: bool = False
    ) -> Iterator[str]:
        """Faults of the files ``{stem}.*``. They are not checked if a file that they are made from is not sound.

        Args:
            stem: Path without ending, relative to the archive's top folder; empty if ``make`` gives whole names.
            parents: Files that they are made from.
            make: Returns the expected texts by ending.
            first: Ending of the file that is reported if ``make`` fails.
            close: Whether numbers of a csv may differ in their last digits.
        """
        if not set(parents) <= self.sound:
            return
        dot = "." if stem else ""
        try:
            texts = make()
        except Exception as error:  # frames in an archive may contain anything
            yield f"{stem}{dot}{first}: cannot be made from {parents[0]}: {type(error).__name__}: {one_line(error)}"
            return
        for ending, text in texts.items():
            file = f"{stem}{dot}{ending}"
            if file not in self.sound or (found := (self.root / file).read_bytes()) == text.encode():
                continue
            if not (close and ending == "csv" and _nearly(found, text)):
                yield f"{file}: does not follow from the frames: {_difference(found, text)}"


def drawn(evidence: Evidence, output: dict, caption: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """The texts of a figure and its pictures, by ending."""
    from glossbench.evidence.figures.style import save

    texts, figure = evidence.figure(output, caption)
    with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
        save(figure, Path(folder, "drawn"))
        return texts, {ending: Path(folder, f"drawn.{ending}").read_bytes() for ending in ("png", "pdf")}


def _is_whole(ending: str, content: bytes) -> bool:
    """Whether the bytes are a png whose parts have their checksums, or begin and end as a pdf."""
    if ending == "pdf":
        return content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    place, kind = len(PNG), b""
    while kind != b"IEND" and place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        kind, end = content[place + 4 : place + 8], place + 12 + length
        if content[end - 4 : end] != zlib.crc32(content[place + 4 : end - 4]).to_bytes(4, "big"):
            return False
        place = end
    return content.startswith(PNG) and kind == b"IEND" and place == len(content)


def _nearly(found: bytes, text: str) -> bool:
    """Whether two csv have the same words, and numbers that differ in their last digits alone."""
    try:
        packed, made = (pd.read_csv(io.StringIO(one)) for one in (found.decode(), text))
    except (UnicodeDecodeError, ValueError):
        return False
    if list(packed) != list(made) or len(packed) != len(made):
        return False
    numbers = made.select_dtypes("number").columns
    if not packed.drop(columns=numbers).equals(made.drop(columns=numbers)):
        return False
    try:
        return bool(np.allclose(packed[numbers].astype(float), made[numbers], rtol=1e-4, atol=1e-6, equal_nan=True))
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
