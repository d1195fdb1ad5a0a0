"""Fixtures of the data stage's tests: the paper's corpora, tiny encoders, a web server, a small disk."""

import contextlib
import functools
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from glossbench.data.corpora import prepare
from glossbench.data.entries import fetch_settings, prepare_settings
from glossbench.data.fetching import fetch
from glossbench.data.sources.mirror import Mirror
from glossbench.errors import FetchError

from tests.support.hub_server import serving
from tests.support.registered import entries
from tests.support.tiny_models import FAMILIES, save_tiny


@pytest.fixture(scope="session")
def paper_corpus(mirror, tmp_path_factory):
    """Fetch and prepare one of the paper's corpora, once per session: (splits, class names, manifest)."""
    folder = tmp_path_factory.mktemp("corpora")

    @functools.cache
    def prepared(name: str):
        entry = entries("corpora")[name]
        manifest = fetch(fetch_settings(entry), folder / name, Mirror(mirror, offline=True))
        settings = prepare_settings(entry)
        return *prepare(settings["kind"], settings["splitting"], manifest), manifest

    return prepared


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Folders of a tiny encoder of each family."""
    folder = tmp_path_factory.mktemp("tiny")
    return {family: save_tiny(family, folder / family) for family in FAMILIES}


@pytest.fixture
def refusal():
    """The one line of a fetch that fails, and leaves nothing in the folder that could be taken for a whole resource."""

    def line_of(entry, folder, mirror=None, left=frozenset({".lock"})) -> str:
        with pytest.raises(FetchError) as caught:
            fetch(entry, folder, mirror or Mirror())
        assert "\n" not in str(caught.value)
        assert {path.name for path in folder.iterdir()} <= left
        return str(caught.value)

    return line_of


class Server(ThreadingHTTPServer):
    """A web server on the loopback interface whose answers a test sets by path."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list] = {}  # by path, in turn; the last one is repeated
        self.asked: list[str] = []
        self.pause, self.stop = 0.0, threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        answers = self.server.answers.get(self.path, [(404, b"not here", {})])
        status, body, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        pieces = [body] if isinstance(body, bytes) else body
        self.send_response(status)
        for key, value in {"Content-Length": str(sum(map(len, pieces))), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        for place, piece in enumerate(pieces):  # with a pause before each piece but the first
            if place and self.server.stop.wait(self.server.pause):
                return
            with contextlib.suppress(ConnectionError):
                self.wfile.write(piece)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with serving(Server()) as running:
        yield running
        running.stop.set()


@pytest.fixture
def small_disk(tmp_path):
    """A folder with room for 64 KiB."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    yield folder
    subprocess.run(["umount", folder], check=True)
