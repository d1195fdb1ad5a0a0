"""G-Loss beside cross-entropy with the Trainer of transformers: needs transformers, accelerate and datasets.

python examples/huggingface_trainer.py resources/encoders/minilm-l6 FOLDER_TO_WRITE_TO
"""

import sys

import torch.nn.functional as F
from datasets import Dataset
from glossbench import GLoss
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments


class GraphTrainer(Trainer):
    """A Trainer whose loss is (1 - weight) cross-entropy + weight G-Loss of the first token's embeddings."""

    def __init__(self, *args, loss_fn, weight=0.5, **kwargs):
        super().__init__(*args, **kwargs)
        self.loss_fn, self.weight = loss_fn, weight
        # Otherwise, with gradient accumulation, the loss is taken for one that was divided by the number of steps.
        self.model_accepts_loss_kwargs = False

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """The loss of a batch."""
        inputs = dict(inputs)
        labels = inputs.pop("labels")
        outputs = model(**inputs, output_hidden_states=True)
        embeddings = outputs.hidden_states[-1][:, 0]
        graph = self.loss_fn.train(model.training)(embeddings, labels)  # the same value for the same evaluation batch
        loss = (1 - self.weight) * F.cross_entropy(outputs.logits, labels) + self.weight * graph
        return (loss, {"logits": outputs.logits}) if return_outputs else loss  # all else evaluation would collect


def accuracy(predicted):
    """Share of documents whose most probable class is theirs."""
    return {"accuracy": (predicted.predictions.argmax(axis=1) == predicted.label_ids).mean()}


def fine_tune(encoder, texts, labels, folder, **settings):
    """Train a classifier on documents and their classes. settings: of TrainingArguments. Returns the trainer."""
    # The graph is that of a batch, of which the default, 8, would be few documents. Evaluation batches are in the order
    # of the dataset: one of a single class would have a G-Loss of 0.
    settings = {"per_device_train_batch_size": 16, "per_device_eval_batch_size": 16, **settings}
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    dataset = Dataset.from_dict({"labels": labels, **tokenizer(texts, truncation=True, max_length=64)})
    trainer = GraphTrainer(
        model=AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=max(labels) + 1),
        args=TrainingArguments(folder, remove_unused_columns=False, report_to="none", save_strategy="no", **settings),
        train_dataset=dataset,
        eval_dataset=dataset,
        processing_class=tokenizer,
        compute_metrics=accuracy,
        loss_fn=GLoss(neighbors=4),
    )
    trainer.train()
    return trainer


if __name__ == "__main__":
    encoder, folder = sys.argv[1:]
    texts = [f"{start} {end}." for start in ("Stir", "Salt", "Fry", "Boil") for end in ("the soup", "the beans")]
    texts += [f"{start} {end}." for start in ("Hoist", "Furl", "Reef", "Trim") for end in ("the sail", "the jib")]
    trainer = fine_tune(encoder, texts, [0] * 8 + [1] * 8, folder, num_train_epochs=3, logging_steps=1)
    print(trainer.evaluate())
