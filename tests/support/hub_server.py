"""A small hub on the loopback interface, with the part of the Hugging Face hub's API that serves files of a commit.

As on the Hugging Face hub, small files come from the hub itself, and large ones by a redirect from a storage host.
"""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGE = (".safetensors", ".parquet", ".bin")  # files that the hub keeps in Git LFS
API = re.compile(r"/api/(?P<kind>models|datasets)/(?P<repo>[^/]+/[^/]+)/(?P<what>tree|revision)/(?P<revision>\w+)/?")
RESOLVE = re.compile(
    r"(?P<storage>/storage)?/(?P<kind>datasets/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>\w+)/(?P<path>.+)"
)


class Hub(ThreadingHTTPServer):
    """A hub that tests fill and question.

    repositories has the content of files by (kind, repo), revision and path. asked has the requests so far: method and
    path.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[tuple[str, str], dict[str, dict[str, bytes]]] = {}
        self.asked: list[tuple[str, str]] = []
        self.damaged: set[str] = set()  # paths whose content is not what the listing states
        self.status: dict[str, int] = {}  # by path, the status of a failing answer
        self.url = f"http://127.0.0.1:{self.server_port}"

    def add(self, repo: str, revision: str, folder: Path | dict[str, bytes], kind: str = "models") -> None:
        """Publish a folder's files, or contents by path, as one commit of a repository."""
        if isinstance(folder, Path):
            files = [path for path in folder.rglob("*") if path.is_file()]
            folder = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
        self.repositories.setdefault((kind, repo), {})[revision] = folder

    def downloads(self) -> list[str]:
        """Paths downloaded so far, in the order of the requests."""
        return [path for method, path in self.asked if method == "GET" and not path.startswith("/api/")]


@contextmanager
def serving(server):
    """A server that answers while the body runs."""
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer(body=True)

    def do_HEAD(self):
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append((self.command, path))
        if match := API.fullmatch(path):
            files = self._files(match["kind"], match)
            if files is not None:
                self._send_json(_tree(files) if match["what"] == "tree" else _info(match, files))
        elif match := RESOLVE.fullmatch(path):
            files = self._files("datasets" if match["kind"] else "models", match)
            if files is not None and match["path"] not in files:
                self._send_error(404, "EntryNotFound")
            elif files is not None:
                self._send_file(match, files[match["path"]], body, path)
        else:
            self._send_error(404, "RepoNotFound")

    def _files(self, kind: str, match: re.Match) -> dict[str, bytes] | None:
        status = self.server.status.get(match.groupdict().get("path") or "")
        if status:
            return self._send_error(status, "")
        revisions = self.server.repositories.get((kind, match["repo"]))
        if revisions is None:
            return self._send_error(401, "RepoNotFound")  # the hub's answer without a login
        if match["revision"] not in revisions:
            return self._send_error(404, "RevisionNotFound")
        return revisions[match["revision"]]

    def _send_file(self, match: re.Match, content: bytes, body: bool, path: str) -> None:
        name, size = match["path"], len(content)
        described = _described(name, content)
        large = "lfs" in described
        if large and not match["storage"]:
            self.send_response(302)
            self.send_header("X-Repo-Commit", match["revision"])
            self.send_header("X-Linked-ETag", f'"{described["lfs"]["oid"]}"')
            self.send_header("X-Linked-Size", str(size))
            self.send_header("Location", f"http://localhost:{self.server.server_port}/storage{path}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if name in self.server.damaged:
            content = bytes(size)
        self.send_response(200)
        self.send_header("X-Repo-Commit", match["revision"])
        self.send_header("ETag", f'"{described["oid"]}"')
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _send_json(self, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_error(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def _described(path: str, content: bytes) -> dict:
    """The hub's listing of a file: its git object id, and for a large file its SHA-256."""
    entry = {"type": "file", "path": path, "size": len(content)}
    if path.endswith(LARGE):
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 130}
        content = f"oid sha256:{digest}".encode()
    return entry | {"oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()}


def _tree(files: dict[str, bytes]) -> list[dict]:
    return [_described(path, content) for path, content in files.items()]


def _info(match: re.Match, files: dict[str, bytes]) -> dict:
    return {"id": match["repo"], "sha": match["revision"], "siblings": [{"rfilename": path} for path in files]}
