"""Files fetched by URL: from real servers on the loopback interface and from mirrors on disk."""

import hashlib
from pathlib import Path

import pytest
from glossbench.checksums import listed_files
from glossbench.data.fetching import fetch
from glossbench.data.sources import urls
from glossbench.data.sources.mirror import Mirror
from glossbench.errors import FetchError

BODY = b"id\ttrain\tclass\n" * 10_000
DIGEST = hashlib.sha256(BODY).hexdigest()
WHOLE = (200, BODY, {})
PIECES = [BODY[i : i + 10_000] for i in range(0, len(BODY), 10_000)]


def entry(url: str, *roles: str) -> dict:
    """A corpus whose files are at ``url``/<role>.txt."""
    files = {role: {"url": f"{url}/{role}.txt", "sha256": DIGEST} for role in roles or ("labels",)}
    return {"kind": "textgcn", "files": files}


def test_file_is_fetched_listed_and_not_asked_for_again(server, tmp_path):
    server.answers["/a/labels.txt"] = [WHOLE]
    manifest = fetch(entry(server.url + "/a"), tmp_path, Mirror())
    assert manifest.read_text() == f"{DIGEST}  labels.txt\n"
    assert listed_files(manifest, verify=True)["labels.txt"].read_bytes() == BODY
    manifest.unlink()  # as Snakemake does before it runs the rule again
    fetch(entry(server.url + "/a"), tmp_path, Mirror())
    assert server.asked == ["/a/labels.txt"]


def test_damaged_file_is_fetched_again_and_a_whole_one_of_an_unfinished_fetch_is_not(server, tmp_path):
    server.answers |= {"/labels.txt": [WHOLE], "/texts.txt": [WHOLE]}
    (tmp_path / "labels.txt").write_bytes(BODY[:-1])
    three = entry(server.url, "labels", "texts", "notes")
    with pytest.raises(FetchError, match=r"notes.txt: .*404"):
        fetch(three, tmp_path, Mirror())
    assert not (tmp_path / "SHA256SUMS").exists()
    server.answers["/notes.txt"] = [WHOLE]
    fetch(three, tmp_path, Mirror())
    fetch(entry(server.url, "labels", "texts"), tmp_path, Mirror())
    assert server.asked == ["/labels.txt", "/texts.txt", "/notes.txt", "/notes.txt"]
    left = [".fetched.json", ".lock", "SHA256SUMS", "labels.txt", "texts.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left


NO_ANSWER = ["could not be downloaded", "imed out", "check the network", "put a copy at <mirror>/127.0.0.1/labels.txt"]


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ((200, b"other", {}), [hashlib.sha256(b"other").hexdigest(), DIGEST]),
        ((200, b"<!DOCTYPE html><html>log in</html>", {}), ["a web page"]),
        ((200, BODY[:5000], {"Content-Length": str(len(BODY))}), ["could not be downloaded"]),
        ((200, [b"", BODY], {}), NO_ANSWER),
        ((200, [BODY[:5000], BODY[5000:]], {}), NO_ANSWER),
        ((500, b"", {}), ["the server answered 500", "put a copy at <mirror>/127.0.0.1/labels.txt and set `mirror:`"]),
        ((302, b"", {"Location": "/labels.txt"}), ["redirects"]),
        ((302, b"", {"Location": "file://{}/secret"}), ["labels.txt: "]),
        (None, ["check the network", "`mirror:`"]),
    ],
    ids=["other content", "web page", "cut", "silent", "falls silent", "trouble", "circles", "a local file", "no network"],
)  # fmt: skip
def test_wrong_answer_is_refused_with_its_reason_and_leaves_no_partial_file(
    server, tmp_path, monkeypatch, refusal, answer, texts
):
    monkeypatch.setattr(urls, "RETRIES", 0)  # they only add seconds where the answer stays the same
    monkeypatch.setattr(urls, "TIMEOUT", (1, 0.3))
    server.pause = 60
    (tmp_path / "secret").write_bytes(BODY)
    if answer:
        headers = {key: value.format(tmp_path) for key, value in answer[2].items()}
        server.answers["/labels.txt"] = [(*answer[:2], headers)]
    line = refusal(entry(server.url if answer else "http://127.0.0.1:9"), tmp_path / "a")
    assert line.startswith(str(tmp_path / "a/labels.txt: "))
    assert [text for text in texts if text not in line] == []


def test_missing_page_is_not_asked_for_twice(server, tmp_path, refusal):
    assert "404" in refusal(entry(server.url), tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answers",
    [[(500, b"", {}), WHOLE], [(302, b"", {"Location": "/elsewhere"})], [(200, PIECES, {})]],
    ids=["passing trouble", "a redirect", "slow, but longer as a whole than between two pieces"],
)
def test_answer_that_comes_late_or_from_elsewhere_is_taken(server, tmp_path, monkeypatch, answers):
    monkeypatch.setattr(urls, "TIMEOUT", (2, 2))
    server.pause = 0.2
    server.answers |= {"/labels.txt": answers, "/elsewhere": [WHOLE]}
    fetch(entry(server.url), tmp_path, Mirror())
    assert (tmp_path / "labels.txt").read_bytes() == BODY


@pytest.fixture
def mirrored(tmp_path):
    """A mirror's copy of labels.txt on this machine."""
    copy = tmp_path / "mirror/127.0.0.1/labels.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(BODY)
    return copy


def test_mirror_comes_before_the_network(server, tmp_path, mirrored):
    server.answers |= {"/labels.txt": [WHOLE], "/texts.txt": [WHOLE]}
    fetch(entry(server.url, "labels", "texts"), tmp_path / "a", Mirror(tmp_path / "mirror"))
    assert server.asked == ["/texts.txt"]


def test_damaged_mirror_is_refused_and_named(server, tmp_path, mirrored, refusal):
    mirrored.write_bytes(BODY[:-1])
    line = refusal(entry(server.url), tmp_path / "a", Mirror(tmp_path / "mirror"))
    assert str(mirrored) in line
    assert f"expected sha256 {DIGEST}" in line
    assert server.asked == []


@pytest.mark.parametrize("mirror", [None, "mirror"])
def test_offline_asks_no_server(server, tmp_path, mirrored, refusal, mirror):
    server.answers["/texts.txt"] = [WHOLE]
    line = refusal(entry(server.url, "texts"), tmp_path / "a", Mirror(mirror and tmp_path / mirror, offline=True))
    assert "`mirror:`" in line
    assert "`offline`" in line
    assert server.asked == []


def test_full_disk_leaves_no_partial_file(server, small_disk, refusal):
    server.answers["/labels.txt"] = [WHOLE]
    assert "no space left" in refusal(entry(server.url), small_disk / "a")


def test_table_on_the_web_is_named_data(server, tmp_path):
    server.answers["/my%20table.csv"] = [WHOLE]
    file = {"url": server.url + "/my%20table.csv", "sha256": DIGEST}
    manifest = fetch({"kind": "csv", "file": file}, tmp_path, Mirror())
    assert list(listed_files(manifest, verify=True)) == ["data.csv"]


def test_mirror_has_a_folder_for_each_host(tmp_path):
    url, place = "https://example.org:8080/a%20b/c.txt", tmp_path / "example.org/a b/c.txt"
    mirror = Mirror(str(tmp_path))
    assert mirror.copy_of(url) is None
    assert mirror.hint(url) == f"put a copy at {place} and set `mirror:` to the mirror's root"
    assert "put a copy at <mirror>/example.org/a b/c.txt and" in Mirror().hint(url)
    place.parent.mkdir(parents=True)
    place.touch()
    assert mirror.copy_of(url) == place
    assert Mirror("~").root == Path.home()
    assert Mirror("").root is Mirror().copy_of(url) is None
    with pytest.raises(FetchError, match=r"'\.\.' in a URL's path"):
        mirror.copy_of("http://127.0.0.1/a/%2e%2e/%2e%2e/labels.txt")
    with pytest.raises(FetchError, match=r"mirror: .*/mirrow is no folder"):
        Mirror(tmp_path / "mirrow")


def test_other_addresses_are_tried_in_order_and_the_mirrors_copy_before_all(server, tmp_path, refusal):
    server.answers["/third/"] = [WHOLE]
    file = {
        "url": f"{server.url}/first.txt",
        "sha256": DIGEST,
        "also": [f"{server.url}/second.txt", f"{server.url}/third/"],
    }
    corpus = {"kind": "textgcn", "files": {"labels": file}}
    fetch(corpus, tmp_path / "a", Mirror())
    assert server.asked == ["/first.txt", "/second.txt", "/third/"]
    assert (tmp_path / "a" / "labels.txt").read_bytes() == BODY
    copy = tmp_path / "mirror" / "127.0.0.1" / "second.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(BODY)
    fetch(corpus, tmp_path / "b", Mirror(tmp_path / "mirror", offline=True))
    assert len(server.asked) == 3
    copy.unlink()
    assert "`offline` is set" in refusal(corpus, tmp_path / "c", Mirror(tmp_path / "mirror", offline=True))
