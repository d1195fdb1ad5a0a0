"""The card of a prepared corpus: its description, its size, and counts of duplicates and conflicts."""

import pandas as pd

from glossbench.data.corpora import contents
from glossbench.errors import CorpusError


def describe(splits: dict[str, pd.DataFrame], class_names: list[str], settings: dict) -> dict:
    """Count what a reader of results should know about a corpus.

    Texts, or pairs of texts, are compared exactly.

    Args:
        splits: Frames by "train", "val" and "test", with doc_id, text, label, and text_pair where documents are pairs.
        class_names: Name of each label.
        settings: What ``entries.card_settings`` gives. It is copied to the card, except for ``documents``, the sizes
            that the registry states, and ``splitting``, which becomes one line of text under "split".

    Returns:
        The card. n_duplicates counts documents whose text occurs earlier in the corpus, n_test_in_train test
        documents whose text is also in train or val (test_in_train lists their ids), n_conflicts distinct texts of
        train and val with more than one label, n_empty documents without text.

    Raises:
        CorpusError: The splits do not have the sizes that the registry states.
    """
    settings = dict(settings)
    splitting, stated = settings.pop("splitting"), settings.pop("documents", None)
    found = {split: len(frame) for split, frame in splits.items()}
    if stated not in (None, found):
        raise CorpusError(
            f"{settings.get('corpus')}: {_spelled(found)} documents found, expected {_spelled(stated)}; "
            f"correct `documents:` in the corpus's entry"
        )
    whole = pd.concat(splits.values(), ignore_index=True)
    learned = pd.concat([splits["train"], splits["val"]], ignore_index=True)
    texts = [whole[column] for column in ("text", "text_pair") if column in whole]
    known, tested = contents(learned), contents(splits["test"])
    counts = {
        split: {name: int((frame["label"] == label).sum()) for label, name in enumerate(class_names)}
        for split, frame in splits.items()
    }
    return settings | {
        "split": _spelled(splitting),
        "n_documents": len(whole),
        **{f"n_{split}": size for split, size in found.items()},
        "n_classes": len(class_names),
        "class_names": class_names,
        "class_counts": counts,
        "n_classes_missing": {split: list(by_class.values()).count(0) for split, by_class in counts.items()},
        "n_empty": sum(not any(document) for document in zip(*texts, strict=True)),
        "n_duplicates": int(contents(whole).duplicated().sum()),
        "n_test_in_train": int(tested.isin(known).sum()),
        "test_in_train": splits["test"].loc[tested.isin(known), "doc_id"].tolist(),
        "n_conflicts": int((learned["label"].groupby(known).nunique() > 1).sum()),
    }


def _spelled(settings: str | dict) -> str:
    """Text as it is; a mapping as "key value, key value", sorted by key."""
    return settings if isinstance(settings, str) else ", ".join(f"{key} {settings[key]}" for key in sorted(settings))
