"""tf-idf of words and word pairs with a logistic regression, on the texts of documents in full."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from glossbench.data.corpora import SPLITS, read_split
from glossbench.data.splitting import rows_of_subset
from glossbench.errors import TrainingError
from glossbench.learning.evaluation.probing import best_on_validation
from glossbench.learning.untuned import Classified
from glossbench.settings.jobs import UntunedSettings
from glossbench.settings.training import Subset

FEWEST_DOCUMENTS = 2  # training documents that a word or word pair must be in; of those in one nothing can be learned


def classify(settings: UntunedSettings, files: dict[str, Path], device: torch.device) -> Classified:
    """Fit the classifier on the training documents, C chosen by macro-F1 on validation.

    Args:
        settings: ``subset``, and ``probe`` with the values of ``C`` to choose from and ``max_iter``.
        files: The prepared splits "train", "val" and "test".
        device: Not used: everything is computed on the CPU with one thread.

    Raises:
        TrainingError: The training documents have no word in common.
    """
    splits = {name: _documents(files[name], name, settings.subset) for name in SPLITS}
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=FEWEST_DOCUMENTS)
    try:
        vectorizer.fit(_texts(splits["train"]))
    except ValueError as error:
        raise TrainingError(f"no word is in {FEWEST_DOCUMENTS} of the training documents ({error})") from None
    features = {name: vectorizer.transform(_texts(frame)) for name, frame in splits.items()}
    labels = {name: frame["label"].to_numpy() for name, frame in splits.items()}

    def fit(strength: float) -> LogisticRegression:
        classifier = LogisticRegression(C=strength, max_iter=settings.probe.max_iter)
        return classifier.fit(features["train"], labels["train"])

    with threadpool_limits(1):  # results must not depend on the number of threads
        fitted, strength = best_on_validation(fit, settings.probe.C, (features["val"], labels["val"]))
    predicted = {name: fitted.predict(features[name]) for name in ("val", "test")}
    return Classified(labels, splits["test"]["doc_id"].tolist(), predicted, strength, precision="float64")


def _documents(path: Path, split: str, subset: Subset) -> pd.DataFrame:
    """The documents of a split that other runs read as tokens."""
    frame, _ = read_split(path)
    rows = rows_of_subset(frame["label"].to_numpy(), split, dict(subset))
    return frame if rows is None else frame.iloc[rows]


def _texts(documents: pd.DataFrame) -> np.ndarray:
    """The text of each document, that of a pair as one text."""
    if "text_pair" not in documents:
        return documents["text"].to_numpy()
    return (documents["text"] + "\n" + documents["text_pair"]).to_numpy()
