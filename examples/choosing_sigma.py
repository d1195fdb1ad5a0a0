"""What the width of the graph does: G-Loss beside cross-entropy, on real text, for sigma by each rule.

    python examples/choosing_sigma.py resources/encoders/minilm-l6 LABELS TEXTS

Needs transformers. LABELS has lines "name<TAB>train or test<TAB>class", TEXTS the document of each, as 20ng.txt and
corpus/20ng.txt of the repository BertGCN. The last layer of the encoder is trained, in a minute per line on two cores.
"""

import argparse
import copy
from pathlib import Path

import torch
import torch.nn.functional as F
from glossbench import GLoss, estimate_sigma
from glossbench.losses import gradient_shares
from transformers import AutoModel, AutoTokenizer

BATCH, WEIGHT = 128, 0.5
RULES = ("sqrt", "inflection", "nearest-other-class")
NEIGHBORS, SHARES = (10, 20, 40, 60), (0.2, 0.3, 0.4)


def read(labels, texts, train, test):
    """Documents and classes of a random part of a corpus, shuffled by a fixed seed."""
    with (
        Path(labels).open(encoding="latin-1") as names,
        Path(texts).open(encoding="latin-1", newline="\n") as documents,
    ):
        rows = [(*name.rstrip("\n").split("\t")[1:], text) for name, text in zip(names, documents, strict=False)]
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0)).tolist()
    classes = sorted({name for _, name, _ in rows})
    for wanted, number in (("train", train), ("test", test)):
        part = [rows[i] for i in order if wanted in rows[i][0]][:number]
        yield [text for *_, text in part], torch.tensor([classes.index(name) for _, name, _ in part])


@torch.no_grad()
def before_last_layer(folder, texts, length):
    """The encoder's last layer, and what it is given for each document: (N, L, d) and a mask (N, 1, 1, L)."""
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    tokens = tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    states = []
    for start in range(0, len(texts), BATCH):
        part = {name: values[start : start + BATCH] for name, values in tokens.items()}
        states.append(model(**part, output_hidden_states=True).hidden_states[-2])
    return model.encoder.layer[-1], torch.cat(states), tokens["attention_mask"].bool()[:, None, None]


class Classifier(torch.nn.Module):
    """The trained part: last layer, first token's embedding, linear classifier."""

    def __init__(self, layer, classes):
        super().__init__()
        self.layer = copy.deepcopy(layer)
        self.head = torch.nn.Linear(layer.output.dense.out_features, classes)

    def forward(self, states, mask):
        out = self.layer(states, attention_mask=mask)
        embeddings = (out if isinstance(out, torch.Tensor) else out[0])[:, 0]
        return embeddings, self.head(embeddings)


def fine_tune(layer, train, test, classes, loss_fn, epochs, seed):
    """Train with a loss, or with cross-entropy alone where it is None.

    Returns:
        The report of the graph and the share of the gradient in the first and the last epoch, averaged over batches,
        and the accuracy on the test documents.
    """
    torch.manual_seed(seed)
    model = Classifier(layer, classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    states, mask, labels = train
    history = []
    for _ in range(epochs):
        shown = []
        for batch in torch.randperm(len(labels)).split(BATCH):
            embeddings, logits = model(states[batch], mask[batch])
            terms = {"ce": F.cross_entropy(logits, labels[batch])}
            if loss_fn is not None:
                terms = {"ce": (1 - WEIGHT) * terms["ce"], "gloss": WEIGHT * loss_fn(embeddings, labels[batch])}
                shown.append(loss_fn.report(graph=True) | {"share": gradient_shares(terms, embeddings)["gloss"]})
            optimizer.zero_grad()
            sum(terms.values()).backward()
            optimizer.step()
        history.append({name: sum(row[name].item() for row in shown) / len(shown) for name in (shown or [{}])[0]})
    with torch.no_grad():
        model.eval()
        right = [
            (model(s, m)[1].argmax(dim=1) == y).double()
            for s, m, y in zip(*(part.split(BATCH) for part in test), strict=True)
        ]
    return history[0], history[-1], torch.cat(right).mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("encoder", "labels", "texts"):
        parser.add_argument(name)
    for name, value in (("train", 512), ("test", 1000), ("length", 32), ("epochs", 12), ("seeds", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--only", nargs="*", metavar="RULE", help="some of the lines, by their first column")
    parser.add_argument("--stratified", action="store_true", help="keep a label of each class of a batch")
    given = parser.parse_args()
    (train_texts, labels), (test_texts, test_labels) = read(given.labels, given.texts, given.train, given.test)
    layer, states, mask = before_last_layer(given.encoder, train_texts + test_texts, given.length)
    train, test = (
        (states[part], mask[part], y)
        for part, y in ((slice(len(labels)), labels), (slice(len(labels), None), test_labels))
    )
    classes = int(torch.cat([labels, test_labels]).max()) + 1
    with torch.no_grad():
        embeddings = Classifier(layer, classes).eval()(states[: len(labels)], mask[: len(labels)])[0]
    widths = [(rule, {"sigma": estimate_sigma(embeddings, rule, labels)}) for rule in RULES]
    widths += [(f"neighbors={k}", {"neighbors": k}) for k in NEIGHBORS]
    widths += [(f"sigma_over_median={share}", {"sigma_over_median": share}) for share in SHARES]
    columns = ("sigma", "effective_neighbors", "share", "propagated_accuracy")
    print(f"{'first -> last epoch':<22}", *(f"{name:>20}" for name in columns), f"{'test accuracy':>15}")
    for name, width in [("cross-entropy", None), *widths]:
        if given.only and name not in given.only:
            continue
        found = []
        for seed in range(given.seeds):
            loss_fn = None if width is None else GLoss(**width, stratified=given.stratified)
            found.append(fine_tune(layer, train, test, classes, loss_fn, given.epochs, seed))
        first, last = (
            {column: sum(run[i][column] for run in found) / len(found) for column in found[0][i]} for i in range(2)
        )
        cells = (f"{first[column]:9.3g} -> {last[column]:<7.3g}" if first else " " * 20 for column in columns)
        accuracy = torch.tensor([run[2] for run in found], dtype=torch.float64)
        print(f"{name:<22}", *cells, f"{accuracy.mean():11.3f}", flush=True)


if __name__ == "__main__":
    main()
