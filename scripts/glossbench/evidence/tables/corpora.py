"""T1: the corpora, their sizes, counts of unusual documents, and what of them runs used and encoders knew."""

import pandas as pd

from glossbench.evidence.selection import no_rows
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange, encoder_name, in_order
from glossbench.evidence.text.numbers import number
from glossbench.settings.model import SPLITS

COUNTS = {
    "n_documents": "Documents", "n_train": "Train", "n_val": "Validation", "n_test": "Test", "n_classes": "Classes",
    "n_empty": "Empty", "n_duplicates": "Duplicates", "n_test_in_train": "Test in train", "n_conflicts": "Conflicts",
}  # fmt: skip
ABOUT = ["title", "source", "licence"]
UNKNOWN, TRUNCATED = "unknown_tokens", "truncated_tokens"
USED = "Used: as many documents of the training, validation and test part as runs read, drawn from each class alike."
TOKENS = (
    "Beside each encoder: percent of the tokens of the training documents that it does not know, and percent that it "
    "does not see, since documents are cut off at the maximum length."
)

select = no_rows  # the table describes the prepared corpora, whatever was run on them


def tidy(corpora: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """What is known of each corpus.

    Returns:
        One row per corpus: corpus, the counts (integers), title, source, licence, the documents of each split that
        runs used (used_train and so on; all where there is no run), and, where runs say them, for each encoder the
        shares of tokens of the training documents: unknown_tokens_{encoder} and truncated_tokens_{encoder}.
    """
    table = arrange(corpora, ["corpus"])[["corpus", *COUNTS, *ABOUT]].astype(dict.fromkeys(COUNTS, "int64"))
    of_runs = runs.groupby("corpus")
    for split in SPLITS:
        used = table["corpus"].map(of_runs[f"n_{split}"].max())
        table[f"used_{split}"] = used.fillna(table[f"n_{split}"]).astype("int64")
    known = runs.dropna(subset=[UNKNOWN, TRUNCATED])
    for encoder in in_order(known["encoder"], "encoder"):
        shares = known[known["encoder"] == encoder].groupby("corpus")[[UNKNOWN, TRUNCATED]].max()
        table = table.assign(**{f"{name}_{encoder}": table["corpus"].map(shares[name]) for name in shares})
    return table


def layout(table: pd.DataFrame) -> Layout:
    """One row per corpus, a column per count, and those of what was used and not known."""
    columns = {title: table[count].map(number) for count, title in COUNTS.items()}
    used, whole = (table[[f"{what}_{split}" for split in SPLITS]].to_numpy() for what in ("used", "n"))
    if partly := bool((used < whole).any()):
        columns["Used"] = [" / ".join(map(number, sizes)) for sizes in used]
    encoders = [name.removeprefix(f"{UNKNOWN}_") for name in table if name.startswith(UNKNOWN)]
    for encoder in encoders:
        shares = 100 * table[[f"{UNKNOWN}_{encoder}", f"{TRUNCATED}_{encoder}"]].to_numpy()
        columns[encoder_name(encoder)] = [" / ".join(number(share, 1) for share in both) for both in shares]
    notes = (USED if partly else None, TOKENS if encoders else None)
    return Layout.unranked(table, ["corpus"], columns).with_notes(*notes)
