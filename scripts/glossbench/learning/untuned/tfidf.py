"""tf-idf of words and word pairs with a logistic regression, on the texts of documents in full."""

from pathlib import Path

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from glossbench.data.corpora import read_split
from glossbench.data.splitting import rows_of_subset, subset_of_run
from glossbench.errors import TrainingError
from glossbench.learning.evaluation.probing import best_on_validation
from glossbench.learning.untuned.run import UntunedResult
from glossbench.settings.jobs import UntunedSettings
from glossbench.settings.model import SPLITS

FEWEST_DOCUMENTS = 2  # training documents that a word or word pair must be in; of those in one nothing can be learned


def classify(settings: UntunedSettings, files: dict[str, Path], device: torch.device) -> UntunedResult:
    """Fit the classifier on the training documents, C chosen by macro-F1 on validation.

    Args:
        settings: ``subset``, and ``probe`` with the values of ``C`` to choose from and ``max_iter``.
        files: The prepared splits "train", "val" and "test".
        device: Not used: everything is computed on the CPU with one thread.

    Raises:
        TrainingError: The training documents have no word in common.
    """
    texts, labels, doc_ids, subset = {}, {}, {}, dict(subset_of_run(settings.subset, settings.seed))
    for name in SPLITS:  # the documents that other runs read as tokens
        frame, _ = read_split(files[name])
        rows = rows_of_subset(frame["label"].to_numpy(), name, subset)
        frame = frame if rows is None else frame.iloc[rows]
        pairs = "\n" + frame["text_pair"] if "text_pair" in frame else ""
        texts[name], labels[name] = (frame["text"] + pairs).to_numpy(), frame["label"].to_numpy()
        doc_ids[name] = frame["doc_id"].tolist()
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=FEWEST_DOCUMENTS)
    try:
        vectorizer.fit(texts["train"])
    except ValueError as error:
        raise TrainingError(f"no word is in {FEWEST_DOCUMENTS} of the training documents ({error})") from None
    train, val, test = ((vectorizer.transform(texts[name]), labels[name]) for name in SPLITS)

    def make(strength: float) -> LogisticRegression:
        return LogisticRegression(C=strength, max_iter=settings.probe.max_iter)

    with threadpool_limits(1):  # results must not depend on the number of threads
        fitted, strength = best_on_validation(make, settings.probe.C, train, val)
    predicted = {"val": fitted.predict(val[0]), "test": fitted.predict(test[0])}
    return UntunedResult(labels, doc_ids["test"], predicted, strength, precision="float64")
