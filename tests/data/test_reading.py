"""Files of each kind read into documents, and what is refused."""

import pytest
from glossbench.checksums import listed_files
from glossbench.data.corpora import prepare
from glossbench.data.reading import read_documents
from glossbench.errors import CorpusError

from tests.support.documents_made_up import write_corpus

LABELS = b"a\ttrain\tx\nb\ttraining\ty\nc\t20news-bydate-train\tx\nd\ttest\ty\ne\t20news-bydate-test\tx"
TEXTS = b" one\r\ntwo \x1c\r in one line\x85\r\nthr\xe9e\n\x00four\n\n"


@pytest.fixture
def textgcn(tmp_path):
    """Write a corpus of three training and two test documents; a test may replace a file or, by None, leave it out."""

    def write(**replaced: bytes | None):
        contents = {"labels": LABELS, "texts": TEXTS, "validation": b",text\n1,two\n"} | replaced
        contents = {f"{role}.txt": content for role, content in contents.items() if content is not None}
        return write_corpus(tmp_path / "corpus", contents)

    return write


def test_lines_end_at_newlines_alone_and_text_is_latin1(textgcn):
    documents = read_documents("textgcn", listed_files(textgcn()))
    assert documents["text"].tolist() == ["one", "two \x1c\r in one line\x85", "thrée", "\x00four", ""]
    assert documents["split"].tolist() == ["train", "train", "train", "test", "test"]
    assert documents["class_name"].tolist() == list("xyxyx")
    assert documents["doc_id"].tolist() == list("abcde")


def test_one_file_may_have_lines_in_utf8_and_in_latin1(textgcn):
    texts = ["größe 🙂".encode(), b"gr\xf6\xdfe", "שלום".encode(), b"", b"a"]
    documents = read_documents("textgcn", listed_files(textgcn(texts=b"\xef\xbb\xbf" + b"\n".join(texts))))
    assert documents["text"].tolist() == ["größe 🙂", "größe", "שלום", "", "a"]


@pytest.mark.parametrize(
    ("replaced", "line"),
    [
        ({"texts": b"one\ntwo\n"}, r"texts.txt: 2 documents, but 5 labels in .*labels.txt; expected"),
        ({"texts": TEXTS + b"six\n"}, r"texts.txt: 6 documents, but 5 labels in .*labels.txt; expected"),
        ({"texts": b"\xfe\xff\0a"}, "texts.txt: text in UTF-16, expected UTF-8"),
        ({"labels": LABELS.decode().encode("utf-16")}, "labels.txt: text in UTF-16, expected UTF-8"),
        ({"labels": LABELS.replace(b"d\ttest", b"d\tdev")}, "labels.txt, line 4: unknown split 'dev', expected"),
        ({"labels": LABELS.replace(b"d\ttest", b"d\tlatest")}, "unknown split 'latest'"),
        ({"labels": LABELS.replace(b"\ty", b"\ty\x00")}, "labels.txt, line 2: .* expected id, split and class"),
        ({"labels": LABELS.replace(b"b\t", b"\t")}, "labels.txt, line 2: .* expected id, split and class"),
        ({"labels": LABELS.replace(b"b\t", b"b ")}, "labels.txt, line 2: .* expected id, split and class"),
        ({"labels": LABELS.replace(b"\ty", b"\tx")}, "all documents are of the class 'x', expected two or more"),
        ({"labels": LABELS.replace(b"b\t", b"a\t")}, "document id 'a' occurs twice"),
        ({"labels": LABELS.replace(b"test", b"train")}, "no test documents"),
        ({"labels": b"", "texts": b""}, "no documents"),
        ({"validation": b",text\n1,a\n1,b\n"}, "validation.txt: position 1 stands there twice"),
        ({"validation": b",text\n3,a\n"}, "validation.txt: position 3, expected 0 to 2"),
        ({"validation": b",text\n-1,a\n"}, "validation.txt: position -1, expected 0 to 2"),
        ({"validation": b",text\nx,a\n"}, "validation.txt: the first column holds"),
        ({"validation": b""}, "validation.txt: not a CSV file"),
        ({"validation": b",text\n"}, "first column holds|no val documents"),
        ({"validation": None}, "no validation file, expected `files: validation:`"),
    ],
)
def test_files_that_do_not_fit_are_refused_in_one_line(textgcn, replaced, line):
    with pytest.raises(CorpusError, match=line) as caught:
        prepare("textgcn", "paper", textgcn(**replaced))
    assert "\n" not in str(caught.value)


def test_folders_are_classes_and_one_file_may_be_latin1(tmp_path):
    contents = {"b/1.txt": "\u200fשלום 🙂 ".encode(), "a/2.txt": b"\xa3 5\n", "a/10.txt": b"x" * 10**6}
    documents = read_documents("wheel-folders", listed_files(write_corpus(tmp_path / "corpus", contents)))
    assert documents["doc_id"].tolist() == ["a/10.txt", "a/2.txt", "b/1.txt"]
    assert documents["text"].tolist() == ["x" * 10**6, "£ 5", "\u200fשלום 🙂"]
    assert documents["class_name"].tolist() == ["a", "a", "b"]


def test_the_one_document_of_bbc_news_that_is_not_utf8_reads_right(bbc_news):
    odd = []
    for path in bbc_news.parent.glob("*/*.txt"):
        try:
            path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            odd.append(f"{path.parent.name}/{path.name}")
    assert len(odd) == 1
    documents = read_documents("wheel-folders", {odd[0]: bbc_news.parent / odd[0]})
    assert "£" in documents["text"][0]
    assert documents["text"][0].encode("latin-1") == (bbc_news.parent / odd[0]).read_bytes().strip()
