"""From the collected frames to every table, figure, test, verdict and the report: the one way there is.

The scripts of the workflow, the verification of an archive, the benchmarks and the tests all make evidence here. What
goes in are frames, the paper's numbers, and plain values that the study states; what comes out are texts and figures by
the ending of the file that holds them. Nothing is written.
"""

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from glossbench.evidence.claims.judging import judge
from glossbench.evidence.claims.page import to_page
from glossbench.evidence.paper import published
from glossbench.evidence.paper.facts import read_facts
from glossbench.evidence.report.page import Shown, machines, render_report
from glossbench.evidence.statistics.significance import pair_tests, rank_tests, seeds_for_published
from glossbench.evidence.text.coverage import coverage_note
from glossbench.evidence.text.json_text import to_json
from glossbench.evidence.text.names import naming
from glossbench.evidence.text.rendering import to_csv, to_html, to_latex, to_markdown

# The paper's numbers by the names that outputs read them under.
PUBLISHED = {
    "results": published.published_results,
    "models": published.published_models,
    "ttests": published.published_ttests,
    "facts": read_facts,
}
# Frames behind verdicts, tests and the report; trials where the study has any.
JUDGED = ("runs", "epochs", "trials")
TESTED = ("runs",)
REPORTED = ("runs", "corpora", "coverage")


@dataclass(frozen=True)
class Evidence:
    """What a study's evidence is made from.

    Args:
        frames: Collected frames by name; those that a product needs.
        published: Folder of the paper's numbers, config/published.
        names: Titles, order, families and colours, as ``study.names`` makes them.
    """

    frames: dict[str, pd.DataFrame]
    published: Path
    names: dict[str, list[dict[str, Any]]]

    @classmethod
    def read(
        cls,
        paths: Mapping[str, str | Path],
        published: Path,
        names: dict[str, list[dict[str, Any]]],
        wanted: Iterable[str] | None = None,
    ) -> "Evidence":
        """Read frames from Parquet files by name: all of ``paths``, or those that are ``wanted``."""
        read = {name: pd.read_parquet(path) for name, path in paths.items() if wanted is None or name in wanted}
        return cls(read, published, names)

    def table(self, output: dict[str, Any], caption: str) -> dict[str, str]:
        """A table as csv, md, tex and html.

        Args:
            output: Its specification (``study.outputs.Output.specification``).
            caption: One paragraph.
        """
        with self._making():
            module, settings = _module(output), output["settings"]
            table = module.tidy(**self._inputs(output), **settings)
            layout = module.layout(table, **settings)
            layout = replace(layout, notes=(*layout.notes, *module.NOTES, *self._coverage_notes(module, output)))
            return {
                "csv": to_csv(table),
                "md": to_markdown(layout, caption),
                "tex": to_latex(layout, caption),
                "html": str(to_html(layout)),
            }

    def figure_texts(self, output: dict[str, Any], caption: str) -> dict[str, str]:
        """What a figure draws as csv, and its caption on these runs as txt. Arguments as of ``table``."""
        with self._making():
            return self._figure_texts(self._drawn(output), output, caption)

    def figure(self, output: dict[str, Any], caption: str) -> tuple[dict[str, str], Figure]:
        """``figure_texts``, and the figure itself."""
        with self._making():
            drawn = self._drawn(output)
            texts = self._figure_texts(drawn, output, caption)
            return texts, _module(output).draw(drawn, **output["settings"])

    def significance(self) -> dict[str, str]:
        """Every test between objectives: all pairs as csv; pairs, ranks and the seeds that are needed as json."""
        with self._making():
            runs = self.frames["runs"]
            pairs = pair_tests(runs)
            needed = seeds_for_published(pairs, published.published_results(self.published))
            found = {"pairs": pairs, "friedman": rank_tests(runs), "seeds_needed": needed}
            return {"csv": to_csv(pairs), "json": to_json(found)}

    def claims(self, registry: dict[str, Any]) -> dict[str, str]:
        """The paper's claims with a verdict each, as json and as a page (md). registry: config/claims.yaml."""
        with self._making():
            frames = {name: self.frames[name] for name in JUDGED if name in self.frames}
            paper = published.published_runs(self.published)
            verdicts = judge(registry, read_facts(self.published), **frames, published=paper)
            return {"json": to_json(verdicts), "md": to_page(verdicts)}

    def report(
        self, settings: dict[str, Any], provenance: dict[str, Any], shown: list[Shown], claims: str
    ) -> dict[str, str]:
        """The report as html, and where the results come from as json.

        Args:
            settings: The resolved study.
            provenance: Versions and digests; the machines of the runs are added.
            shown: Tables and figures in the order of the page.
            claims: What ``claims`` gave as json.
        """
        with self._making():
            frames = {name: self.frames[name] for name in REPORTED}
            provenance = {**provenance, "runs": machines(frames["runs"])}
            page = render_report(settings, provenance, shown, json.loads(claims), **frames)
            return {"html": page, "json": to_json({"study": settings["study"], **provenance})}

    @contextmanager
    def _making(self) -> Iterator[None]:
        # One thread: how many threads share a sum decides its last digits.
        with naming(self.names), threadpool_limits(limits=1):
            yield

    def _inputs(self, output: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a module's functions: what the specification ``reads``, as far as the study has it."""
        known = [name for name in output["reads"] if name in PUBLISHED or name in self.frames]
        return {name: PUBLISHED[name](self.published) if name in PUBLISHED else self.frames[name] for name in known}

    def _drawn(self, output: dict[str, Any]) -> pd.DataFrame:
        return _module(output).frame(**self._inputs(output), **output["settings"])

    def _figure_texts(self, drawn: pd.DataFrame, output: dict[str, Any], caption: str) -> dict[str, str]:
        text = " ".join([caption, *self._coverage_notes(_module(output), output)])
        return {"csv": to_csv(drawn), "txt": f"{text}\n"}

    def _coverage_notes(self, module: ModuleType, output: dict[str, Any]) -> list[str]:
        note = coverage_note(self.frames["coverage"], lambda planned: module.select(planned, **output["settings"]))
        return [note] if note else []


def module_of(kind: str, name: str) -> ModuleType:
    """The module of that name that makes tables or figures (kind "table" or "figure")."""
    if kind == "table":
        return importlib.import_module(f"glossbench.evidence.tables.{name}")
    return importlib.import_module(f"glossbench.evidence.figures.{name}")


def _module(output: dict[str, Any]) -> ModuleType:
    return module_of(output["kind"], output["module"])
