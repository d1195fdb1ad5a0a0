"""Tiny encoders of each family, saved to disk."""

from functools import partial

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    RobertaConfig,
    RobertaModel,
)

SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
FAMILIES = {
    "bert": lambda: BertModel(BertConfig(**SIZES, max_position_embeddings=40)),
    "roberta": lambda: RobertaModel(RobertaConfig(**SIZES, max_position_embeddings=40, pad_token_id=1)),
    "distilbert": lambda: DistilBertModel(
        DistilBertConfig(vocab_size=60, dim=32, n_layers=3, n_heads=4, hidden_dim=48, max_position_embeddings=40)
    ),
}
# Of each family what makes it differ: positions from the padding token's, relative positions, narrow embeddings, layers
# of two kinds of attention, shared layers.
ROBERTA = {"pad_token_id": 1, "max_position_embeddings": 42}
DEBERTA = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False}
MODERNBERT = {"mlp_dropout": 0.1, "pad_token_id": 0, "global_attn_every_n_layers": 2, "local_attention": 8}
OTHERS = {
    "xlm-roberta": ROBERTA,
    "camembert": ROBERTA,
    "electra": {"embedding_size": 16},
    "mpnet": {"pad_token_id": 1, "max_position_embeddings": 42},
    "deberta-v2": {**DEBERTA, "position_buckets": 8, "share_att_key": True},
    "deberta": DEBERTA,
    "modernbert": {**MODERNBERT, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3},
    "nomic_bert": {"hidden_dropout_prob": 0.1},
    "eurobert": {
        "attention_dropout": 0.1,
        "pad_token_id": 0,
        "bos_token_id": 2,
        "eos_token_id": 3,
        "num_key_value_heads": 4,
    },
}


def made_up(family):
    sizes = {**SIZES, "max_position_embeddings": 40, **OTHERS[family]}
    return AutoModel.from_config(AutoConfig.for_model(family, **sizes))


FAMILIES |= {family: partial(made_up, family) for family in OTHERS}


def saved(family, tmp_path):
    torch.manual_seed(0)
    FAMILIES[family]().save_pretrained(tmp_path / family)
    return tmp_path / family


@pytest.fixture(params=FAMILIES)
def encoder_folder(request, tmp_path):
    """Folder of a randomly initialised encoder, one for each family."""
    return saved(request.param, tmp_path)


@pytest.fixture
def bert_folder(tmp_path):
    """Folder of a randomly initialised BERT."""
    return saved("bert", tmp_path)
