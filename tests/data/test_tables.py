"""Corpora in CSV, JSON Lines and Parquet, and what is refused."""

import bz2
import gzip
import json
import lzma

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from glossbench.data.corpora import prepare
from glossbench.errors import CorpusError

from tests.support.documents_made_up import write_corpus

ROWS = [
    ("Rain,\nall day ", "sad", "train"),
    ('"Sun" 🙂', "glad", "train"),
    ("NA", "sad", "Validation"),
    ("snow", "glad", "dev"),
    ("", "sad", "test"),
    ("x" * 200_000, "glad", "test"),
]
COLUMNS = {"text": "words", "label": "mood", "split": "part"}
LINES = [f'{part},"{text.replace(chr(34), chr(34) * 2)}",{label}' for text, label, part in ROWS]
CSV = "\r\n".join(["\ufeffpart,words,mood", *LINES, ""])


def parquet(**columns) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


CONTENTS = {
    "csv": CSV.encode(),
    "jsonl": "\n".join(json.dumps({"words": a, "mood": b, "part": c, "more": [1]}) for a, b, c in ROWS).encode(),
    "parquet": parquet(**{name: [row[i] for row in ROWS] for i, name in enumerate(["words", "mood", "part"])}),
}


def prepared(folder, kind: str, content: bytes, splitting="given", columns=COLUMNS):
    return prepare(kind, splitting, write_corpus(folder, {f"data.{kind}": content}), {"columns": columns})


@pytest.mark.parametrize("kind", CONTENTS)
def test_every_kind_of_table_gives_the_same_documents(tmp_path, kind):
    splits, class_names = prepared(tmp_path, kind, CONTENTS[kind])
    assert class_names == ["glad", "sad"]
    columns = ["doc_id", "text", "label"]
    found = {split: [*frame[columns].itertuples(index=False, name=None)] for split, frame in splits.items()}
    assert found == {
        "train": [("1", "Rain,\nall day", 1), ("2", '"Sun" 🙂', 0)],
        "val": [("3", "NA", 1), ("4", "snow", 0)],
        "test": [("5", "", 1), ("6", "x" * 200_000, 0)],
    }


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_classes_may_be_numbers_and_are_sorted_as_such(tmp_path, kind):
    labels = [*range(11, -1, -1)] * 3
    words = [f"w{i}" for i in range(36)]
    contents = {
        "jsonl": "\n".join(json.dumps({"words": a, "mood": b}) for a, b in zip(words, labels, strict=True)).encode(),
        "parquet": parquet(words=words, mood=labels),
    }
    splitting = {"test_fraction": 0.3, "fraction": 0.4, "seed": 0}
    splits, class_names = prepared(tmp_path, kind, contents[kind], splitting, {"text": "words", "label": "mood"})
    assert class_names == [str(number) for number in range(12)]
    assert sum(map(len, splits.values())) == 36
    for frame in splits.values():
        assert [labels[int(text[1:])] for text in frame["text"]] == frame["label"].tolist()


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_compressed_tables_are_read(tmp_path, kind, compress):
    plain, _ = prepared(tmp_path / "a", kind, CONTENTS[kind])
    packed, _ = prepared(tmp_path / "b", kind, compress(CONTENTS[kind]))
    assert {split: frame.to_dict("list") for split, frame in packed.items()} == {
        split: frame.to_dict("list") for split, frame in plain.items()
    }


@pytest.mark.parametrize(("moods", "labels"), [([0, 1] * 2, [0, 1]), (["sad", "glad"] * 2, [1, 0])], ids=["n", "text"])
def test_metadata_of_a_newer_datasets_do_not_matter_and_class_labels_are_read(tmp_path, moods, labels):
    columns = {"words": list("abcd"), "mood": moods, "part": ["train", "train", "val", "test"], "pic": [1] * 4}
    features = {"mood": {"_type": "ClassLabel", "names": ["glad", "sad"]}, "pic": {"_type": "Hologram"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), tmp_path / "x")
    splits, class_names = prepared(tmp_path / "a", "parquet", (tmp_path / "x").read_bytes())
    assert class_names == ["glad", "sad"]
    assert splits["train"]["label"].tolist() == labels


def line_of(row: str) -> bytes:
    return f"words,mood,part\nrain,sad,train\n{row}\n".encode()


@pytest.mark.parametrize(
    ("kind", "content", "line"),
    [
        ("csv", line_of("sun,glad,holdout"), r"data.csv, row 2, column 'part': unknown split 'holdout', expected one of train"),
        ("csv", line_of("sun, ,train"), r"data.csv, row 2, column 'mood': empty, expected text or a whole number"),
        ("csv", line_of("sun,glad,"), r"data.csv, row 2, column 'part': empty"),
        ("csv", line_of("sun,moon,glad,train"), r"data.csv, row 2: 4 cells \(up to line 3\), expected 3 as in the header"),
        ("csv", line_of("sun,glad"), r"data.csv, row 2: 2 cells"),
        ("csv", line_of('"sun,glad,train'), r"data.csv, line \d: not CSV \(unexpected end of data\)"),
        ("csv", b"word,mood,part\n", r"data.csv: no column 'words'; did you mean \"word\"\?; columns: word, mood, part"),
        ("csv", b"words,words,mood,part\n", r"data.csv: 2 columns 'words', expected one"),
        ("csv", b"", r"data.csv: no column 'words'; columns: none"),
        ("csv", b"words,mood,part\n", r"no documents in it"),
        ("csv", "words,mood,part\nÄ,a,train".encode("latin-1"), r"data.csv: not UTF-8 \(.* at byte 16\); save it as UTF-8"),
        ("csv", line_of("sun,glad,train"), r"no val documents, expected some; see the corpus's `splitting:`"),
        ("csv", line_of("sun,sad,train"), r"all documents are of the class 'sad', expected two or more"),
        ("jsonl", b'{"words": "a", "mood": 1, "part": "train"}\n{"words":', r"data.jsonl, line 2: not JSON in UTF-8"),
        ("jsonl", b"\n[1]", r"data.jsonl, line 2: list found, expected an object"),
        ("jsonl", b'{"words": "a", "part": "train"}', r"data.jsonl, line 1: no column 'mood'"),
        ("jsonl", b'{"words": null, "mood": 1, "part": "train"}', r"row 1, column 'words': None found, expected text"),
        ("jsonl", b'{"words": "a", "mood": 1.5, "part": "train"}', r"row 1, column 'mood': '1.5' found, expected text or"),
        ("jsonl", b'{"words": "a \\ud83d", "mood": 1, "part": "train"}', r"row 1, column 'words': half a character \(.ud83d\) found, expected"),
        ("jsonl", b'{"words": "a", "mood": "\\udc00", "part": "train"}', r"row 1, column 'mood': half a character"),
        ("csv", gzip.compress(CSV.encode())[:-9], r"data.csv: a damaged compressed file"),
        ("csv", b"PK\x03\x04", r"data.csv: an archive or compressed with zstd; unpack it"),
        ("jsonl", b'{"words": "a", "mood": null, "part": "train"}', r"row 1, column 'mood': empty"),
        ("parquet", b"PAR1", r"data.parquet: not a Parquet file"),
        ("parquet", parquet(words=[1], mood=[1], part=["train"]), r"row 1, column 'words': 1 found, expected text"),
        ("parquet", parquet(words=["a"], mood=[1]), r"data.parquet: no column 'part'"),
        ("parquet", parquet(words=pa.array([b"\xff"]).cast(pa.binary()).view(pa.utf8())), r"not a Parquet file \(.*UTF8"),
    ],
)  # fmt: skip
def test_tables_that_do_not_fit_are_refused_in_one_line(tmp_path, kind, content, line):
    with pytest.raises(CorpusError, match=line) as caught:
        prepared(tmp_path, kind, content)
    assert "\n" not in str(caught.value)


def test_id_that_occurs_twice_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="document id 'sad' occurs twice"):
        prepared(tmp_path, "csv", CONTENTS["csv"], columns=COLUMNS | {"id": "mood"})
