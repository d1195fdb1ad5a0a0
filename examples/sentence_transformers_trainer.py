"""G-Loss with the trainer of sentence-transformers, whose losses take features and labels."""

from datasets import Dataset
from glossbench.losses import GLoss
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from torch import nn


class GraphLoss(nn.Module):
    """Computes the embeddings of a batch and their G-Loss."""

    def __init__(self, model: SentenceTransformer, **settings):
        super().__init__()
        self.model, self.loss = model, GLoss(**settings)

    def forward(self, sentence_features, labels):
        """G-Loss of a batch. sentence_features: a list with one dictionary of tokens; labels: (B,)."""
        (features,) = sentence_features
        return self.loss(self.model(features)["sentence_embedding"], labels)


def fine_tune(model: SentenceTransformer, texts: list[str], labels: list[int], folder: str, **settings):
    """Train a model in place.

    Args:
        model: the model to train.
        texts: training documents.
        labels: a class for each document.
        folder: where the trainer writes to.
        settings: arguments of SentenceTransformerTrainingArguments.

    Returns:
        The trainer.
    """
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(folder, report_to="none", save_strategy="no", **settings),
        train_dataset=Dataset.from_dict({"sentence": texts, "label": labels}),
        loss=GraphLoss(model, sigma=0.5, labeled_fraction=0.7),
    )
    trainer.train()
    return trainer
