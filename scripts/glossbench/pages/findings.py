"""Pages about finished studies: the prose is a template's, and every number in it comes from the files of the studies.

``results/cpu/README.md.j2`` makes ``results/cpu/README.md``. What the prose says of numbers, which is larger, which is
first, stands in the template as a condition, and a page of which one does not hold is not made.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from glossbench.errors import GlossbenchError
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.numbers import mean_spread, number, signed
from glossbench.pages.verdicts import judgement
from glossbench.settings.claims import load_claims
from glossbench.settings.objectives import read_objectives, read_presets
from glossbench.settings.sources import read_corpora

TEMPLATE = Path("results/cpu/README.md.j2")


class Findings:
    """What a finished study found, from the files that are in the repository.

    Args:
        folder: Folder of the study.
        corpora: Entries of corpora by key.
        objectives: Entries of objectives by key.
    """

    def __init__(self, folder: Path, corpora: dict[str, Any], objectives: dict[str, Any]):
        self.folder, self.corpora, self.objectives = folder, corpora, objectives

    @cache  # noqa: B019 - lives as long as the page is made
    def table(self, name: str) -> pd.DataFrame:
        """A table of the study, from its csv."""
        return pd.read_csv(self.folder / "tables" / f"{name}.csv")

    @cache  # noqa: B019
    def frame(self, name: str) -> pd.DataFrame:
        """A frame of the study."""
        return pd.read_parquet(self.folder / f"{name}.parquet")

    def score(self, objective: str, corpus: str, metric: str = "accuracy") -> pd.Series:
        """Mean, standard deviation, seeds and rank of an objective on a corpus."""
        for protocol in ("integrated", "standalone"):
            if (self.folder / "tables" / f"{protocol}.csv").is_file():
                found = self.table(protocol).query("objective == @objective & corpus == @corpus & metric == @metric")
                if len(found) == 1:
                    return found.iloc[0]
        raise GlossbenchError(f"{self.folder}: no {metric} of {objective} on {corpus} in its tables")

    def means(self, objectives: list[str], corpus: str) -> list[float]:
        """Mean accuracies of objectives on a corpus."""
        return [self.score(objective, corpus)["mean"] for objective in objectives]

    def scores(self, protocol: str) -> str:
        """The accuracies of a protocol as a Markdown table, the best of a corpus in bold."""
        table = self.table(protocol).query("metric == 'accuracy'")
        corpora = list(dict.fromkeys(table["corpus"]))
        rows = []
        for objective, own in table.groupby("objective", sort=False):
            by_corpus = own.set_index("corpus")
            rows.append([self.title(objective), *(spread(by_corpus.loc[corpus]) for corpus in corpora)])
        headers = [protocol.capitalize(), *(self.corpora[corpus].title for corpus in corpora)]
        return pipe_table(headers, rows, [False, *[True] * len(corpora)])

    def counted(self, runs: pd.DataFrame) -> str:
        """How many runs there are of each corpus, most first."""
        counts = runs.groupby("corpus").size().sort_values(ascending=False)
        return ", ".join(f"{count} on {self.corpora[corpus].title}" for corpus, count in counts.items())

    def title(self, objective: str) -> str:
        """The title of an objective's key."""
        base, _, preset = objective.partition("@")
        return self.objectives[base].title + (f" ({preset})" if preset else "")


def spread(score: pd.Series, rank: bool = True) -> str:
    """A mean over seeds and its standard deviation, one decimal each, in bold where it is the best of its corpus."""
    text = mean_spread(score["mean"], score["std"], 1) if score["n_seeds"] > 1 else number(score["mean"], 1)
    return f"**{text}**" if rank and score["rank"] == 1 else text


def page(root: Path) -> str:
    """The page on the study of the claims, made from its template.

    Args:
        root: Root folder of the repository.

    Raises:
        GlossbenchError: A file of a study that the page speaks of is missing, or something that it says does not hold.
    """
    environment = Environment(
        loader=FileSystemLoader(root), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    config = root / "config"
    claims, registries = load_claims(config), (read_corpora(config), read_objectives(config, read_presets(config)))

    @cache
    def study(name: str) -> Findings:
        return Findings(root / "results" / name, *registries)

    def judged(key: str) -> dict[str, Any]:
        return judgement(root, key, claims[key])

    def holds(condition: bool, text: str) -> str:
        if not condition:
            raise GlossbenchError(f"{TEMPLATE}: {text}: it does not hold")
        return text

    shared = {"study": study, "judged": judged, "holds": holds, "number": number, "signed": signed, "spread": spread}
    return environment.get_template(str(TEMPLATE)).render(**shared)
