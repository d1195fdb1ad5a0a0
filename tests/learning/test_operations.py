"""A training step does the matrix products that its tokens need, and no others. Operations are counted, not seconds."""

from collections import Counter

import pytest
import torch
from glossbench.data.documents import Documents
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import load_backbone
from glossbench.learning.training.inputs import Splits
from glossbench.learning.training.trainer import EncoderWithHead, Trainer
from glossbench.losses import GLoss
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from tests.support.tiny_runs import objective

LENGTHS = [3, 30, 4, 4, 17, 2, 9, 4, 3, 5, 12, 2]  # one is much longer: padding would triple the operations
CLASSES, MICRO_BATCH_TOKENS = 3, 40
HIDDEN, INTERMEDIATE, LAYERS, HEADS = 32, 48, 3, 4  # of the tiny encoders


class Count(TorchDispatchMode):
    """Floating-point operations of float32 matrix products, and gradients of embedding tables."""

    def __init__(self):
        super().__init__()
        self.flops, self.tables = 0, Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        packet = func._overloadpacket
        if isinstance(out, torch.Tensor) and out.dtype == torch.float32:
            if packet in flop_registry:
                self.flops += flop_registry[packet](*args, **(kwargs or {}), out_val=out)
            if packet is torch.ops.aten.embedding_dense_backward:
                self.tables[out.shape[0]] += 1
        return out


def made_up(lengths):
    torch.manual_seed(0)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    labels = torch.arange(len(lengths)) % CLASSES
    return Documents(torch.randint(4, 60, (sum(lengths),)), offsets, labels, [str(i) for i in range(len(lengths))])


def counted(folder, loss, gradient_cache=False, **training):
    """A step on documents of these lengths."""
    documents = made_up(LENGTHS)
    encoder = Encoder(load_backbone(folder), "cls", MICRO_BATCH_TOKENS, gradient_cache)
    told = objective(None, "integrated", weight=0.7, **training)
    trainer = Trainer(EncoderWithHead(encoder, CLASSES), loss, told, Splits(documents, documents, None, CLASSES), 0)
    trainer.model.train()
    with Count() as count:
        trainer.step(torch.arange(len(documents)))
    return count


def needed():
    """Operations of a step without padding, summed document by document.

    A multiplication and an addition per weight and token, three times: forward, gradient of the input, gradient of the
    weights. Of the last layer all is needed for the first token alone, whose queries and sums are as wide as a token.
    """
    square, wide = HIDDEN * HIDDEN, HIDDEN * INTERMEDIATE
    total = 0
    for length in LENGTHS:
        lower = 6 * length * (4 * square + 2 * wide) + 3 * 4 * length * length * HIDDEN
        last = 6 * (4 * square + 2 * wide) + 3 * 4 * length * HEADS * HIDDEN
        total += (LAYERS - 1) * lower + last + 6 * HIDDEN * CLASSES
    return total


def test_a_step_has_the_products_of_its_tokens_and_no_padding(packed_folder):
    flops = counted(packed_folder, None).flops
    assert 0.99 * needed() <= flops <= 1.05 * needed()


def test_the_graph_needs_no_second_pass_and_two_passes_need_twice_as_much(bert_folder):
    assert counted(bert_folder, GLoss()).flops <= 1.05 * needed()
    assert counted(bert_folder, GLoss(), forward_passes=2).flops >= 1.95 * needed()


def test_a_gradient_cache_adds_one_pass_forward(bert_folder):
    """Forward is a third of the products of a step."""
    flops = counted(bert_folder, GLoss(), gradient_cache=True).flops
    assert flops == pytest.approx(4 / 3 * needed(), rel=0.05)


def test_the_gradient_of_the_word_table_is_written_once_per_step(bert_folder):
    words = load_backbone(bert_folder).config.vocab_size
    assert counted(bert_folder, GLoss()).tables[words] == 1


def test_the_floor_of_the_benchmark_counts_the_same_products(bert_folder):
    floor = pytest.importorskip("benchmarks.floor")
    found = floor.products(load_backbone(bert_folder), torch.tensor(LENGTHS), MICRO_BATCH_TOKENS)
    head = 6 * HIDDEN * CLASSES * len(LENGTHS)
    assert floor.flops(found) + head == needed()
