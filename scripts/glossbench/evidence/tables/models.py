"""T5: accuracy of published models beside our best G-Loss + CE with each encoder."""

import pandas as pd

from glossbench.evidence.paper.comparable import differences_from_paper
from glossbench.evidence.paper.facts import Facts
from glossbench.evidence.tables.scores import over_seeds
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, in_order
from glossbench.evidence.text.numbers import DASH, mean_spread, number

COLUMNS = ["source", "model", "encoder", "objective", "corpus", "accuracy", "std", "n_seeds", "departures", "rank"]
NOTES: tuple[str, ...] = ()


def select(runs: pd.DataFrame, gloss: list[str], corpora: list[str]) -> pd.DataFrame:
    """Rows of G-Loss + CE, both ways to choose sigma, on these corpora."""
    return runs[runs["corpus"].isin(corpora) & runs["objective"].isin(gloss)]


def tidy(runs: pd.DataFrame, models: pd.DataFrame, facts: Facts, gloss: list[str], corpora: list[str]) -> pd.DataFrame:
    """One row a model and corpus: source (published, ours), accuracy in percent, std, n_seeds, departures, rank.

    ``models`` is what ``published_models`` reads (model, corpus, accuracy), ``runs`` the collected runs.parquet.
    Ours, per corpus and encoder, is the objective with the better validation macro-F1, never the better test
    score. departures says what keeps a score of ours from being set against the others; such a score has no rank.
    rank is the place among all models of a corpus by accuracy as shown.
    """
    theirs = models.assign(source="published", departures="")
    ours = _ours(select(runs, gloss, corpora), gloss, facts)
    table = pd.concat([theirs, ours], ignore_index=True).reindex(columns=COLUMNS[:-1])
    competing = table["accuracy"].round(2).where(table["departures"] == "")
    ranks = competing.groupby(table["corpus"]).rank("min", ascending=False)
    return table.assign(rank=ranks.astype("Int64"))


def _ours(runs: pd.DataFrame, gloss: list[str], facts: Facts) -> pd.DataFrame:
    chosen = _validated_best(runs, gloss)
    scores = over_seeds(chosen, ["accuracy"])
    differences = {
        cell: ", ".join(differences_from_paper(rows, *cell, facts))
        for cell, rows in chosen.groupby(["corpus", "encoder"])
    }
    places = zip(scores["corpus"], scores["encoder"], strict=True)
    named = scores.assign(
        source="ours",
        model=[f"G-Loss + {encoder_name(encoder)} (ours)" for encoder in scores["encoder"]],
        departures=[differences[place] for place in places],
    )
    return arrange(named.rename(columns={"mean": "accuracy"}), ["encoder", "corpus"])[COLUMNS[:-1]]


def _validated_best(runs: pd.DataFrame, gloss: list[str]) -> pd.DataFrame:
    """The runs of one objective per corpus and encoder: the greatest mean validation macro-F1, a tie to the first."""
    means = runs.groupby(["corpus", "encoder", "objective"], as_index=False)["val_macro_f1"].mean()
    ordered = means.assign(place=means["objective"].map(gloss.index)).sort_values("place", kind="stable")
    best = ordered.sort_values("val_macro_f1", ascending=False, kind="stable", na_position="last")
    best = best.drop_duplicates(["corpus", "encoder"])
    return runs.merge(best[["corpus", "encoder", "objective"]])


def layout(table: pd.DataFrame, **_: list[str]) -> Layout:
    """One row a model, one column a corpus; a score of ours out of competition bears a dagger."""
    corpora = in_order(table["corpus"], "corpus")
    models = list(dict.fromkeys(table["model"]))
    found = {(row.model, row.corpus): (_text(row), _mark(row.rank)) for row in table.itertuples(index=False)}
    picked = [[found.get((model, corpus), (DASH, 0)) for corpus in corpora] for model in models]
    index, columns = pd.Index(models, name="Model", dtype=object), [corpus_name(corpus) for corpus in corpora]
    laid_out = Layout(
        pd.DataFrame([[text for text, _ in row] for row in picked], index=index, columns=columns, dtype=object),
        pd.DataFrame([[mark for _, mark in row] for row in picked], index=index, columns=columns, dtype=int),
    )
    return laid_out.with_notes(_why(table))


def _text(row) -> str:
    score = number(row.accuracy, 2) if row.source == "published" else mean_spread(row.accuracy, row.std)
    return f"{score} †" if row.departures else score


def _mark(rank) -> int:
    return int(rank) if not pd.isna(rank) and rank <= 2 else 0


def _why(table: pd.DataFrame) -> str | None:
    out = table[table["departures"] != ""]
    if out.empty:
        return None
    reasons = dict.fromkeys(f"{corpus_name(row.corpus)}: {row.departures}" for row in out.itertuples(index=False))
    return f"† Not comparable with the published scores, and not ranked. {'; '.join(reasons)}."
