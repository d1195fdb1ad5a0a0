"""The archive of a small study, made once for all tests of it."""

import functools
import json
from pathlib import Path

import pytest
from glossbench import provenance
from glossbench.archives import rebuilding, verifying

from tests.support.archives import SMALL, archive_of, files_of

SETTINGS = {**SMALL, "objectives": ["ce", "scl-ce", "gloss-sqrt-ce"]}


@pytest.fixture(scope="session", autouse=True)
def _pictures_are_drawn_once():
    """A picture takes a second; that of the same frames is drawn once for all tests."""
    drawn, known = rebuilding.drawn, {}

    @functools.wraps(drawn)
    def once(evidence, *given):
        key = json.dumps([[frame.to_json() for _, frame in sorted(evidence.frames.items())], evidence.names, given])
        return known[key] if key in known else known.setdefault(key, drawn(evidence, *given))

    rebuilding.drawn = once
    yield
    rebuilding.drawn = drawn


@pytest.fixture(scope="module", autouse=True)
def _the_checkout_stays_as_it_is():
    """Who works in it while the tests run changes no commit between packing and verifying."""
    real = provenance.commit
    provenance.commit = verifying.commit = functools.cache(real)
    yield
    provenance.commit = verifying.commit = real


@pytest.fixture
def study_settings() -> dict:
    """What the study file of the archive says."""
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
