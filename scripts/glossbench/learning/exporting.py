"""A fine-tuned encoder as a folder that transformers and sentence-transformers load."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from glossbench.errors import GlossbenchError
from glossbench.files import read_made, reading
from glossbench.learning.encoder.loading import embeddings_name, keep_layers, layer_list, load_backbone

TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.*",
             "merges.txt", "*.model")  # fmt: skip
# Families whose model for classification has tanh(dense(first token)) below its linear layer, and the name of the dense
# layer in it. At this scale tanh changes h by 2e-8 h^2 of itself, and half precision holds the head.
TANH = {
    **dict.fromkeys(("bert",), "bert.pooler.dense"),
    **dict.fromkeys(("roberta", "xlm-roberta", "camembert", "mpnet"), "classifier.dense"),
}
SCALE = 2.0**-12


def export(run: Path, encoder: Path, folder: Path, corpus: Mapping[str, str], entry: Mapping[str, str]) -> list[str]:
    """Write the model of a run with its tokenizer and a model card.

    Args:
        run: Folder of a finished run of a study with ``keep_weights: true``.
        encoder: Folder of its pre-trained encoder.
        folder: Where to write; it must not exist.
        corpus: Title, source and licence of its corpus.
        entry: The same of its encoder.

    Returns:
        What loads it: "AutoModel", "SentenceTransformer" and, for a run with a head whose family has such a model,
        "AutoModelForSequenceClassification".

    Raises:
        GlossbenchError: If the run kept no weights, or the folder exists.
    """
    weights = run / "weights.safetensors"
    if not weights.is_file():
        again = f"set it, delete {run} and run again"
        raise GlossbenchError(f"{weights}: missing; runs of a study with keep_weights: true keep theirs: {again}")
    if folder.exists():
        raise GlossbenchError(f"{folder}: exists, expected a new folder")
    settings, metrics = read_made(run / "settings.json"), read_made(run / "metrics.json")
    with reading(weights):
        stored = load_file(weights)
    classes = class_names(run, settings)
    backbone = fine_tuned(encoder, settings["encoder_settings"], stored)
    head = {name: stored[f"head.{name}"] for name in ("weight", "bias") if f"head.{name}" in stored}
    pooling = settings["encoder_settings"]["pooling"]
    classifier = with_head(backbone, head, classes) if head and pooling == "cls" else None
    loads = ["AutoModel", "SentenceTransformer", *(["AutoModelForSequenceClassification"] if classifier else [])]
    commit = read_made(run / "timing.json").get("commit", "unknown")
    card = model_card(settings, metrics, commit, corpus, entry, loads, f"glossbench export {run} {folder}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".") as aside:
        partial = Path(aside, folder.name)
        (classifier or backbone).save_pretrained(partial)
        if head and classifier is None:
            save_file(head, partial / "head.safetensors")
        for pattern in TOKENIZER:
            for file in encoder.glob(pattern):
                shutil.copy(file, partial)
        as_sentence_transformer(partial, pooling, settings["max_length"], backbone.config.hidden_size)
        (partial / "README.md").write_text(card, encoding="utf-8")
        partial.rename(folder)
    return loads


def class_names(run: Path, settings: dict[str, Any]) -> list[str]:
    """Names of the classes of a run's corpus, from the card beside it, or their numbers where there is none."""
    study = next((parent.parent for parent in run.parents if parent.name == "runs"), run)
    card = study / "corpora" / settings["corpus"] / "card.json"
    return read_made(card)["class_names"] if card.is_file() else [str(i) for i in range(settings["num_classes"])]


def fine_tuned(encoder: Path, settings: dict[str, Any], stored: dict[str, torch.Tensor]) -> nn.Module:
    """The whole backbone of a run: as pre-trained, with what was trained in its place."""
    trained = load_backbone(encoder, settings["layers"])
    embeddings = f"encoder.backbone.{embeddings_name(trained)}."
    if top_alone := not any(name.startswith(embeddings) for name in stored):
        total = len(layer_list(trained))
        keep_layers(trained, total - settings["trainable_layers"], total)
    prefix = "encoder.backbone."
    trained.load_state_dict({name.removeprefix(prefix): v for name, v in stored.items() if name.startswith(prefix)})
    if not top_alone:
        return trained.eval()
    own, learned = load_backbone(encoder, settings["layers"]), layer_list(trained)
    inside = set(learned.parameters())
    beside = {name: value for name, value in trained.named_parameters() if value not in inside}  # as a final norm
    own.load_state_dict(beside, strict=False)
    for layer, of_run in zip(layer_list(own)[-len(learned) :], learned, strict=True):
        layer.load_state_dict(of_run.state_dict())
    return own.eval()


def with_head(backbone: nn.Module, head: dict[str, torch.Tensor], classes: list[str]) -> nn.Module | None:
    """Transformers' model for classification with a run's linear head; None where its family's has another form."""
    from transformers import AutoModelForSequenceClassification

    if (dense := TANH.get(backbone.config.model_type)) is None:
        return None
    config = backbone.config
    config.id2label, config.label2id = dict(enumerate(classes)), {name: i for i, name in enumerate(classes)}
    model = AutoModelForSequenceClassification.from_config(config).eval()
    base = getattr(model, model.base_model_prefix)
    base.load_state_dict(backbone.state_dict(), strict=False)  # all but a pooling layer
    identity, linear = model.get_submodule(dense), model.classifier
    linear = linear if isinstance(linear, nn.Linear) else linear.out_proj
    with torch.no_grad():
        identity.weight.copy_(SCALE * torch.eye(config.hidden_size))
        identity.bias.zero_()
        linear.weight.copy_(head["weight"] / SCALE)
        linear.bias.copy_(head["bias"])
    return model


def as_sentence_transformer(folder: Path, pooling: str, max_length: int, dimension: int) -> None:
    """Say how sentence-transformers makes an embedding of a text with the model in a folder."""
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    modes = {"pooling_mode_cls_token": pooling == "cls", "pooling_mode_mean_tokens": pooling == "mean"}
    (folder / "1_Pooling").mkdir()
    for file, content in {
        "modules.json": modules,
        "1_Pooling/config.json": {"word_embedding_dimension": dimension, **modes},
        "sentence_bert_config.json": {"max_seq_length": max_length, "do_lower_case": False},
    }.items():
        (folder / file).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def model_card(
    settings: dict[str, Any],
    metrics: dict[str, Any],
    commit: str,
    corpus: Mapping[str, str],
    encoder: Mapping[str, str],
    loads: list[str],
    command: str,
) -> str:
    """The model card: what it was made from and with, its scores, and who may use it."""
    objective = settings["objective"]
    values = {"loss": objective["loss"] or "cross-entropy", **objective["loss_settings"], "weight": objective["weight"]}
    scores = {name: f"{100 * metrics[f'test_{name}']:.2f} %" for name in ("accuracy", "macro_f1")}
    rows = {
        "corpus": f"{corpus['title']} ({corpus['source']}; licence: {corpus['licence']})",
        "encoder": f"{encoder['title']} ({encoder['source']}; licence: {encoder['licence']})",
        "objective": ", ".join(f"{name} {value}" for name, value in values.items() if value is not None),
        "training": f"{settings['n_train']} documents of at most {settings['max_length']} tokens, "
        f"{metrics['stop_epoch']} epochs, the best {metrics['best_epoch']}, seed {settings['seed']}",
        "test accuracy, macro-F1": f"{scores['accuracy']}, {scores['macro_f1']} ({settings['n_test']} documents)",
        "embedding": "of the first token" if settings["encoder_settings"]["pooling"] == "cls" else "mean of the tokens",
        "made by": f"glossbench, commit {commit}",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"""---
library_name: {"sentence-transformers" if len(loads) == 2 else "transformers"}
pipeline_tag: {"sentence-similarity" if len(loads) == 2 else "text-classification"}
---

# {encoder["title"]} fine-tuned on {corpus["title"]} with {settings["objective_key"]}

| | |
|---|---|
{table}

It loads as {", ".join(loads)}. The command that made it:

```
{command}
```

For permitted use see the licences of corpus and encoder.
"""
