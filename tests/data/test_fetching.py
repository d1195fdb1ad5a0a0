"""Fetching as a whole: killed jobs, and two jobs at once."""

import hashlib
import subprocess
import sys
import time

import pytest
from data_registries import ROOT
from glossbench.data.fetching import fetch
from glossbench.data.sources.urls import Mirror

BODY = b"id\ttrain\tclass\n" * 10_000


def entry(url: str) -> dict:
    return {"kind": "textgcn", "files": {"labels": {"url": url, "sha256": hashlib.sha256(BODY).hexdigest()}}}


def fetching(server, folder) -> subprocess.Popen:
    """A process of its own that fetches labels.txt into a folder."""
    code = (
        "import sys\n"
        "from glossbench.data.sources.urls import Mirror\n"
        "from glossbench.data.fetching import fetch\n"
        f"fetch({entry(server.url + '/labels.txt')!r}, sys.argv[1], Mirror())"
    )
    return subprocess.Popen([sys.executable, "-c", code, folder], cwd=ROOT / "scripts")


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.1, 0.4])
def test_a_killed_download_leaves_nothing_that_is_taken_for_whole(server, tmp_path, after):
    pieces = [BODY[i : i + 10_000] for i in range(0, len(BODY), 10_000)]
    server.pause = 0.2
    server.answers["/labels.txt"] = [(200, pieces, {}), (200, BODY, {})]
    job = fetching(server, tmp_path)
    while not server.asked:
        assert job.poll() is None
        time.sleep(0.01)
    time.sleep(after)
    job.kill()
    job.wait()
    assert not {"labels.txt", "SHA256SUMS"} & {path.name for path in tmp_path.iterdir()}
    fetch(entry(server.url + "/labels.txt"), tmp_path, Mirror())
    assert sorted(path.name for path in tmp_path.iterdir()) == [".fetched.json", ".lock", "SHA256SUMS", "labels.txt"]
    assert (tmp_path / "labels.txt").read_bytes() == BODY


@pytest.mark.slow
def test_two_jobs_fetch_a_file_once(server, tmp_path):
    server.answers["/labels.txt"] = [(200, BODY, {})]
    jobs = [fetching(server, tmp_path) for _ in range(2)]
    assert [job.wait(60) for job in jobs] == [0, 0]
    assert server.asked == ["/labels.txt"]
