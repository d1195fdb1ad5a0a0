"""One training step: compared with a step that works as the published code does, and with its matrix products."""

from collections import Counter
from collections.abc import Callable, Iterator
from statistics import median

import torch
from glossbench.data.documents import Documents
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import load_backbone
from glossbench.learning.training.inputs import Splits
from glossbench.learning.training.run import MICRO_BATCH_TOKENS
from glossbench.learning.training.trainer import EncoderWithHead, Trainer
from glossbench.losses import GLoss
from glossbench.settings.jobs import Objective
from torch import nn
from torch.profiler import ProfilerActivity, profile

from benchmarks import floor
from benchmarks.inputs import batch_of, encoder_folder, make_inputs
from benchmarks.published import published_step
from benchmarks.rows import Options, Row
from benchmarks.timing import seconds_of

CORPORA = ("mr", "r8", "ohsumed")
OBJECTIVES = {"CE": False, "G-Loss + CE": True}  # whether there is a graph
BATCH, SIGMA = 128, 0.5
PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm")  # attention's are batched
TRAINING = {
    "learning_rate": 2e-5, "clip_norm": 1.0, "class_weights": "none", "forward_passes": 1, "patience": 10,
    "tolerance": 0.0, "epochs": 1, "test_weights": "last", "precision": "auto",
}  # fmt: skip


def rows(options: Options) -> Iterator[Row]:
    """Steps on each corpus, with two threads for both objectives, with one for G-Loss + CE.

    The baseline, which takes minutes, is compared with two threads only.
    """
    make_inputs(options, CORPORA)
    corpora = CORPORA[:1] if options.quick else CORPORA
    before = torch.get_num_threads()
    try:
        for threads in (2, 1):
            torch.set_num_threads(threads)
            for corpus in corpora:
                documents = batch_of(corpus, 16 if options.quick else BATCH)
                for objective in OBJECTIVES if threads == 2 else ["G-Loss + CE"]:
                    yield from rows_of_step(corpus, documents, objective, threads, threads == 2, options.repeats)
    finally:
        torch.set_num_threads(before)


def rows_of_step(
    corpus: str, documents: Documents, objective: str, threads: int, compared: bool, repeats: int
) -> Iterator[Row]:
    """Seconds of a step, its share of the two floors, and the share of the graph."""
    case = f"{corpus}, {objective}, B = {len(documents)}, {threads} thread{'s' if threads > 1 else ''}"
    trainer, ours = our_step(documents, OBJECTIVES[objective])
    ours()
    trainer.timer.lap()
    found = floor.products(trainer.model.encoder.backbone, documents.lengths, MICRO_BATCH_TOKENS["cpu"])
    steps, floors = [], []
    for _ in range(repeats):  # in turns, since the machine is not equally fast all the time
        steps.append(seconds_of(ours))
        floors.append(floors_of(found))
    parts, seconds = trainer.timer.lap(), median(steps)
    if compared:
        baseline = seconds_of(their_step(documents, OBJECTIVES[objective]))
        ratio, text = baseline / seconds, "baseline: padded to 128, as the published code; ratio: times faster"
        yield Row("step", case, "one step", seconds, "s", baseline, ratio, text)
    else:
        yield Row("step", case, "one step", seconds, "s")
    for way in floors[0]:
        shares = [measured[way] / step for measured, step in zip(floors, steps, strict=True)]
        minimum, text = median(measured[way] for measured in floors), "baseline: the step; ratio: share of the step"
        yield Row("step", case, f"its matrix products {way}", minimum, "s", seconds, median(shares), text)
    share = share_of_products(ours)
    text = "baseline: all operations of a step under torch's profiler; ratio: share of them"
    yield Row("step", case, "its matrix products within it", share * seconds, "s", seconds, share, text)
    if OBJECTIVES[objective]:
        graph = (parts["graph"] + parts["propagation"]) / repeats
        text = "baseline: the step; ratio: share of the step"
        yield Row("step", case, "graph and propagation, forward", graph, "s", seconds, graph / seconds, text)


def share_of_products(step: Callable[[], object]) -> float:
    """Share of a step's own time that its matrix products take, by torch's profiler."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        step()
    operations = profiler.key_averages()
    products = sum(each.self_cpu_time_total for each in operations if each.key in PRODUCTS)
    return products / sum(each.self_cpu_time_total for each in operations)


def floors_of(found: Counter) -> dict[str, float]:
    """Seconds of the matrix products of a step, in two ways."""
    return {
        "at the layers' own shapes": floor.seconds_at_own_shapes(found),
        "at the rate of a large product": floor.flops(found) / floor.square_rate(),
    }


def our_step(
    documents: Documents, with_graph: bool, gradient_cache: bool = False
) -> tuple[Trainer, Callable[[], object]]:
    """A trainer of the package, and a step of it on all documents."""
    return step_of(load_backbone(encoder_folder()), documents, with_graph, gradient_cache)


def step_of(
    backbone: nn.Module, documents: Documents, with_graph: bool, gradient_cache: bool = False, precision: str = "auto"
) -> tuple[Trainer, Callable[[], object]]:
    """A trainer of a backbone on the documents' device, and a step of it on all documents."""
    torch.manual_seed(0)
    device, classes = documents.labels.device, int(documents.labels.max()) + 1
    encoder = Encoder(backbone, "cls", MICRO_BATCH_TOKENS[device.type], gradient_cache=gradient_cache)
    objective = Objective(
        objective="gloss-o-ce",
        preset="paper",
        protocol="integrated",
        loss="gloss",
        loss_settings={},
        weight=0.7,
        training={**TRAINING, "precision": precision},
    )
    splits = Splits(documents, documents, None, num_classes=classes)
    model = EncoderWithHead(encoder, classes).to(device)
    trainer = Trainer(model, GLoss(sigma=SIGMA) if with_graph else None, objective, splits, 0)
    trainer.model.train()
    everything = torch.arange(len(documents))
    return trainer, lambda: trainer.step(everything)


def their_step(documents: Documents, with_graph: bool) -> Callable[[], None]:
    """A step of the baseline, after a warm-up on a few documents."""
    torch.manual_seed(0)
    backbone = load_backbone(encoder_folder()).train()
    classes = int(documents.labels.max()) + 1
    published_step(backbone, documents.select(torch.arange(4)), classes, False, SIGMA)()
    return published_step(backbone, documents, classes, with_graph, SIGMA)
