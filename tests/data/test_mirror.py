"""Where a mirror has its files, and what an error says about it."""

from pathlib import Path

import pytest
from glossbench.data.sources.urls import Mirror
from glossbench.errors import FetchError

URL = "https://example.org:8080/a%20b/c.txt"


def test_mirror_has_a_folder_for_each_host(tmp_path):
    mirror = Mirror(str(tmp_path))
    assert mirror.copy_of(URL) is None
    place = tmp_path / "example.org" / "a b" / "c.txt"
    assert mirror.hint(URL) == f"put a copy at {place} and set `mirror:` to the mirror's root"
    assert "put a copy at <mirror>/example.org/a b/c.txt and" in Mirror().hint(URL)
    place.parent.mkdir(parents=True)
    place.touch()
    assert mirror.copy_of(URL) == place
    assert Mirror("~").root == Path.home()
    assert Mirror("").root is Mirror().copy_of(URL) is None


def test_path_that_leaves_the_mirror_and_a_root_that_does_not_exist_are_refused(tmp_path):
    with pytest.raises(FetchError, match=r"'\.\.' in a URL's path"):
        Mirror(tmp_path).copy_of("http://127.0.0.1/a/%2e%2e/%2e%2e/labels.txt")
    with pytest.raises(FetchError, match=r"mirror: .*/mirrow is no folder"):
        Mirror(tmp_path / "mirrow")
