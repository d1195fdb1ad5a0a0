"""The card of a prepared corpus: its words, its size, and what is odd about it."""

import json
from pathlib import Path

import pandas as pd

from glossbench.data.corpora import contents
from glossbench.errors import CorpusError
from glossbench.job.atomic import replacing


def describe(parts: dict[str, pd.DataFrame], class_names: list[str], words: dict) -> dict:
    """Count what a reader of results should know of a corpus.

    parts: {"train", "val", "test"} -> frame with text, text_pair where documents are pairs, and label. words: what
    ``entries.card_settings`` gives, taken over as they are, ``split`` as one line. Raises CorpusError where its
    ``documents``, the sizes that the registry states, are not those of the parts. Texts, or pairs of them, are
    compared exactly. n_duplicates: documents whose text occurs earlier in the corpus; n_test_in_train: test documents
    whose text also stands in train or val; n_conflicts: distinct texts of train and val with more than one label;
    words are what white space parts, a pair's together.
    """
    words = dict(words)
    _check_sizes(parts, words.pop("documents", None), words.get("corpus"))
    whole = pd.concat(parts.values(), ignore_index=True)
    learned = pd.concat([parts["train"], parts["val"]], ignore_index=True)
    texts = [whole[column] for column in ("text", "text_pair") if column in whole]
    n_words = [sum(len(text.split()) for text in document) for document in zip(*texts, strict=True)]
    known, tested = contents(learned), contents(parts["test"])
    counts = {
        part: {name: int((frame["label"] == label).sum()) for label, name in enumerate(class_names)}
        for part, frame in parts.items()
    }
    return words | {
        "split": split_line(words["split"]),
        "n_documents": len(whole),
        **{f"n_{part}": len(frame) for part, frame in parts.items()},
        "n_classes": len(class_names),
        "class_names": class_names,
        "class_counts": counts,
        "n_classes_missing": {part: list(of.values()).count(0) for part, of in counts.items()},
        "n_empty": sum(not any(document) for document in zip(*texts, strict=True)),
        "n_duplicates": int(contents(whole).duplicated().sum()),
        "n_test_in_train": int(tested.isin(known).sum()),
        "n_conflicts": int((learned["label"].groupby(known).nunique() > 1).sum()),
        "mean_words": round(sum(n_words) / len(n_words), 2),
        "max_words": max(n_words),
    }


def _check_sizes(parts: dict[str, pd.DataFrame], stated: dict[str, int] | None, corpus: str | None) -> None:
    found = {part: len(frame) for part, frame in parts.items()}
    if stated not in (None, found):
        raise CorpusError(
            f"{corpus}: {split_line(found)} documents found, expected {split_line(stated)}; "
            f"correct `documents:` in the corpus's entry"
        )


def split_line(split: str | dict) -> str:
    """The registry's split as one line: "paper", or its settings by name."""
    return split if isinstance(split, str) else ", ".join(f"{key} {split[key]}" for key in sorted(split))


def write_card(card: dict, path: str | Path) -> None:
    """Write a card as JSON, keys sorted, two spaces a level."""
    with replacing(path) as temporary:
        text = json.dumps(card, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        temporary.write_text(text, encoding="utf-8")
