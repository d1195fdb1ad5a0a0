"""The best validation score that a random search can expect after n trials, and what it scores on test documents."""

import pandas as pd

from glossbench.evidence.selection import no_rows
from glossbench.evidence.statistics.budget import CURVE, LEFT_OUT, SCORES, expected_scores, with_overtaking
from glossbench.evidence.statistics.scores import METRICS, Metric
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import DASH, number
from glossbench.frames import LINE

BUDGETS = (1, 5, 10, 20)  # trials; the last column has all

select = no_rows  # the table is made from trials, which do not depend on runs


def tidy(trials: pd.DataFrame, against: list[str]) -> pd.DataFrame:
    """``expected_scores`` after ``BUDGETS`` and after all trials, ``with_overtaking``; F1 and accuracy in percent."""
    table = with_overtaking(expected_scores(trials), against)
    table = table[table["n"].isin(BUDGETS) | (table["n"] == table["n_trials"])]
    scales = table["score"].map(lambda score: _metric(score).scale).astype(float)
    table = table.assign(**{name: table[name] * scales for name in ("mean", "low", "high")})
    return arrange(table, ["encoder", "corpus", "protocol", "score", "objective", "n"], score=SCORES)


def layout(table: pd.DataFrame, **_) -> Layout:
    """One row per encoder, corpus, score and objective, with a column per number of trials."""
    lines = table[table["n"] == table["n_trials"]]
    columns = {"Trials": lines["n_trials"].map(number)}
    for n in [*BUDGETS, "all"]:
        own = lines if n == "all" else table[table["n"] == n]
        texts = {line[:-1]: number(line[-1], _metric(line[-2]).decimals) for line in _lines(own, "mean")}
        columns[f"{n}"] = [texts.get(line, DASH) for line in _lines(lines)]
    columns["Ahead from"] = lines["overtakes"].map(number)
    titled = lines.assign(Score=[SCORES[score].capitalize().replace("-f1", "-F1") for score in lines["score"]])
    left_out = table.drop_duplicates(LINE)[LEFT_OUT].sum()
    note = "Left out: {:,} pruned trials, {:,} failed ones, and {:,} whose settings were given.".format(*left_out)
    laid_out = Layout.unranked(titled, ["encoder", "corpus", "Score", "objective"], columns)
    return laid_out.with_notes(note if left_out.any() else None)


def _metric(score: str) -> Metric:
    return METRICS[score.partition("_")[2]]


def _lines(table: pd.DataFrame, *columns: str) -> list[tuple]:
    return list(table[[*CURVE, *columns]].itertuples(index=False, name=None))
