"""G-Loss with the trainer of sentence-transformers: needs sentence-transformers and datasets.

python examples/sentence_transformers_trainer.py resources/encoders/minilm-l6 FOLDER_TO_WRITE_TO
"""

import sys

from datasets import Dataset
from glossbench.sentence_transformers import GraphLoss
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments


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
    settings = {"per_device_train_batch_size": 16, **settings}  # the graph is that of a batch: 8 would be few documents
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(folder, report_to="none", save_strategy="no", **settings),
        train_dataset=Dataset.from_dict({"sentence": texts, "label": labels}),
        loss=GraphLoss(model, neighbors=4, mini_batch_size=8),
    )
    trainer.train()
    return trainer


if __name__ == "__main__":
    encoder, folder = sys.argv[1:]
    texts = [f"{start} {end}." for start in ("Stir", "Salt", "Fry", "Boil") for end in ("the soup", "the beans")]
    texts += [f"{start} {end}." for start in ("Hoist", "Furl", "Reef", "Trim") for end in ("the sail", "the jib")]
    fine_tune(SentenceTransformer(encoder), texts, [0] * 8 + [1] * 8, folder, num_train_epochs=3, logging_steps=1)
