"""G-Loss with the trainer of sentence-transformers: a loss there takes features and labels, this one passes them on."""

from datasets import Dataset
from glossbench.losses import GLoss
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from torch import nn


class GraphLoss(nn.Module):
    """Embeds a batch once and hands it to G-Loss."""

    def __init__(self, model: SentenceTransformer, **settings):
        super().__init__()
        self.model, self.loss = model, GLoss(**settings)

    def forward(self, sentence_features, labels):
        """sentence_features: one dictionary of tokens; labels: (B,)."""
        (features,) = sentence_features
        return self.loss(self.model(features)["sentence_embedding"], labels)


def fine_tune(model: SentenceTransformer, texts: list[str], labels: list[int], folder: str, **settings):
    """Trains the model in place. settings: of SentenceTransformerTrainingArguments. Returns the trainer."""
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(folder, report_to="none", save_strategy="no", **settings),
        train_dataset=Dataset.from_dict({"sentence": texts, "label": labels}),
        loss=GraphLoss(model, sigma=0.5, labeled_fraction=0.7),
    )
    trainer.train()
    return trainer
