"""Whether runs saw the documents and trained the encoder that a published number stands on."""

import pandas as pd

from glossbench.evidence.text.layout import number

# Documents to learn from (train and validation together, since who holds out what may differ) and to test on, as
# the paper's T1 counts them. GLUE: the train and validation parts of nyu-mll/glue, whose test labels are not public.
DOCUMENTS = {
    "mr": (6397 + 711, 3554),
    "r8": (4936 + 549, 2189),
    "r52": (5865 + 667, 2568),
    "ohsumed": (3021 + 336, 4043),
    "20ng": (10182 + 1132, 7532),
    "sst2": (67349, 872),
    "qnli": (104743, 5463),
}
# As the paper counts them, in round millions: with or without a pooler and a head they are the same encoder.
PARAMETERS = {"distilbert": 66e6, "bert-base": 110e6, "roberta-large": 356e6}
WHOLE = 0.98


def departures(runs: pd.DataFrame, corpus: str, encoder: str) -> list[str]:
    """In which respects runs of one cell did less than the paper: a few words each, none if in no respect.

    runs: rows of runs.parquet (n_train, n_val, n_test, n_trainable, n_parameters) of that corpus and encoder. A
    corpus whose whole size is unknown is not judged by it.
    """
    found = []
    if corpus in DOCUMENTS:
        learned, tested = (runs["n_train"] + runs["n_val"]).min(), runs["n_test"].min()
        to_learn, to_test = DOCUMENTS[corpus]
        if learned != to_learn:
            found.append(f"learned from {number(learned)} of {number(to_learn)} documents")
        if tested != to_test:
            found.append(f"tested on {number(tested)} of {number(to_test)}")
    trained, whole = runs["n_trainable"].min(), PARAMETERS.get(encoder, runs["n_parameters"].max())
    if trained < WHOLE * whole:
        found.append(f"trained {trained / 1e6:.1f} of {whole / 1e6:.1f} million parameters")
    return found
