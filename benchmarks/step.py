"""Seconds of one training step, compared with a step padded to a fixed length and with the limit of the machine.

    PYTHONPATH=scripts python benchmarks/step.py TOKENS ENCODER [--batch 128] [--length 128] [--threads 2] [--steps 3]

TOKENS: a tokenized corpus, results/{study}/tokens/{corpus}/{encoder}. ENCODER: resources/encoders/{encoder}.
The objective is G-Loss + cross-entropy, with all layers trained. The lower limit ("floor") is 6 x parameters x tokens
without padding, divided by the rate of a float32 matrix product on this machine. The parameters are those of all
layers; of the last layer only keys and values count, since the rest is computed for one token per document.
"""

import argparse
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from glossbench.learning.encoder import Encoder, layer_list, load_backbone
from glossbench.learning.inputs import Splits, read_documents
from glossbench.learning.training import Model, Trainer
from glossbench.losses import GLoss
from torch.nn.utils.rnn import pad_sequence

TRAINING = {
    "learning_rate": 2e-5, "clip_norm": 1.0, "class_weights": "none", "forward_passes": 1, "patience": 10,
    "tolerance": 0.0, "epochs": 1, "test_weights": "last", "precision": "auto",
}  # fmt: skip


def timed(function, steps):
    """Seconds of the fastest of several calls, after a first one that is not measured."""
    function()
    seconds = []
    for _ in range(steps):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def padded_step(backbone, head, loss_fn, documents, length):
    """A step with all documents padded to one length and one forward pass for each loss term."""
    values = pad_sequence(documents.values.split(documents.lengths.tolist()), batch_first=True)
    values = F.pad(values, (0, length - values.shape[1]))
    mask = (torch.arange(length) < documents.lengths[:, None]).long()
    parameters = [*backbone.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-5)

    def step():
        embed = lambda: backbone(input_ids=values, attention_mask=mask).last_hidden_state[:, 0]  # noqa: E731
        loss = 0.3 * F.cross_entropy(head(embed()), documents.labels) + 0.7 * loss_fn(embed(), documents.labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokens", type=Path)
    parser.add_argument("encoder", type=Path)
    for name, default in (("batch", 128), ("length", 128), ("threads", 2), ("steps", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)

    subset = {"train": given.batch, "val": None, "test": None, "seed": 0}
    documents, classes = read_documents(given.tokens, subset)
    batch, tokens = documents["train"], int(documents["train"].lengths.sum())
    model = Model(Encoder(load_backbone(given.encoder)), classes)
    objective = {"protocol": "integrated", "weight": 0.7, "training": TRAINING}
    trainer = Trainer(model, GLoss(), objective, Splits(**documents, num_classes=classes), 0)
    model.train()
    ours = timed(lambda: trainer.step(torch.arange(given.batch)), given.steps)
    parts = trainer.timer.lap()
    graph = (parts["graph"] + parts["propagation"]) / (given.steps + 1)

    backbone = load_backbone(given.encoder).train()
    head = torch.nn.Linear(backbone.config.hidden_size, classes)
    padded = timed(padded_step(backbone, head, GLoss(), batch, given.length), 1)

    a, b = torch.randn(2048, 1024), torch.randn(1024, 1024)
    rate = 2 * a.shape[0] * a.shape[1] * b.shape[1] / timed(lambda: a @ b, 20)
    *lower, _ = layer_list(backbone)
    parameters = sum(p.numel() for layer in lower for p in layer.parameters()) + 2 * backbone.config.hidden_size**2
    floor = 6 * parameters * tokens / rate
    filled = tokens / given.batch / given.length
    print(f"batch {given.batch}, {tokens} tokens, {filled:.0%} of {given.length} each; {given.threads} threads")
    print(f"one step            {ours:7.2f} s   {given.batch / ours:6.1f} documents/s")
    print(f"padded, two passes  {padded:7.2f} s   {padded / ours:.1f} times as long")
    print(f"floor               {floor:7.2f} s   {floor / ours:.0%} of the step, at {rate / 1e9:.0f} GFLOP/s")
    print(f"graph, propagation  {graph:7.4f} s   {graph / ours:.2%} of the step, backward not counted")


if __name__ == "__main__":
    main()
