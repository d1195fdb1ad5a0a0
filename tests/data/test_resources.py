"""Records of fetched files: installed whole, recognised by their source, replaced by those of another."""

import pytest
from glossbench.data.fetching import install, intact

SOURCE = {"sha256": "0" * 64, "folder": "data"}


def stage(folder, *names):
    for name in names:
        (folder / "staged" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "staged" / name).write_text(name)
    return folder / "staged"


def test_installed_files_are_intact_until_one_changes_or_the_source_does(tmp_path):
    assert intact(tmp_path, SOURCE) is None
    assert install(["b/c", "a"], stage(tmp_path, "a", "b/c"), tmp_path, SOURCE) == ["a", "b/c"]
    assert intact(tmp_path, SOURCE) == ["a", "b/c"]
    assert intact(tmp_path, SOURCE | {"folder": "other"}) is None
    (tmp_path / "a").write_text("edited")
    assert intact(tmp_path, SOURCE) is None
    (tmp_path / "a").unlink()
    assert intact(tmp_path, SOURCE) is None


def test_files_of_an_earlier_source_go_and_others_stay(tmp_path):
    install(["a", "b"], stage(tmp_path, "a", "b"), tmp_path, SOURCE)
    (tmp_path / "mine").touch()
    install(["b", "c"], stage(tmp_path, "b", "c"), tmp_path, {"path": "x"})
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [".fetched.json", "b", "c", "mine"]
    assert intact(tmp_path, {"path": "x"}) == ["b", "c"]


def test_an_interrupted_install_is_not_intact(tmp_path):
    install(["a"], stage(tmp_path, "a"), tmp_path, SOURCE)
    with pytest.raises(FileNotFoundError):
        install(["a", "missing"], stage(tmp_path, "a"), tmp_path, SOURCE)
    assert intact(tmp_path, SOURCE) is None
