"""T5: accuracy of published models and of our best G-Loss + CE with each encoder."""

from typing import Any

import pandas as pd

from glossbench.evidence.notes import note_of
from glossbench.evidence.sizes import differences_by_cell
from glossbench.evidence.statistics.scores import over_seeds
from glossbench.evidence.tables.layout import Layout, grid
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name
from glossbench.evidence.text.numbers import mean_spread, number, rounded
from glossbench.frames import CELL, EXPERIMENT
from glossbench.paper import Facts

COLUMNS = [
    "source", "model", "transductive", "encoder", "objective", "corpus", "accuracy", "std", "n_seeds",
    "differences_from_paper",
]  # fmt: skip
SEES = "Sees the test documents"


def select(runs: pd.DataFrame, gloss: list[str], corpora: list[str]) -> pd.DataFrame:
    """Rows of G-Loss + CE on these corpora, for both ways of choosing sigma."""
    return runs[runs["corpus"].isin(corpora) & runs["objective"].isin(gloss)]


def tidy(runs: pd.DataFrame, models: pd.DataFrame, facts: Facts, gloss: list[str], corpora: list[str]) -> pd.DataFrame:
    """Accuracy of published models and of ours.

    For each corpus and encoder, ours is the objective with the best mean validation macro-F1, whatever the test scores;
    among equal ones, the first of ``gloss``.

    ``models`` is from ``published_models``, ``facts`` has the paper's sizes.

    Returns:
        One row per model and corpus: source ("published" or "ours"), transductive (whether the model reads the test
        documents while it is trained), accuracy in percent, std, n_seeds, differences_from_paper (those that make a
        score of ours not comparable) and rank (among all models of the corpus, by the rounded accuracy). Scores that
        are not comparable have no rank.
    """
    rows = select(runs, gloss, corpora)
    means = rows.groupby(EXPERIMENT, as_index=False)["val_macro_f1"].mean()
    means = means.assign(place=means["objective"].map(gloss.index))
    best = means.sort_values(["val_macro_f1", "place"], ascending=[False, True]).drop_duplicates(CELL)
    rows = rows.merge(best[EXPERIMENT])
    ours = arrange(over_seeds(rows, ["accuracy"]), ["encoder", "corpus"]).rename(columns={"mean": "accuracy"})
    differences = ours.set_index(EXPERIMENT).index.map(differences_by_cell(rows, facts))
    names = [f"G-Loss + {encoder_name(encoder)} (ours)" for encoder in ours["encoder"]]
    ours = ours.assign(source="ours", transductive=False, model=names, differences_from_paper=differences)
    theirs = models.assign(source="published", differences_from_paper="")
    table = pd.concat([theirs, ours], ignore_index=True).reindex(columns=COLUMNS)
    competing = table["accuracy"].astype(float).map(lambda value: rounded(value, 2))
    competing = competing.where(table["differences_from_paper"] == "").groupby(table["corpus"])
    return table.assign(rank=competing.rank("min", ascending=False).astype("Int64"))


def layout(table: pd.DataFrame, **_: Any) -> Layout:
    """One row per model, one column per corpus, and whether the model is transductive.

    Scores of ours that are not comparable have a dagger.
    """
    titled = (
        table.rename(columns={"model": "Model"}).drop(columns="n_seeds").assign(text=[*map(_text, table.itertuples())])
    )
    transductive = table.groupby("model", sort=False)["transductive"].any()
    sees = {(model,): "yes" if sees else "no" for model, sees in transductive.items()}
    laid_out = grid(titled, ["Model"], ["corpus"], row_keys=list(sees), beside={SEES: sees})
    places = [SEES, *laid_out.cells.columns.drop(SEES)]
    differences = zip(table["corpus"], table["differences_from_paper"], strict=True)
    reasons = [f"{corpus_name(corpus)}: {reason}" for corpus, reason in differences if reason]
    return Layout(laid_out.cells[places], laid_out.ranks[places], worded=frozenset([SEES])).with_notes(
        note_of("† Not comparable with the published scores, and not ranked.", reasons)
    )


def _text(row) -> str:
    score = number(row.accuracy, 2) if row.source == "published" else mean_spread(row.accuracy, row.std)
    return f"{score} †" if row.differences_from_paper else score
