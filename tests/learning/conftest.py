"""Tiny encoders of each family, saved to disk."""

import pytest
import torch
from glossbench.learning.encoder.encoder import PACKED

from tests.support.tiny_models import FAMILIES, OTHERS, random_encoder

SIZES = {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48}
FURTHER = {"roberta": {"pad_token_id": 1}, "distilbert": {"hidden_dim": 48}}


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """The folder of a family's randomly initialised encoder, saved once; who changes it takes a copy."""
    encoders = tmp_path_factory.mktemp("encoders")

    def of(family):
        torch.manual_seed(0)
        if not (encoders / family).exists():
            random_encoder(family, **SIZES, **FURTHER.get(family, {})).save_pretrained(encoders / family)
            torch.manual_seed(0)  # what a test draws does not depend on the tests before it
        return encoders / family

    return of


@pytest.fixture(params=[*FAMILIES, *OTHERS])
def encoder_folder(request, saved):
    """Folder of a randomly initialised encoder, one for each family."""
    return saved(request.param)


@pytest.fixture(params=PACKED)
def packed_folder(request, saved):
    """Folder of a randomly initialised encoder, one for each family that goes without padding."""
    return saved(request.param)


@pytest.fixture
def bert_folder(saved):
    """Folder of a randomly initialised BERT."""
    return saved("bert")
