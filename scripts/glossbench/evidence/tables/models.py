"""T5: accuracy of published models and of our best G-Loss + CE with each encoder."""

import pandas as pd

from glossbench.evidence.differences import size_differences
from glossbench.evidence.tables.layout import Layout, grid
from glossbench.evidence.tables.scores import over_seeds
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name
from glossbench.evidence.text.numbers import mean_spread, number, rounded
from glossbench.paper import Facts

COLUMNS = [
    "source", "model", "transductive", "encoder", "objective", "corpus", "accuracy", "std", "n_seeds", "departures",
    "rank",
]  # fmt: skip
SEES = "Sees the test documents"


def select(runs: pd.DataFrame, gloss: list[str], corpora: list[str]) -> pd.DataFrame:
    """Rows of G-Loss + CE on these corpora, for both ways of choosing sigma."""
    return runs[runs["corpus"].isin(corpora) & runs["objective"].isin(gloss)]


def tidy(runs: pd.DataFrame, models: pd.DataFrame, facts: Facts, gloss: list[str], corpora: list[str]) -> pd.DataFrame:
    """Accuracy of published models and of ours.

    For each corpus and encoder, ours is the objective with the better validation macro-F1, whatever the test scores.

    Args:
        runs: The collected runs.
        models: From ``published_models``.
        facts: The paper's sizes.
        gloss: Objective keys.
        corpora: Corpus keys.

    Returns:
        One row per model and corpus: source ("published" or "ours"), transductive (whether the model reads the test
        documents while it is trained), accuracy in percent, std, n_seeds, departures
        (the differences that make a score of ours not comparable) and rank (among all models of the corpus, by the
        rounded accuracy). Scores that are not comparable have no rank.
    """
    theirs = models.assign(source="published", departures="")
    ours = _ours(select(runs, gloss, corpora), gloss, facts)
    table = pd.concat([theirs, ours], ignore_index=True).reindex(columns=COLUMNS[:-1])
    competing = table["accuracy"].astype(float).map(lambda value: rounded(value, 2)).where(table["departures"] == "")
    ranks = competing.groupby(table["corpus"]).rank("min", ascending=False)
    return table.assign(rank=ranks.astype("Int64"))


def _ours(runs: pd.DataFrame, gloss: list[str], facts: Facts) -> pd.DataFrame:
    best = _validated_best(runs, gloss)
    scores = over_seeds(best, ["accuracy"])
    differences = {
        cell: ", ".join(size_differences(rows, *cell, facts)) for cell, rows in best.groupby(["corpus", "encoder"])
    }
    places = zip(scores["corpus"], scores["encoder"], strict=True)
    named = scores.assign(
        source="ours",
        transductive=False,
        model=[f"G-Loss + {encoder_name(encoder)} (ours)" for encoder in scores["encoder"]],
        departures=[differences[place] for place in places],
    )
    return arrange(named.rename(columns={"mean": "accuracy"}), ["encoder", "corpus"])[COLUMNS[:-1]]


def _validated_best(runs: pd.DataFrame, gloss: list[str]) -> pd.DataFrame:
    """The runs of the objective with the highest mean validation macro-F1 of each corpus and encoder.

    If several are equal, the first of ``gloss`` is taken.
    """
    means = runs.groupby(["corpus", "encoder", "objective"], as_index=False)["val_macro_f1"].mean()
    ordered = means.assign(place=means["objective"].map(gloss.index)).sort_values("place", kind="stable")
    best = ordered.sort_values("val_macro_f1", ascending=False, kind="stable", na_position="last")
    best = best.drop_duplicates(["corpus", "encoder"])
    return runs.merge(best[["corpus", "encoder", "objective"]])


def layout(table: pd.DataFrame, **_: list[str]) -> Layout:
    """One row per model, one column per corpus, and whether the model is transductive.

    Scores of ours that are not comparable have a dagger.
    """
    titled = table.rename(columns={"model": "Model"}).drop(columns="n_seeds")
    titled = titled.assign(
        text=[_text(row) for row in table.itertuples(index=False)],
        mark=table["rank"].where(table["rank"] <= 2, 0).fillna(0).astype(int),
    )
    sees = {
        (model,): "yes" if transductive else "no"
        for model, transductive in table.groupby("model")["transductive"].any().items()
    }
    models = [(model,) for model in dict.fromkeys(table["model"])]
    laid_out = grid(titled, ["Model"], ["corpus"], row_keys=models, beside={SEES: sees})
    places = [SEES, *laid_out.cells.columns.drop(SEES)]
    laid_out = Layout(laid_out.cells[places], laid_out.ranks[places], worded=frozenset([SEES]))
    return laid_out.with_notes(_not_comparable(table))


def _text(row) -> str:
    score = number(row.accuracy, 2) if row.source == "published" else mean_spread(row.accuracy, row.std)
    return f"{score} †" if row.departures else score


def _not_comparable(table: pd.DataFrame) -> str | None:
    """A note with the differences of our scores that are not comparable; None if all are."""
    rows = table[table["departures"] != ""]
    if rows.empty:
        return None
    reasons = dict.fromkeys(f"{corpus_name(row.corpus)}: {row.departures}" for row in rows.itertuples(index=False))
    return f"† Not comparable with the published scores, and not ranked. {'; '.join(reasons)}."
