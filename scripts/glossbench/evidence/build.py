"""Makes every table, figure, test, verdict and the report of a study from its collected frames.

The scripts of the workflow, the verification of an archive and the tests all use ``Evidence``. Its methods return the
contents of files by their endings and write nothing. Each imports what it alone needs: the packages for statistics and
for plots take longer to import than a table takes to make. The rules list those modules in their param ``code``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from threadpoolctl import threadpool_limits

from glossbench.evidence.notes import coverage_note, load_note, numerics_note, outside_note, search_note, spread_note
from glossbench.evidence.selection import trained, unvaried
from glossbench.evidence.tables.rendering import to_csv, to_html, to_latex, to_markdown
from glossbench.evidence.text.json_text import to_json
from glossbench.evidence.text.names import naming
from glossbench.paper import READERS, paper_keys, published_results, published_runs, read_facts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from glossbench.evidence.report.page import ReportItem
    from glossbench.settings.claims import Claim

# Frames that verdicts and the report are made from.
JUDGED = ("runs", "epochs")
REPORTED = ("runs", "epochs", "corpora", "coverage")


@dataclass(frozen=True)
class Evidence:
    """The frames of a study, and methods that make its evidence from them."""

    # Collected frames by name. Each method needs only the frames that it reads; a table or a figure needs ``runs`` and
    # ``coverage`` besides, for its notes.
    frames: dict[str, pd.DataFrame]
    paper_dir: Path  # Folder with the paper's numbers, config/published
    names: dict[str, list[dict[str, Any]]]  # Titles, order, families and colours, as ``settings.names`` makes them
    # ``numerics`` of the code that makes the evidence; if given, notes say which runs have another.
    numerics: int | None = None

    @classmethod
    def read(
        cls,
        paths: Mapping[str, str | Path],
        paper_dir: Path,
        names: dict[str, list[dict[str, Any]]],
        numerics: int | None = None,
    ) -> "Evidence":
        """Read the frames from Parquet files by the name of their frame."""
        return cls({name: pd.read_parquet(path) for name, path in paths.items()}, paper_dir, names, numerics)

    def table(self, output: dict[str, Any], caption: str) -> dict[str, str]:
        """Make a table.

        Args:
            output: Specification of the table; see ``settings.outputs.Output.specification``.
            caption: One paragraph.

        Returns:
            Texts by ending: csv, md, tex and html.
        """
        with self._reproducibly():
            module, settings = module_of(output), output["settings"]
            table = module.tidy(**self._inputs(output), **settings)
            layout = module.layout(table, **settings)
            outside = outside_note(table, paper_keys(self.paper_dir)["objective"])
            layout = layout.with_notes(spread_note(table, layout.cells), *self._notes(table, output), outside)
            texts = {"md": to_markdown(layout, caption), "tex": to_latex(layout, caption)}
            return {"csv": to_csv(table), **texts, "html": str(to_html(layout))}

    def figure_texts(self, output: dict[str, Any], caption: str) -> dict[str, str]:
        """Make the texts of a figure without drawing it: csv (the data that it draws) and txt (its caption here)."""
        with self._reproducibly():
            return self._figure_texts(self._figure_data(output), output, caption)

    def figure(self, output: dict[str, Any], caption: str) -> tuple[dict[str, str], "Figure"]:
        """Make the texts of a figure, and draw it."""
        with self._reproducibly():
            data = self._figure_data(output)
            figure = module_of(output).draw(data, **output["settings"])
            return self._figure_texts(data, output, caption), figure

    def significance(self) -> dict[str, str]:
        """Make every test between objectives.

        Returns:
            Texts by ending: csv (the tests of all pairs) and json (these, the tests of ranks, and the number of seeds
            that the published differences need).
        """
        tests = _module("statistics.significance")
        with self._reproducibly():
            runs = self.frames["runs"]
            pairs = tests.pair_tests(runs)
            needed = tests.seeds_for_published(pairs, published_results(self.paper_dir))
            found = {"pairs": pairs, "friedman": tests.rank_tests(runs), "seeds_needed": needed}
            return {"csv": to_csv(pairs), "json": to_json(found)}

    def claims(self, registry: dict[str, "Claim"]) -> dict[str, str]:
        """Judge each claim, as config/claims.yaml has them: json (verdicts, numbers) and md (a page)."""
        with self._reproducibly():
            frames = {name: self.frames[name] for name in JUDGED}
            frames["runs"] = trained(frames["runs"])  # no claim is about untuned objectives, which the paper lacks
            paper = published_runs(self.paper_dir)
            verdicts = _module("claims.judging").judge(registry, read_facts(self.paper_dir), **frames, published=paper)
            return {"json": to_json(verdicts), "md": _module("claims.page").to_page(verdicts)}

    def report(
        self, settings: dict[str, Any], provenance: dict[str, Any], shown: list["ReportItem"], claims: str
    ) -> dict[str, str]:
        """Make the report.

        Args:
            settings: The resolved study.
            provenance: Versions and digests. The machines of the runs are added.
            shown: Tables and figures in the order of the page.
            claims: The json that ``claims`` returned.

        Returns:
            Texts by ending: html (the page) and json (the provenance).
        """
        report = _module("report.page")
        with self._reproducibly():
            frames = {name: self.frames[name] for name in REPORTED}
            provenance = {**provenance, "runs": report.machines(frames["runs"])}
            page = report.render_report(settings, provenance, shown, json.loads(claims), **frames)
            return {"html": page, "json": to_json({"study": settings["study"], **provenance})}

    @contextmanager
    def _reproducibly(self) -> Iterator[None]:
        """Use the study's names and one thread: the number of threads changes the last digits of a sum."""
        with naming(self.names), threadpool_limits(limits=1):
            yield

    def _inputs(self, output: dict[str, Any]) -> dict[str, Any]:
        """The frames and numbers that an output reads, by parameter; frames that the study lacks are left out."""
        known = [name for name in output["reads"] if name in READERS or name in self.frames]
        return {name: READERS[name](self.paper_dir) if name in READERS else self.frames[name] for name in known}

    def _figure_data(self, output: dict[str, Any]) -> pd.DataFrame:
        return module_of(output).tidy(**self._inputs(output), **output["settings"])

    def _figure_texts(self, data: pd.DataFrame, output: dict[str, Any], caption: str) -> dict[str, str]:
        text = " ".join([caption, *self._notes(data, output)])
        return {"csv": to_csv(data), "txt": f"{text}\n"}

    def _notes(self, table: pd.DataFrame, output: dict[str, Any]) -> list[str]:
        """What is said below an output: of its registry, of its times and of its runs."""
        select = selection_of(output)
        notes = [load_note(table), *output["notes"], coverage_note(self.frames["coverage"], select)]
        if "trials" in output["reads"] and "trials" in self.frames:
            notes.append(search_note(self.frames["coverage"], self.frames["trials"]))
        if self.numerics is not None:
            notes.append(numerics_note(select(self.frames["runs"]), self.numerics))
        return [note for note in notes if note]


def module_of(output: dict[str, Any]) -> Any:
    """The module that makes an output; see ``Output.specification``."""
    return _module(f"{output['kind']}s.{output['module']}")


def selection_of(output: dict[str, Any]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Selects the rows of runs that an output uses: ``select`` of its module, or else the unvaried ones."""
    select = getattr(module_of(output), "select", None)
    return unvaried if select is None else partial(select, **output["settings"])


def _module(name: str) -> Any:
    """A module of the evidence. It is named, not imported, so that a change of it makes nothing else again."""
    return import_module(f"glossbench.evidence.{name}")
