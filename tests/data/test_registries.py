"""The registries of corpora and encoders, their example files, and what they refuse."""

import hashlib

import pandas as pd
import pytest
import torch
from glossbench.errors import SettingsError
from glossbench.settings.sources import CorpusEntry, EncoderEntry
from transformers import AutoModel, BertConfig, DistilBertConfig, RobertaConfig

from tests.support.registered import PAPER_CORPORA, ROOT, entries

ENTRY = {"corpora": CorpusEntry, "encoders": EncoderEntry}


def test_digests_are_those_of_the_mirror(mirror):
    listed = dict(reversed(line.split()) for line in (mirror / "SHA256SUMS").read_text().splitlines())
    stated = {
        source["url"].removeprefix("https://"): source["sha256"]
        for corpus in PAPER_CORPORA
        for source in entries("corpora")[corpus]["files"].values()
    }
    assert stated == listed


def test_other_addresses_are_those_of_software_heritage_for_the_content(mirror):
    for corpus in PAPER_CORPORA:
        for source in entries("corpora")[corpus]["files"].values():
            content = (mirror / source["url"].removeprefix("https://")).read_bytes()
            archive = "https://archive.softwareheritage.org/api/1/content/sha1:"
            assert source["also"] == [f"{archive}{hashlib.sha1(content).hexdigest()}/raw/"]


ALONE = "allowed only with kind"
TABLES = "allowed only with kinds csv, jsonl and parquet"
WHEEL = {"requirement": "a==1", "sha256": "0" * 64, "folder": "a"}
COLUMNS = {"text": "a", "label": "b"}
FRACTION, DRAWN = {"fraction": 0.1, "seed": 0}, {"fraction": 0.1, "seed": 0, "test_fraction": 0.2}
WEB = {"url": "https://a.org/b.csv", "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("key", "change", "line"),
    [
        ("mr", {"titel": "MR"}, 'titel: unknown key; did you mean "title"?'),
        ("mr", {"kind": "pickle"}, 'kind: "pickle" found'),
        ("mr", {"splitting": "papers"}, 'splitting: "papers" found'),
        ("mr", {"splitting": FRACTION | {"fraction": 1.0}}, "splitting"),
        ("mr", {"splitting": {"fraction": 0.1}}, "splitting.seed: missing"),
        ("mr", {"splitting": DRAWN}, "splitting.test_fraction: allowed only for"),
        ("mr", {"splitting": "given"}, 'splitting: "given" found, expected "paper", or a mapping with fraction and seed, for kind textgcn'),
        ("mr", {"files": {}}, "files"),
        ("mr", {"files": {"labels": WEB | {"url": "file:///etc/passwd"}}}, 'files.labels.url: "file:///etc/passwd" found, expected an http or https address of a file, without ? and #'),
        ("mr", {"wheel": WHEEL}, f"wheel: {ALONE} wheel-folders"),
        ("mr", {"columns": {}}, f"columns: {ALONE}s hub-dataset, csv, jsonl and parquet"),
        ("bbc-news", {"splitting": "paper"}, 'splitting: "paper" found'),
        ("bbc-news", {"splitting": FRACTION}, "splitting.test_fraction: missing"),
        ("bbc-news", {"wheel": WHEEL | {"requirement": "--index-url=x"}}, "wheel.requirement: "),
        ("bbc-news", {"wheel": WHEEL | {"sha256": "0" * 63}}, "wheel.sha256: "),
        ("bbc-news", {"wheel": WHEEL | {"folder": "../a"}}, "wheel.folder: "),
        ("sst2", {"hub": None}, "hub: missing"),
        ("sst2", {"columns": None}, "columns: missing"),
        ("sst2", {"path": "a.csv"}, f"path: {TABLES}"),
        ("sst2", {"columns": COLUMNS | {"split": "c"}}, f"columns.split: {TABLES}"),
        ("sst2", {"splitting": "given"}, 'splitting: "given" found, expected a mapping with fraction and seed'),
        ("sst2", {"splits": {"train": "a.parquet", "val": ["b.parquet"], "test": "c.parquet"}}, 'splitting: {"fraction": 0.1, "seed": 0} found, expected "given"'),
        ("sst2", {"splits": {"train": "../a.parquet", "test": "c.parquet"}}, 'splits.train: "../a.parquet" found, expected a Parquet file in the repository, as in folder/train.parquet'),
        ("sst2", {"hub": {"repo": "a/b", "revision": "main"}}, 'hub.revision: "main" found, expected a commit, 40 lower-case hexadecimal digits'),
        ("my-corpus", {"path": None}, "path: missing"),
        ("my-corpus", {"file": WEB}, "path: cannot be combined with `file`: one of the two says where the table is"),
        ("my-corpus", {"hub": {}}, f"hub: {ALONE} hub-dataset"),
        ("my-corpus", {"columns": {"text": "a"}}, "columns.label: missing"),
        ("my-corpus", {"columns": {"text": "a", "lable": "b"}}, 'columns.lable: unknown key; did you mean "label"?'),
        ("my-corpus", {"columns": COLUMNS}, 'splitting: "given" found, expected a mapping with test_fraction, fraction and seed (or a split column)'),
        ("my-corpus", {"splitting": DRAWN}, "splitting.test_fraction: allowed only for a corpus without a test split of its own"),
        ("bert-base", {"hub": None}, "hub: missing"),
        ("bert-base", {"path": "a"}, f"path: {ALONE} folder"),
        ("bert-base", {"licence": None}, "licence: missing"),
        ("my-encoder", {"path": None}, "path: missing"),
        ("my-encoder", {"layers": None}, "layers: missing"),
        ("my-encoder", {"wheel": {}}, f"wheel: {ALONE} wheel"),
        ("minilm-l6", {"hub": {}}, f"hub: {ALONE} hub"),
        ("minilm-l6", {"hidden": None}, "hidden: missing"),
    ],
)  # fmt: skip
def test_wrong_entry_gets_one_line(key, change, line):
    name = next(name for name in ENTRY if key in entries(name))
    ENTRY[name].parse(entries(name)[key], "x.yaml", (key,))
    entry = {field: value for field, value in (entries(name)[key] | change).items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        ENTRY[name].parse(entry, "x.yaml", (key,))
    assert str(caught.value).startswith(f"x.yaml: {key}.{line}")


def test_own_data_and_hub_entries_may_leave_out_what_their_files_tell():
    table, given = entries("corpora")["my-corpus"], entries("corpora")["sst2"]
    splits = {"train": ["a.parquet", "b.parquet"], "val": "c.parquet", "test": "d/e.parquet"}
    web = {key: value for key, value in table.items() if key != "path"} | {"kind": "parquet", "file": WEB}
    for entry in (
        table | {"splitting": FRACTION},
        table | {"columns": COLUMNS, "splitting": DRAWN},
        web,
        given | {"splitting": "given", "splits": splits},
    ):
        CorpusEntry.parse(entry, "x.yaml")
    facts = ("parameters", "hidden", "max_length")
    encoder = entries("encoders")["bert-base"]
    assert set(facts) < encoder.keys()
    EncoderEntry.parse({key: value for key, value in encoder.items() if key not in facts}, "x.yaml")


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
    stated = entries("encoders")[name]
    assert sum(weight.numel() for weight in model.parameters()) == stated["parameters"]
    assert (config.num_hidden_layers, config.hidden_size) == (stated["layers"], stated["hidden"])


def test_example_corpus_is_as_its_entry_says():
    entry = entries("corpora")["my-corpus"]
    rows = pd.read_csv(ROOT / entry["path"])
    assert list(rows.columns) == [entry["columns"][role] for role in ("text", "label", "split")]
    assert rows["split"].value_counts().to_dict() == entry["documents"]
    assert rows.groupby(["topic", "split"]).size().unstack().to_numpy().tolist() == [[4, 12, 4]] * 3
    assert rows["sentence"].is_unique
