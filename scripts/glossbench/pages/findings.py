"""Pages about finished studies: the prose is a template's, the numbers that runs gave come from the studies' files.

``results/cpu/README.md.j2`` makes ``results/cpu/README.md``. What the prose says of these numbers, which is larger,
which is first, is a condition in the template, and a page of which one does not hold is not made. Typed in the template
are what the study files and the paper say, and what no file in the repository has: hours, and comparisons by hand.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from scipy import stats

from glossbench.errors import GlossbenchError
from glossbench.evidence.statistics.ranks import Friedman, friedman
from glossbench.evidence.statistics.scores import METRICS, over_seeds
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.names import listed
from glossbench.evidence.text.numbers import mean_spread, number, signed, significant
from glossbench.pages.verdicts import judged_in, judgement
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

    def order(self, objectives: list[str], corpus: str) -> list[str]:
        """Objectives by their mean accuracy on a corpus, the best first."""
        return sorted(objectives, key=lambda objective: -self.score(objective, corpus)["mean"])

    def kendall(self, other: "Findings", objectives: list[str], corpus: str) -> float:
        """Kendall's tau between the orders of objectives, by mean accuracy on a corpus, in this study and another."""
        return float(stats.kendalltau(self.means(objectives, corpus), other.means(objectives, corpus)).statistic)

    def leads_on(self, objective: str, others: list[str], metric: str = "accuracy") -> list[str]:
        """Titles of the corpora on which an objective has a better mean than each of the others, with one encoder."""
        means = over_seeds(self.frame("runs"), [metric]).pivot(index="corpus", columns="objective", values="mean")
        ahead = (means[others].rsub(means[objective], axis=0) * (-1 if METRICS[metric].cost else 1) > 0).all(axis=1)
        return [entry.title for corpus, entry in self.corpora.items() if ahead.get(corpus, False)]

    def friedman(self, protocol: str, metric: str = "accuracy") -> Friedman:
        """Friedman's test between the objectives of a protocol over the corpora, with one encoder."""
        runs = self.frame("runs")
        (encoder,) = runs["encoder"].unique()
        return friedman(runs, metric, protocol, encoder)

    def first_and_last(self, column: str, objective: str, corpus: str, seed: int = 0) -> tuple[float, float]:
        """What a run recorded in its first and in its last epoch."""
        epochs = self.frame("epochs").query("objective == @objective & corpus == @corpus & seed == @seed")
        first, *_, last = epochs.sort_values("epoch")[column]
        return first, last

    def numbers(self, claim: str) -> pd.DataFrame:
        """The numbers behind a claim as this study judges it, e.g. one row per cell; see ``claims.judging``."""
        return pd.DataFrame(judged_in(self.folder, claim)["numbers"])

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


def ends(values: Iterable[float], decimals: int) -> str:
    """The smallest and the largest of some numbers, e.g. "0.2 to 0.5"; one number if both have the same text."""
    return " to ".join(dict.fromkeys(number(end, decimals) for end in (min(values), max(values))))


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

    texts = {"number": number, "signed": signed, "significant": significant, "listed": listed}
    shared = {"study": study, "judged": judged, "holds": holds, "ends": ends, "spread": spread, **texts}
    return environment.get_template(str(TEMPLATE)).render(**shared)
