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

from glossbench.errors import GlossbenchError
from glossbench.evidence.statistics.intervals import t_interval
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.names import listed, with_changes
from glossbench.evidence.text.numbers import mean_spread, number, signed, significant, span
from glossbench.pages.verdicts import judged_in, judgement
from glossbench.settings.claims_file import load_claims
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.registries import Registries, read_registries

TEMPLATES = "results/*/README.md.j2"
BASELINES = ("ce", "scl")  # of the integrated and the standalone objectives
PROTOCOLS = ("integrated", "standalone")


class Findings:
    """What a study found on the corpora that it finished, from the files that are in the repository."""

    def __init__(self, folder: Path, registries: Registries):
        self.folder, self.objectives = folder, registries.objectives
        finished = self.frame("coverage").groupby("corpus")["finished"].all()
        self.corpora = {key: entry.title for key, entry in registries.corpora.items() if finished.get(key, False)}

    @cache  # noqa: B019 - lives as long as the page is made
    def table(self, name: str) -> pd.DataFrame:
        """A table of the study, from its csv."""
        return pd.read_csv(self.folder / "tables" / f"{name}.csv")

    @cache  # noqa: B019
    def frame(self, name: str) -> pd.DataFrame:
        """A frame of the study."""
        return pd.read_parquet(self.folder / f"{name}.parquet")

    def by_corpus(self, values: pd.DataFrame) -> pd.DataFrame:
        """Rows of a frame with a column ``corpus`` by the finished corpora, in their order."""
        return values.set_index("corpus").loc[list(self.corpora)]

    def means(self, objectives: list[str], metric: str = "accuracy") -> pd.DataFrame:
        """Mean test scores in percent: finished corpora by objectives."""
        rows = pd.concat(self.table(protocol) for protocol in PROTOCOLS).query("metric == @metric")
        return rows.pivot_table("mean", "corpus", "objective").loc[list(self.corpora), objectives]

    def leaders(self, objectives: list[str]) -> str:
        """Which of some objectives has the highest mean accuracy on which finished corpora, in words."""
        first = self.means(objectives).idxmax(axis=1)
        by_objective = {key: first.index[first == key] for key in objectives if (first == key).any()}
        return ", ".join(f"{self.title(key)} on {listed(self.titles(where))}" for key, where in by_objective.items())

    def order(self, objectives: list[str], metric: str = "accuracy") -> str:
        """Objectives by the mean of their scores over the finished corpora, the best first, in words."""
        means = self.means(objectives, metric).mean().sort_values(ascending=False)
        return ", ".join(f"{self.title(key)} {number(mean, 2)}" for key, mean in means.items())

    def over_corpora(self, baseline: str, objective: str) -> pd.Series:
        """How far an objective is ahead of another, over the finished corpora, as ``_mean`` of ``over``."""
        return _mean(pd.Series([self.over(baseline, objective, corpus)["difference"] for corpus in self.corpora]))

    def chosen(self, objective: str, setting: str) -> pd.Series:
        """The value of a setting that the search of an objective chose on each finished corpus."""
        trials = self.frame("trials")
        return self.by_corpus(trials[trials["best"].astype(bool) & (trials["objective"] == objective)])[setting]

    def over_shared_trials(self, objective: str, corpus: str, where: str = "") -> pd.Series:
        """How far an objective is ahead of its protocol's baseline in test accuracy, as a fraction.

        Over trials of the same number and learning rate, without those whose settings were given.

        Args:
            where: Which of the objective's trials to take, as a condition on their settings, e.g. ``sigma < 0.6``.

        Returns:
            As ``_mean``.
        """
        trials = self.frame("trials").query("corpus == @corpus & state == 'complete'")
        own = trials[(trials["objective"] == objective) & ~trials["start"].astype(bool)]
        theirs = trials[trials["objective"].isin(BASELINES) & trials["protocol"].isin(own["protocol"])]
        pairs = (own.query(where) if where else own).merge(theirs, on=["trial", "learning_rate"])
        return _mean(pairs["test_accuracy_x"] - pairs["test_accuracy_y"])

    def agreement(self, objective: str, corpus: str, least_rate: float = 0.0) -> float:
        """Spearman's correlation of validation scores with test accuracy, over trials with at least a learning rate."""
        trials = self.frame("trials").query("objective == @objective & corpus == @corpus & state == 'complete'")
        own = trials[trials["learning_rate"] >= least_rate]
        return float(own["value"].corr(own["test_accuracy"], method="spearman"))

    def agreements(self, objectives: list[str]) -> pd.DataFrame:
        """``agreement`` over all trials: finished corpora by objectives."""
        return pd.DataFrame({key: {one: self.agreement(key, one) for one in self.corpora} for key in objectives})

    def cut_off(self, objective: str, corpus: str) -> tuple[int, int]:
        """How many trials of a search were cut off at the last epoch of a trial, and how many trials there are."""
        trials = self.frame("trials")
        own = trials.query("objective == @objective & corpus == @corpus")
        return int((own["epochs"] == trials["epochs"].max()).sum()), len(own)

    def all_cut_off(self, objective: str) -> int:
        """How many trials of all its searches on the finished corpora were cut off; see ``cut_off``."""
        return sum(self.cut_off(objective, corpus)[0] for corpus in self.corpora)

    def bounds(self, objective: str) -> pd.Series:
        """By how much the best trial, chosen on the test documents, is above the baseline's, in points of accuracy."""
        return self.by_corpus(self.table("search_bound").query("objective == @objective & metric == 'accuracy'"))[
            "over_bound"
        ]

    def still_rising(self, objective: str, score: str, trials: int = 20) -> pd.Series:
        """By how much the best validation score expected of all trials of a search is above that of so many."""
        rows = self.table("search_budget").query("objective == @objective & score == @score").sort_values("n")
        last = rows.groupby("corpus")["mean"].last()
        return (last - rows[rows["n"] == trials].set_index("corpus")["mean"]).loc[list(self.corpora)]

    def at_the_limit(self, objective: str) -> tuple[int, int]:
        """How many runs trained for all epochs that they might, and how many runs there are."""
        runs = self.frame("runs").query("objective == @objective & corpus in @self.corpora")
        return int((runs["stop_epoch"] == runs["max_epochs"]).sum()), len(runs)

    def runs_of(self, objective: str, corpus: str) -> pd.DataFrame:
        """The runs of an objective on a corpus."""
        return self.frame("runs").query("objective == @objective & corpus == @corpus")

    def over(self, baseline: str, objective: str, corpus: str) -> pd.Series:
        """How far an objective is ahead of another in test accuracy on the seeds of both, as ``_mean``."""
        runs = self.frame("runs").query("corpus == @corpus")
        scores = runs.pivot_table("test_accuracy", "seed", "objective")
        return _mean((scores[objective] - scores[baseline]).dropna())

    def clear(self, side: str, baseline: str, objectives: list[str], corpus: str) -> list[str]:
        """Which objectives have the whole interval of their difference from another on one side of zero.

        ``side`` is "ahead" or "behind".
        """
        end, sign = {"ahead": ("low", 1), "behind": ("high", -1)}[side]
        return [key for key in objectives if sign * self.over(baseline, key, corpus)[end] > 0]

    def clear_on(self, side: str, baseline: str, objective: str) -> list[str]:
        """The finished corpora on which an objective is ``clear`` of another."""
        return [corpus for corpus in self.corpora if self.clear(side, baseline, [objective], corpus)]

    def first(self, baseline: str, objectives: list[str]) -> str:
        """Which objective is ahead of another by most over the finished corpora."""
        return max(objectives, key=lambda key: self.over_corpora(baseline, key)["difference"])

    def clearly(self, side: str, baseline: str, objectives: list[str]) -> str:
        """Those that are ``clear`` on each finished corpus, in words."""
        found = []
        for corpus, title in self.corpora.items():
            if names := [self.title(key) for key in self.clear(side, baseline, objectives, corpus)]:
                found.append(f"{'all' if 1 < len(names) == len(objectives) else listed(names)} on {title}")
        return "; ".join(found) or "none on any corpus"

    def widths(self, objective: str) -> pd.DataFrame:
        """What the graphs of an objective said: finished corpora by (first or best, measure); see ``tables.widths``."""
        rows = self.table("widths").query("objective == @objective")
        return rows.pivot_table(["first", "best"], "corpus", "measure").loc[list(self.corpora)]

    def judged(self, claim: str) -> dict[str, Any]:
        """What this study says of a claim; see ``claims.judging``."""
        return judged_in(self.folder, claim)

    def numbers(self, claim: str) -> pd.DataFrame:
        """The numbers behind a claim as this study judges it, e.g. one row per cell."""
        return pd.DataFrame(self.judged(claim)["numbers"])

    def ahead(self, claim: str) -> pd.Series:
        """The mean of G-Loss less that of the best baseline on the finished corpora, of a claim on cells won."""
        cells = self.by_corpus(self.numbers(claim).dropna(subset="baseline_mean"))
        return cells["mean"] - cells["baseline_mean"]

    def scores(self, protocol: str, seeds: int) -> str:
        """The accuracies of a protocol and their means over corpora as a Markdown table, the best of a corpus in bold.

        Args:
            seeds: Objectives with fewer are left out; the others are ranked among themselves.
        """
        table = self.table(protocol).query("metric == 'accuracy' & corpus in @self.corpora")
        table = table[table.groupby("objective")["n_seeds"].transform("min") >= seeds]
        table = table.assign(rank=table.groupby("corpus")["mean"].rank(ascending=False, method="min"))
        rows = []
        for objective, own in table.groupby("objective", sort=False):
            cells = [_spread(score) for _, score in self.by_corpus(own).iterrows()]
            rows.append([self.title(objective), *cells, number(own["mean"].mean(), 2)])
        headers = [protocol.capitalize(), *self.corpora.values(), "Mean"]
        return pipe_table(headers, rows, [False, *[True] * (len(headers) - 1)])

    def title(self, objective: str) -> str:
        """The title of an objective's key."""
        key = ObjectiveKey.parse(objective)
        return with_changes(self.objectives[key.base].title, key.preset, key.changes, symbols={})

    def titles(self, corpora: Iterable[str]) -> list[str]:
        """The titles of corpora."""
        return [self.corpora[corpus] for corpus in corpora]

    def each(self, values: pd.Series, decimals: int) -> str:
        """Differences by corpus, in words."""
        return ", ".join(f"{signed(value, decimals)} on {self.corpora[corpus]}" for corpus, value in values.items())


def _mean(differences: pd.Series) -> pd.Series:
    """The mean of differences, the low and the high end of its 95 % interval (Student's t), and their number n."""
    low, high = t_interval(differences)
    return pd.Series({"difference": differences.mean(), "low": low, "high": high, "n": len(differences)})


def ends(values: Iterable[float], decimals: int) -> str:
    """The smallest and the largest of some numbers, e.g. "0.2 to 0.5"; one number if both have the same text."""
    return span(min(values), max(values), lambda end: number(end, decimals), " to ")


def _spread(score: pd.Series) -> str:
    """A mean over seeds and its standard deviation, one decimal each, in bold where it is the best of its corpus."""
    text = mean_spread(score["mean"], score["std"], 1)
    return f"**{text}**" if score["rank"] == 1 else text


def pages(root: Path) -> dict[Path, str]:
    """The pages on studies by their files, each made from the template beside it.

    GlossbenchError if a file of a study that a page speaks of is missing, or something that it says does not hold.
    """
    environment = Environment(
        loader=FileSystemLoader(root), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    config = root / "config"
    claims, registries = load_claims(config), read_registries(config)

    def study(name: str) -> Findings:
        return Findings(root / "results" / name, registries)

    def judged(key: str) -> dict[str, Any]:
        return {"study": claims[key].judged_in} | judgement(root, key, claims[key])

    def holds(condition: bool, text: str) -> str:
        if not condition:
            raise GlossbenchError(f"{template}: {text}: it does not hold")
        return text

    texts = {
        "number": number,
        "mean_spread": mean_spread,
        "signed": signed,
        "significant": significant,
        "listed": listed,
        "ends": ends,
    }
    shared = {"study": study, "judged": judged, "holds": holds, "claims": list(claims), **texts}
    made = {}
    for template in sorted(path.relative_to(root) for path in root.glob(TEMPLATES)):
        made[root / template.with_suffix("")] = environment.get_template(str(template)).render(**shared)
    return made
