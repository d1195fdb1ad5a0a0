"""Where a mirror has its files, and what an error says about it."""

from pathlib import Path

import pytest
from glossbench.data.sources.origin import Origin
from glossbench.errors import FetchError

URL = "https://example.org:8080/a%20b/c.txt"


def test_mirror_has_a_folder_for_each_host(tmp_path):
    assert Origin(str(tmp_path)).mirrored(URL) == tmp_path / "example.org" / "a b" / "c.txt"
    assert Origin("~/mirror").mirror == Path.home() / "mirror"
    assert Origin("").mirror is None
    assert Origin().mirrored(URL) is None


def test_hint_names_the_place_in_the_mirror(tmp_path):
    line = "put a copy at {}/example.org/a b/c.txt and set `mirror:` to the mirror's root"
    assert Origin(tmp_path).mirror_hint(URL) == line.format(tmp_path)
    assert Origin().mirror_hint(URL) == line.format("<mirror>")


def test_path_that_leaves_the_mirror_is_refused(tmp_path):
    with pytest.raises(FetchError, match=r"'\.\.' in a URL's path"):
        Origin(tmp_path).mirrored("http://127.0.0.1/a/%2e%2e/%2e%2e/labels.txt")
