"""What follows from the frames of a study, as the texts that the workflow writes of it."""

import importlib
import json
from functools import partial
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from glossbench.evidence.claims.judging import judge
from glossbench.evidence.claims.page import to_page
from glossbench.evidence.doorway import caption, frames_of, with_notes
from glossbench.evidence.paper.published import published_results, published_runs
from glossbench.evidence.statistics.significance import pair_tests, rank_tests, seeds_for_published
from glossbench.evidence.text.json_text import to_json
from glossbench.evidence.text.rendering import to_csv, to_html, to_latex, to_markdown
from glossbench.study.outputs import Exhibit, load_claims
from glossbench.study.study import Study, canonical

PUBLISHED = "config/published"
FRAMES = ("runs", "epochs", "corpora", "coverage")
FRAMES_BY_SETTING = {"tuning": "trials", "projection": "projections", "snapshots": "snapshots"}
JUDGED = ("runs", "epochs", "trials")
# As the rules have it (threads: 1): how many threads share a sum decides its last digits.
ONE_THREAD = partial(threadpool_limits, limits=1)


class Derivation:
    """Makes tables, data of figures and verdicts afresh from the files of a study.

    folder: holds {frame}.parquet, config/ and report/ as an archive does. study: says which frames there are.
    """

    def __init__(self, folder: Path, study: Study):
        self.folder = folder
        optional = [name for setting, name in FRAMES_BY_SETTING.items() if study.settings[setting] is not None]
        self.frames = [*FRAMES, *optional]

    def parents(self, exhibit: Exhibit) -> list[str]:
        """The files that a table or figure follows from, below the folder: frames, the paper's numbers, caption."""
        published = self._published() if exhibit.published else []
        return [*(f"{name}.parquet" for name in self._read_by(exhibit)), *published, f"report/{exhibit.key}.rst"]

    def texts(self, exhibit: Exhibit) -> dict[str, str]:
        """The texts of a table (csv, md, tex, html) or a figure (csv, caption), by the file that holds each."""
        given = {name: self.folder / f"{name}.parquet" for name in self._read_by(exhibit)}
        frames, coverage = frames_of(given, exhibit.published, self.folder / PUBLISHED)
        module = importlib.import_module(exhibit.module)
        said = " ".join((self.folder / "report" / f"{exhibit.key}.rst").read_text(encoding="utf-8").split())
        stem = f"{exhibit.kind}s/{exhibit.key}"
        if exhibit.kind == "figure":
            with ONE_THREAD():
                drawn = to_csv(module.frame(**frames))
            return {f"{stem}.csv": drawn, f"{stem}.txt": caption(said, module, coverage) + "\n"}
        with ONE_THREAD():
            table = module.tidy(**frames)
        layout = with_notes(module.layout(table), module, coverage)
        return {
            f"{stem}.csv": to_csv(table),
            f"{stem}.md": to_markdown(layout, said),
            f"{stem}.tex": to_latex(layout, said),
            f"{stem}.html": str(to_html(layout)),
        }

    def parents_of_claims(self) -> list[str]:
        """The files that the verdicts follow from."""
        frames = [f"{name}.parquet" for name in JUDGED if name in self.frames]
        return [*frames, *self._published(), "config/claims.yaml"]

    def texts_of_claims(self) -> dict[str, str]:
        """The verdicts as json and as a page."""
        frames = {name: pd.read_parquet(self.folder / f"{name}.parquet") for name in JUDGED if name in self.frames}
        registry = json.loads(canonical(load_claims(self.folder / "config")))
        with ONE_THREAD():
            verdicts = judge(registry, **frames, published=published_runs(self.folder / PUBLISHED))
        return {"claims.json": to_json(verdicts), "claims.md": to_page(verdicts)}

    def parents_of_tests(self) -> list[str]:
        """The files that the tests between objectives follow from."""
        return ["runs.parquet", *self._published()]

    def texts_of_tests(self) -> dict[str, str]:
        """The tests between objectives: all pairs as csv, and with ranks and seeds needed as json."""
        runs = pd.read_parquet(self.folder / "runs.parquet")
        with ONE_THREAD():
            pairs = pair_tests(runs)
            needed = seeds_for_published(pairs, published_results(self.folder / PUBLISHED))
            found = {"pairs": pairs, "friedman": rank_tests(runs), "seeds_needed": needed}
        return {"significance.csv": to_csv(pairs), "significance.json": to_json(found)}

    def _read_by(self, exhibit: Exhibit) -> list[str]:
        return [*exhibit.reads, *(name for name in exhibit.reads_if_there if name in self.frames), "coverage"]

    def _published(self) -> list[str]:
        return sorted(path.relative_to(self.folder).as_posix() for path in (self.folder / PUBLISHED).glob("*.csv"))
