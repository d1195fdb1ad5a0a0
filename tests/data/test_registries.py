"""The registries of corpora and encoders, their example files, and what they refuse."""

from typing import get_args

import pandas as pd
import pytest
import torch
import yaml
from data_registries import PAPER_CORPORA, ROOT, registry
from glossbench.errors import SettingsError
from glossbench.settings.model import Model
from glossbench.settings.sources import Corpus, EncoderEntry, read_corpora
from transformers import AutoModel, BertConfig, DistilBertConfig, RobertaConfig

ENTRY = {"corpora": Corpus, "encoders": EncoderEntry}


def is_refused(name: str, entry: dict) -> bool:
    try:
        ENTRY[name].parse(entry, "x.yaml")
    except SettingsError:
        return True
    return False


def described(model, place):
    """Whether each field of a model, and of those within it, has a description."""
    for name, field in model.model_fields.items():
        assert field.description, f"{place}.{name}"
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, Model):
                described(inner, f"{place}.{name}")


@pytest.mark.parametrize("name", ENTRY)
def test_every_key_has_a_description(name):
    described(ENTRY[name], name)


@pytest.mark.parametrize(
    ("corpus", "change"),
    [
        ("mr", {"titel": "MR"}),
        ("mr", {"kind": "pickle"}),
        ("mr", {"splitting": "papers"}),
        ("mr", {"splitting": {"fraction": 1.0, "seed": 0}}),
        ("mr", {"splitting": {"fraction": 0.1}}),
        ("mr", {"splitting": {"fraction": 0.1, "seed": 0, "test_fraction": 0.2}}),
        ("mr", {"files": {}}),
        ("mr", {"wheel": {"requirement": "a==1", "sha256": "0" * 64, "folder": "a"}}),
        ("mr", {"files": {"labels": {"url": "file:///etc/passwd", "sha256": "0" * 64}}}),
        ("bbc-news", {"splitting": "paper"}),
        ("bbc-news", {"splitting": {"fraction": 0.1, "seed": 0}}),
        ("bbc-news", {"wheel": {"requirement": "--index-url=x", "sha256": "0" * 64, "folder": "a"}}),
        ("bbc-news", {"wheel": {"requirement": "a==1", "sha256": "0" * 63, "folder": "a"}}),
        ("bbc-news", {"wheel": {"requirement": "a==1", "sha256": "0" * 64, "folder": "../a"}}),
    ],
)
def test_wrong_entry_is_refused(corpus, change):
    assert not is_refused("corpora", registry("corpora")[corpus])
    assert is_refused("corpora", registry("corpora")[corpus] | change)


@pytest.mark.parametrize("key", ["../up", "/root", "with space", "Upper", "", "a--b"])
def test_key_that_is_no_plain_name_is_refused(key, tmp_path):
    (tmp_path / "corpora.yaml").write_text(yaml.safe_dump({key: registry("corpora")["mr"]}))
    with pytest.raises(SettingsError, match="found, expected lower-case letters, digits and single hyphens"):
        read_corpora(tmp_path)


def test_digests_are_those_of_the_mirror(mirror):
    listed = dict(reversed(line.split()) for line in (mirror / "SHA256SUMS").read_text().splitlines())
    stated = {
        source["url"].removeprefix("https://"): source["sha256"]
        for corpus in PAPER_CORPORA
        for source in registry("corpora")[corpus]["files"].values()
    }
    assert stated == listed


ALONE = "goes with kind"
TABLES = "goes with kinds csv, jsonl and parquet alone"


@pytest.mark.parametrize(
    ("registry_name", "key", "change", "line"),
    [
        ("corpora", "sst2", {"hub": None}, "sst2.hub: missing"),
        ("corpora", "sst2", {"columns": None}, "sst2.columns: missing"),
        ("corpora", "sst2", {"path": "a.csv"}, f"sst2.path: {TABLES}"),
        ("corpora", "sst2", {"columns": {"text": "a", "label": "b", "split": "c"}}, f"sst2.columns.split: {TABLES}"),
        (
            "corpora",
            "sst2",
            {"splitting": "given"},
            'sst2.splitting: "given" found, expected a mapping with fraction and seed',
        ),
        (
            "corpora",
            "sst2",
            {"splits": {"train": "a.parquet", "val": ["b.parquet"], "test": "c.parquet"}},
            'sst2.splitting: {"fraction": 0.1, "seed": 0} found, expected "given"',
        ),
        (
            "corpora",
            "sst2",
            {"splits": {"train": "../a.parquet", "test": "c.parquet"}},
            'sst2.splits.train: "../a.parquet" found, expected a Parquet file in the repository, as in folder/train.parquet',
        ),
        (
            "corpora",
            "sst2",
            {"hub": {"repo": "a/b", "revision": "main"}},
            'sst2.hub.revision: "main" found, expected a commit, 40 lower-case hexadecimal digits',
        ),
        ("corpora", "my-corpus", {"path": None}, "my-corpus.path: missing"),
        (
            "corpora",
            "my-corpus",
            {"file": {"url": "https://a.org/b.csv", "sha256": "0" * 64}},
            "my-corpus.path: goes without `file`, one of the two says where the table is",
        ),
        ("corpora", "my-corpus", {"hub": {}}, f"my-corpus.hub: {ALONE} hub-dataset alone"),
        ("corpora", "my-corpus", {"columns": {"text": "a"}}, "my-corpus.columns.label: missing"),
        (
            "corpora",
            "my-corpus",
            {"columns": {"text": "a", "lable": "b"}},
            'my-corpus.columns.lable: unknown key; did you mean "label"?',
        ),
        (
            "corpora",
            "my-corpus",
            {"columns": {"text": "a", "label": "b"}},
            'my-corpus.splitting: "given" found, expected a mapping with test_fraction, fraction and seed (or a split column)',
        ),
        (
            "corpora",
            "my-corpus",
            {"splitting": {"test_fraction": 0.1, "fraction": 0.1, "seed": 0}},
            "my-corpus.splitting.test_fraction: goes with a corpus without a test split of its own alone",
        ),
        ("corpora", "mr", {"columns": {}}, f"mr.columns: {ALONE}s hub-dataset, csv, jsonl and parquet alone"),
        (
            "corpora",
            "mr",
            {"splitting": "given"},
            'mr.splitting: "given" found, expected "paper", or a mapping with fraction and seed, for kind textgcn',
        ),
        ("encoders", "bert-base", {"hub": None}, "bert-base.hub: missing"),
        ("encoders", "bert-base", {"path": "a"}, f"bert-base.path: {ALONE} folder alone"),
        ("encoders", "bert-base", {"licence": None}, "bert-base.licence: missing"),
        ("encoders", "my-encoder", {"path": None}, "my-encoder.path: missing"),
        ("encoders", "my-encoder", {"layers": None}, "my-encoder.layers: missing"),
        ("encoders", "my-encoder", {"wheel": {}}, f"my-encoder.wheel: {ALONE} wheel alone"),
        ("encoders", "minilm-l6", {"hub": {}}, f"minilm-l6.hub: {ALONE} hub alone"),
        ("encoders", "minilm-l6", {"hidden": None}, "minilm-l6.hidden: missing"),
    ],
)
def test_wrong_entry_of_hub_or_own_data_gets_one_line(registry_name, key, change, line):
    entry = {name: value for name, value in (registry(registry_name)[key] | change).items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        ENTRY[registry_name].parse(entry, "x.yaml", (key,))
    assert str(caught.value).startswith(f"x.yaml: {line}")


def test_own_data_and_hub_entries_may_leave_out_what_their_files_tell():
    table = registry("corpora")["my-corpus"]
    drawn = table | {"splitting": {"fraction": 0.2, "seed": 1}}
    whole = table | {
        "columns": {"text": "a", "label": "b"},
        "splitting": {"test_fraction": 0.3, "fraction": 0.1, "seed": 0},
    }
    web = {key: value for key, value in table.items() if key != "path"}
    web |= {"kind": "parquet", "file": {"url": "https://a.org/b.parquet", "sha256": "0" * 64}}
    given = registry("corpora")["sst2"] | {"splitting": "given"}
    given["splits"] = {"train": ["a.parquet", "b.parquet"], "val": "c.parquet", "test": "d/e.parquet"}
    assert not any(is_refused("corpora", one) for one in (drawn, whole, web, given))
    encoder = registry("encoders")["bert-base"]
    for fact in ("parameters", "hidden", "max_length"):
        encoder.pop(fact)
    assert not is_refused("encoders", encoder)


@pytest.mark.parametrize("name", ["bert-base", "roberta-large", "distilbert"])
def test_facts_of_the_papers_encoders_are_those_of_their_architectures(name):
    """Built without memory from the sizes that their papers state."""
    large = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
    config = {
        "bert-base": BertConfig(),
        "roberta-large": RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, **large),
        "distilbert": DistilBertConfig(),
    }[name]
    with torch.device("meta"):
        model = AutoModel.from_config(config)
    stated = registry("encoders")[name]
    assert sum(weight.numel() for weight in model.parameters()) == stated["parameters"]
    assert (config.num_hidden_layers, config.hidden_size) == (stated["layers"], stated["hidden"])


def test_example_corpus_is_as_its_entry_says():
    entry = registry("corpora")["my-corpus"]
    rows = pd.read_csv(ROOT / entry["path"])
    assert list(rows.columns) == [entry["columns"][role] for role in ("text", "label", "split")]
    assert rows["split"].value_counts().to_dict() == entry["documents"]
    assert rows.groupby(["topic", "split"]).size().unstack().to_numpy().tolist() == [[4, 12, 4]] * 3
    assert rows["sentence"].is_unique
