"""Encoders of a few kilobytes: random weights, and for three families tokenizers trained on a few texts."""

from pathlib import Path

import torch
from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer
from transformers import AutoConfig, AutoModel, BertTokenizer, DistilBertTokenizer, PreTrainedModel, RobertaTokenizer

TEXTS = ["who wrote the book ?", "she wrote it in the spring .", "a good film", "a bad film , and a long one"] * 20
LAYERS, HIDDEN = 2, 32
FAMILIES = ("bert", "roberta", "distilbert")

# Of each family what makes it differ: positions from the padding token's, relative positions, narrow embeddings, layers
# of two kinds of attention, shared layers.
ROBERTA = {"pad_token_id": 1, "max_position_embeddings": 42}
DEBERTA = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False}
EUROBERT = {"attention_dropout": 0.1, "pad_token_id": 0, "num_key_value_heads": 4}
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
    "eurobert": {**EUROBERT, "bos_token_id": 2, "eos_token_id": 3},
}
SIZES = {"hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": 2, "intermediate_size": 64}
OWN = {
    "bert": {"max_position_embeddings": 66},
    "roberta": {"max_position_embeddings": 66, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
    "distilbert": {"max_position_embeddings": 64, "hidden_dim": 64},
}  # fmt: skip


def _tokenizer(family: str, folder: Path):
    if family == "roberta":
        special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        trained = ByteLevelBPETokenizer()
        trained.train_from_iterator(TEXTS, vocab_size=400, special_tokens=special, show_progress=False)
        trained.save_model(str(folder))
        return RobertaTokenizer.from_pretrained(folder, model_max_length=64)
    trained = BertWordPieceTokenizer()
    trained.train_from_iterator(TEXTS, vocab_size=200, show_progress=False)
    trained.save_model(str(folder))
    kind = BertTokenizer if family == "bert" else DistilBertTokenizer
    return kind.from_pretrained(folder, model_max_length=64)


def save_tiny(family: str, folder: Path) -> Path:
    """Save an encoder of a family to a folder with transformers: configuration, tokenizer, safetensors weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(family, folder)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    random_encoder(family, vocab_size=len(tokenizer), **SIZES, **OWN[family]).save_pretrained(folder)
    return folder


def random_encoder(family: str, model: type = AutoModel, **settings: int) -> PreTrainedModel:
    """An encoder of a family with random weights and these settings, to which come those that its family needs."""
    given = {"max_position_embeddings": 40, **settings, **OTHERS.get(family, {})}
    return model.from_config(AutoConfig.for_model(family, **given))
