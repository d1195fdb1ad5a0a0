"""Files fetched by URL: from real servers on the loopback interface and from mirrors on disk."""

import hashlib
from pathlib import Path

import pytest
from glossbench.data.fetching import fetch
from glossbench.data.sources import urls
from glossbench.data.sources.urls import Mirror
from glossbench.errors import FetchError
from glossbench.files import listed_files

BODY = b"id\ttrain\tclass\n" * 10_000
DIGEST = hashlib.sha256(BODY).hexdigest()


def entry(url: str) -> dict:
    return {"kind": "textgcn", "files": {"labels": {"url": url, "sha256": DIGEST}}}


def error_line(source: dict, folder: Path, mirror: Mirror) -> str:
    """The message of a fetch that fails and leaves only the lock in the folder."""
    with pytest.raises(FetchError) as caught:
        fetch(source, folder, mirror)
    line = str(caught.value)
    assert "\n" not in line
    assert str(folder / "labels.txt") in line
    assert [path.name for path in folder.iterdir()] == [".lock"]
    return line


@pytest.fixture
def once(monkeypatch):
    """No second attempts: they only add seconds where the answer stays the same."""
    monkeypatch.setattr(urls, "RETRIES", 0)


def test_file_is_fetched_listed_and_not_asked_for_again(server, tmp_path):
    server.answers["/a/labels.txt"] = [(200, BODY, {})]
    manifest = fetch(entry(server.url + "/a/labels.txt"), tmp_path, Mirror())
    assert manifest.read_text() == f"{DIGEST}  labels.txt\n"
    assert listed_files(manifest, verify=True)["labels.txt"].read_bytes() == BODY
    manifest.unlink()  # as Snakemake does before it runs the rule again
    fetch(entry(server.url + "/a/labels.txt"), tmp_path, Mirror())
    assert server.asked == ["/a/labels.txt"]


def test_damaged_file_is_fetched_again_and_a_whole_one_of_an_unfinished_fetch_is_not(server, tmp_path):
    server.answers["/labels.txt"] = server.answers["/texts.txt"] = [(200, BODY, {})]
    (tmp_path / "labels.txt").write_bytes(BODY[:-1])
    both = {"files": {role: {"url": f"{server.url}/{role}.txt", "sha256": DIGEST} for role in ("labels", "texts")}}
    missing = {"notes": {"url": f"{server.url}/notes.txt", "sha256": DIGEST}}
    with pytest.raises(FetchError, match=r"notes.txt: .*404"):
        fetch({"kind": "textgcn", "files": both["files"] | missing}, tmp_path, Mirror())
    assert not (tmp_path / "SHA256SUMS").exists()
    server.answers["/notes.txt"] = [(200, BODY, {})]
    fetch({"kind": "textgcn", "files": both["files"] | missing}, tmp_path, Mirror())
    assert server.asked == ["/labels.txt", "/texts.txt", "/notes.txt", "/notes.txt"]
    fetch({"kind": "textgcn", **both}, tmp_path, Mirror())
    assert server.asked[4:] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".fetched.json",
        ".lock",
        "SHA256SUMS",
        "labels.txt",
        "texts.txt",
    ]


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ((200, b"other", {}), [hashlib.sha256(b"other").hexdigest(), DIGEST]),
        ((200, b"<!DOCTYPE html><html>log in</html>", {}), ["a web page"]),
        ((200, BODY[:5000], {"Content-Length": str(len(BODY))}), ["could not be downloaded"]),
        (
            (500, b"", {}),
            ["the server answered 500", "put a copy at <mirror>/127.0.0.1/labels.txt and set `mirror:`"],
        ),
    ],
    ids=["other content", "a web page", "a cut connection", "lasting trouble"],
)
def test_wrong_answer_is_refused_with_its_reason_and_leaves_no_partial_file(server, tmp_path, answer, lines):
    server.answers["/labels.txt"] = [answer]
    message = error_line(entry(server.url + "/labels.txt"), tmp_path, Mirror())
    assert all(line in message for line in lines)


def test_missing_page_is_not_asked_for_twice(server, tmp_path):
    assert "404" in error_line(entry(server.url + "/labels.txt"), tmp_path, Mirror())
    assert len(server.asked) == 1


def test_passing_trouble_of_the_server_is_waited_out(server, tmp_path):
    server.answers["/labels.txt"] = [(500, b"", {}), (200, BODY, {})]
    fetch(entry(server.url + "/labels.txt"), tmp_path, Mirror())
    assert (tmp_path / "labels.txt").read_bytes() == BODY


def test_slow_server_that_keeps_sending_is_waited_for(server, tmp_path, monkeypatch):
    monkeypatch.setattr(urls, "TIMEOUT", (1, 0.5))
    server.pause = 0.2
    server.answers["/labels.txt"] = [(200, [BODY[i : i + 30_000] for i in range(0, len(BODY), 30_000)], {})]
    fetch(entry(server.url + "/labels.txt"), tmp_path, Mirror())  # longer as a whole than between two pieces
    assert (tmp_path / "labels.txt").read_bytes() == BODY


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("sent", [0, 5000], ids=["nothing", "a part"])
def test_server_that_falls_silent_is_given_up(server, tmp_path, monkeypatch, sent):
    monkeypatch.setattr(urls, "TIMEOUT", (1, 0.3))
    server.pause = 60
    server.answers["/labels.txt"] = [(200, [BODY[:sent], BODY[sent:]], {})]
    line = error_line(entry(server.url + "/labels.txt"), tmp_path, Mirror())
    assert "could not be downloaded" in line
    assert "imed out" in line
    assert "`mirror:`" in line


def test_redirect_is_followed(server, tmp_path):
    server.answers["/labels.txt"] = [(302, b"", {"Location": "/elsewhere"})]
    server.answers["/elsewhere"] = [(200, BODY, {})]
    fetch(entry(server.url + "/labels.txt"), tmp_path, Mirror())
    assert (tmp_path / "labels.txt").read_bytes() == BODY


@pytest.mark.usefixtures("once")
def test_redirect_in_circles_is_given_up(server, tmp_path):
    server.answers["/labels.txt"] = [(302, b"", {"Location": "/labels.txt"})]
    assert "redirects" in error_line(entry(server.url + "/labels.txt"), tmp_path, Mirror())


@pytest.mark.usefixtures("once")
def test_redirect_to_a_file_of_this_machine_is_not_followed(server, tmp_path):
    (tmp_path / "secret").write_bytes(BODY)
    server.answers["/labels.txt"] = [(302, b"", {"Location": f"file://{tmp_path}/secret"})]
    error_line(entry(server.url + "/labels.txt"), tmp_path / "a", Mirror())


@pytest.mark.usefixtures("once")
def test_no_network_names_the_mirror(tmp_path):
    line = error_line(entry("http://127.0.0.1:9/labels.txt"), tmp_path, Mirror())
    assert "check the network" in line
    assert "`mirror:`" in line


def test_mirror_comes_before_the_network(server, tmp_path):
    server.answers["/in/labels.txt"] = server.answers["/out/labels.txt"] = [(200, BODY, {})]
    copy = tmp_path / "mirror" / "127.0.0.1" / "in" / "labels.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(BODY)
    fetch(entry(server.url + "/in/labels.txt"), tmp_path / "a", Mirror(tmp_path / "mirror"))
    assert server.asked == []
    fetch(entry(server.url + "/out/labels.txt"), tmp_path / "b", Mirror(tmp_path / "mirror"))
    assert server.asked == ["/out/labels.txt"]


def test_damaged_mirror_is_refused_and_named(server, tmp_path):
    server.answers["/labels.txt"] = [(200, BODY, {})]
    copy = tmp_path / "mirror" / "127.0.0.1" / "labels.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(BODY[:-1])
    line = error_line(entry(server.url + "/labels.txt"), tmp_path / "a", Mirror(tmp_path / "mirror"))
    assert str(copy) in line
    assert server.asked == []


@pytest.mark.parametrize("mirror", [None, "empty"])
def test_offline_asks_no_server(server, tmp_path, mirror):
    server.answers["/labels.txt"] = [(200, BODY, {})]
    mirror = mirror and tmp_path / mirror
    if mirror:
        mirror.mkdir()
    line = error_line(entry(server.url + "/labels.txt"), tmp_path / "a", Mirror(mirror, offline=True))
    assert "`mirror:`" in line
    assert "`offline`" in line
    assert server.asked == []


def test_full_disk_leaves_no_partial_file(server, small_disk):
    server.answers["/labels.txt"] = [(200, BODY, {})]
    assert "no space left" in error_line(entry(server.url + "/labels.txt"), small_disk / "a", Mirror())


def test_table_on_the_web_is_named_data(server, tmp_path):
    server.answers["/my%20table.csv"] = [(200, BODY, {})]
    file = {"url": server.url + "/my%20table.csv", "sha256": DIGEST}
    manifest = fetch({"kind": "csv", "file": file}, tmp_path, Mirror())
    assert list(listed_files(manifest, verify=True)) == ["data.csv"]
