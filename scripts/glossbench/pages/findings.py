"""Pages about finished studies: the prose is a template's, the numbers that runs gave come from the studies' files.

``results/{study}/README.md.j2`` makes ``results/{study}/README.md``. What the prose says of these numbers, which is
larger, which is first, is a condition in the template, and a page of which one does not hold is not made. Typed in the
template are what the study files and the paper say, and what no file in the repository has: hours, and comparisons by
hand.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from scipy import stats

from glossbench.errors import GlossbenchError
from glossbench.evidence.statistics.intervals import t_interval
from glossbench.evidence.statistics.pairs import paired
from glossbench.evidence.statistics.ranks import Friedman, friedman
from glossbench.evidence.statistics.scores import METRICS, over_seeds
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.names import listed
from glossbench.evidence.text.numbers import mean_spread, number, signed, significant, span
from glossbench.pages.verdicts import judged_in, judgement
from glossbench.settings.claims_file import load_claims
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.objectives import read_objectives, read_presets
from glossbench.settings.sources import read_corpora

TEMPLATES = "results/*/README.md.j2"
BASELINES = ("ce", "scl")  # of the integrated and the standalone objectives


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

    def finished_corpora(self) -> list[str]:
        """Corpora of which all planned runs are finished, in their order."""
        finished = self.frame("coverage").groupby("corpus")["finished"].all()
        return [corpus for corpus in self.corpora if finished.get(corpus, False)]

    def over_shared_trials(self, objective: str, corpus: str, where: str = "") -> pd.Series:
        """How far an objective is ahead of its protocol's baseline in test accuracy, as a fraction.

        Over trials of the same number and learning rate, without those whose settings were given.

        Args:
            where: Which of the objective's trials to take, as a condition on their settings, e.g. ``sigma < 0.6``.

        Returns:
            difference (the mean), low and high (its 95 % interval, Student's t).
        """
        trials = self.frame("trials").query("corpus == @corpus & state == 'complete'")
        own = trials[(trials["objective"] == objective) & ~trials["start"].astype(bool)]
        theirs = trials[trials["objective"].isin(BASELINES) & trials["protocol"].isin(own["protocol"])]
        pairs = (own.query(where) if where else own).merge(theirs, on=["trial", "learning_rate"])
        ahead = pairs["test_accuracy_x"] - pairs["test_accuracy_y"]
        low, high = t_interval(ahead)
        return pd.Series({"difference": ahead.mean(), "low": low, "high": high})

    def agreement(self, objective: str, corpus: str, least_rate: float = 0.0) -> float:
        """Spearman's correlation of the validation scores of trials with their test accuracy.

        Args:
            least_rate: Trials with a lower learning rate are left out.
        """
        trials = self.frame("trials").query("objective == @objective & corpus == @corpus & state == 'complete'")
        own = trials[trials["learning_rate"] >= least_rate]
        return float(own["value"].corr(own["test_accuracy"], method="spearman"))

    def cut_off(self, objective: str, corpus: str) -> tuple[int, int]:
        """How many trials of a search were cut off at the last epoch of a trial, and how many trials there are."""
        trials = self.frame("trials")
        own = trials.query("objective == @objective & corpus == @corpus")
        return int((own["epochs"] == trials["epochs"].max()).sum()), len(own)

    def bound(self, objective: str, corpus: str) -> float:
        """By how much the best trial, chosen on the test documents, is above the baseline's, in points of accuracy."""
        rows = self.table("search_bound").query("objective == @objective & corpus == @corpus & metric == 'accuracy'")
        (found,) = rows["over_bound"]
        return float(found)

    def still_rising(self, objective: str, corpus: str, score: str, trials: int = 20) -> float:
        """By how much the best validation score expected of all trials of a search is above that of so many."""
        rows = self.table("search_budget").query("objective == @objective & corpus == @corpus & score == @score")
        means = rows.set_index("n")["mean"].sort_index()
        return float(means.iloc[-1] - means[trials])

    def at_the_limit(self, objective: str, corpora: list[str]) -> tuple[int, int]:
        """How many runs on some corpora trained for all epochs that they might, and how many runs there are."""
        runs = self.frame("runs").query("objective == @objective & corpus in @corpora")
        return int((runs["stop_epoch"] == runs["max_epochs"]).sum()), len(runs)

    def over_baseline(self, objective: str, corpus: str) -> pd.Series:
        """The difference in test accuracy from the baseline of the protocol, over the seeds of both; see ``paired``."""
        runs = self.frame("runs").query("corpus == @corpus")
        (protocol,) = runs.loc[runs["objective"] == objective, "protocol"].unique()
        (baseline,) = {*BASELINES}.intersection(runs.loc[runs["protocol"] == protocol, "objective"])
        return paired(runs, objective, baseline, "accuracy").query("pairs == 'seeds'").iloc[0]

    def until_best(self, columns: list[str], objective: str, corpus: str) -> pd.DataFrame:
        """Columns of the epochs as means over seeds: in the first epoch, and in the best one of each run."""
        epochs = self.frame("epochs").query("objective == @objective & corpus == @corpus")
        best = epochs[epochs["best"].astype(bool)]  # so far: the last of a run is its best
        ends = {"first": epochs[epochs["epoch"] == 1], "best": best.sort_values("epoch").groupby("seed").tail(1)}
        return pd.DataFrame({end: rows[columns].mean() for end, rows in ends.items()})

    def judged(self, claim: str) -> dict[str, Any]:
        """What this study says of a claim; see ``claims.judging``."""
        return judged_in(self.folder, claim)

    def numbers(self, claim: str) -> pd.DataFrame:
        """The numbers behind a claim as this study judges it, e.g. one row per cell."""
        return pd.DataFrame(self.judged(claim)["numbers"])

    def scores(self, protocol: str, corpora: list[str] | None = None, seeds: int = 0) -> str:
        """The accuracies of a protocol on corpora, or on all, as a Markdown table, the best of a corpus in bold.

        Args:
            seeds: Objectives with fewer are left out; the others are ranked among themselves.
        """
        table = self.table(protocol).query("metric == 'accuracy'")
        corpora = corpora or list(dict.fromkeys(table["corpus"]))
        if seeds:
            fewest = table[table["corpus"].isin(corpora)].groupby("objective")["n_seeds"].min()
            table = table[table["objective"].isin(fewest.index[fewest >= seeds])]
            table = table.assign(rank=table.groupby("corpus")["mean"].rank(ascending=False, method="min"))
        rows = []
        for objective, own in table.groupby("objective", sort=False):
            by_corpus = own.set_index("corpus")
            rows.append([self.title(objective), *(spread(by_corpus.loc[corpus]) for corpus in corpora)])
        headers = [protocol.capitalize(), *self.titles(corpora)]
        return pipe_table(headers, rows, [False, *[True] * len(corpora)])

    def counted(self, runs: pd.DataFrame) -> str:
        """How many runs there are of each corpus, most first."""
        counts = runs.groupby("corpus").size().sort_values(ascending=False)
        return ", ".join(f"{count} on {self.corpora[corpus].title}" for corpus, count in counts.items())

    def title(self, objective: str) -> str:
        """The title of an objective's key."""
        key = ObjectiveKey.parse(objective)
        notes = [*filter(None, [key.preset]), *(f"{name.replace('_', ' ')} = {value}" for name, value in key.changes)]
        return self.objectives[key.base].title + (f" ({', '.join(notes)})" if notes else "")

    def titles(self, corpora: list[str]) -> list[str]:
        """The titles of corpora."""
        return [self.corpora[corpus].title for corpus in corpora]


def ends(values: Iterable[float], decimals: int) -> str:
    """The smallest and the largest of some numbers, e.g. "0.2 to 0.5"; one number if both have the same text."""
    return span(min(values), max(values), lambda end: number(end, decimals), " to ")


def spread(score: pd.Series, rank: bool = True) -> str:
    """A mean over seeds and its standard deviation, one decimal each, in bold where it is the best of its corpus."""
    text = mean_spread(score["mean"], score["std"], 1) if score["n_seeds"] > 1 else number(score["mean"], 1)
    return f"**{text}**" if rank and score["rank"] == 1 else text


def pages(root: Path) -> dict[Path, str]:
    """The pages on studies by their files, each made from the template beside it.

    Args:
        root: Root folder of the repository.

    Raises:
        GlossbenchError: A file of a study that the page speaks of is missing, or something that it says does not hold.
    """
    environment = Environment(
        loader=FileSystemLoader(root),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.do"],
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
            raise GlossbenchError(f"{template}: {text}: it does not hold")
        return text

    texts = {"number": number, "signed": signed, "significant": significant, "listed": listed}
    shared = {"study": study, "judged": judged, "holds": holds, "ends": ends, "spread": spread, **texts}
    made = {}
    for template in sorted(path.relative_to(root) for path in root.glob(TEMPLATES)):
        made[root / template.with_suffix("")] = environment.get_template(str(template)).render(**shared)
    return made
