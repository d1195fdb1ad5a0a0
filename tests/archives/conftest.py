"""The archive of a small study, made once for all tests of it."""

import functools
import hashlib
import json
from pathlib import Path

import pytest
from archives import archive_of, files_of
from glossbench.archives import rebuilding

SETTINGS = {
    "study": "mine",
    "corpora": ["bbc-news"],
    "encoders": ["minilm-l6"],
    "objectives": ["ce", "scl-ce", "gloss-sqrt-ce"],
    "seeds": [0, 1],
}


@pytest.fixture(scope="session", autouse=True)
def _pictures_are_drawn_once():
    """A picture takes a second; that of the same frames is drawn once for all tests."""
    drawn, known = rebuilding.drawn, {}

    def once(evidence, output, text):
        frames = [evidence.frames[name].to_json() for name in sorted(evidence.frames)]
        key = hashlib.sha256(json.dumps([frames, evidence.names, output, text]).encode()).digest()
        if key not in known:
            known[key] = drawn(evidence, output, text)
        return known[key]

    rebuilding.drawn = functools.wraps(drawn)(once)
    yield
    rebuilding.drawn = drawn


@pytest.fixture(scope="session")
def study_settings() -> dict:
    """The study as its file has it."""
    return SETTINGS


@pytest.fixture(scope="session")
def archive(tmp_path_factory) -> Path:
    """The archive of the study: frames, tables, figures, verdicts, tests and report as the workflow would leave them."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return archive_of(SETTINGS, tmp_path_factory.mktemp("archive"), monkeypatch)


@pytest.fixture(scope="session")
def packed(archive) -> dict[str, bytes]:
    """The archive's files by their names below its top folder."""
    return files_of(archive)
