"""Fetching as a whole: killed jobs, two jobs at once, and records of fetched files."""

import subprocess
import sys

import pytest
from glossbench.data.fetching import fetch, install, intact
from glossbench.data.sources.mirror import Mirror
from glossbench.data.sources.urls import CHUNK
from test_urls import BODY, WHOLE, entry

from tests.support.registered import ROOT
from tests.support.waiting import wait_until


def fetching(server, folder) -> subprocess.Popen:
    """A process of its own that fetches labels.txt into a folder."""
    code = (
        "import sys\n"
        "from glossbench.data.sources.mirror import Mirror\n"
        "from glossbench.data.fetching import fetch\n"
        f"fetch({entry(server.url)!r}, sys.argv[1], Mirror())"
    )
    return subprocess.Popen([sys.executable, "-c", code, folder], cwd=ROOT / "scripts")


@pytest.mark.slow
@pytest.mark.parametrize("written", [0, CHUNK], ids=["nothing", "a part"])
def test_a_killed_download_leaves_nothing_that_is_taken_for_whole(server, tmp_path, written):
    server.pause = 60
    server.answers["/labels.txt"] = [(200, [BODY[:written], BODY[written:]], {}), WHOLE]
    job = fetching(server, tmp_path)

    def begun():
        return server.asked and [path.stat().st_size for path in tmp_path.rglob("*.part")] == [written]

    try:
        wait_until(begun, 60, f"{written} bytes are written", every=0.05)
    finally:
        job.kill()
        job.wait()
    assert not {"labels.txt", "SHA256SUMS"} & {path.name for path in tmp_path.iterdir()}
    fetch(entry(server.url), tmp_path, Mirror())
    assert sorted(path.name for path in tmp_path.iterdir()) == [".fetched.json", ".lock", "SHA256SUMS", "labels.txt"]
    assert (tmp_path / "labels.txt").read_bytes() == BODY


@pytest.mark.slow
def test_two_jobs_fetch_a_file_once(server, tmp_path):
    server.answers["/labels.txt"] = [WHOLE]
    jobs = [fetching(server, tmp_path) for _ in range(2)]
    assert [job.wait(60) for job in jobs] == [0, 0]
    assert server.asked == ["/labels.txt"]


def test_files_are_intact_from_a_whole_installation_until_one_changes_or_the_source_does(tmp_path):
    def installed(source, *names, missing=()):
        for name in names:
            (tmp_path / "staged" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "staged" / name).write_text(name)
        return install([*names, *missing], tmp_path / "staged", tmp_path, source)

    assert intact(tmp_path, {"commit": "1"}) is None
    assert installed({"commit": "1"}, "b/c", "a") == intact(tmp_path, {"commit": "1"}) == ["a", "b/c"]
    assert intact(tmp_path, {"commit": "2"}) is None
    (tmp_path / "a").write_text("edited")
    assert intact(tmp_path, {"commit": "1"}) is None
    (tmp_path / "a").unlink()
    (tmp_path / "mine").touch()
    assert intact(tmp_path, {"commit": "1"}) is None
    installed({"commit": "2"}, "b/c", "d")
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {".fetched.json", "b/c", "d", "mine"}
    with pytest.raises(FileNotFoundError):
        installed({"commit": "2"}, "d", missing=["e"])
    assert intact(tmp_path, {"commit": "2"}) is None
