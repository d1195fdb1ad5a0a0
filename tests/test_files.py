"""Files written whole and readable, lists of checksums, and what is said of damaged files and full disks."""

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from glossbench.errors import FetchError, GlossbenchError
from glossbench.files import add_checksums, listed_files, reading, refuse_changed, replacing, write_checksums
from glossbench.job.logs import job_log
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from snakemake.iocontainers import Namedlist


def test_manifest_is_sorted_and_lists_files_with_their_digests(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("sub/b.txt", "a  c.txt"):
        (tmp_path / name).write_text(name)
    manifest = write_checksums(tmp_path, ["sub/b.txt", "a  c.txt"])
    lines = [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in ("a  c.txt", "sub/b.txt")]
    assert manifest.read_text().splitlines() == lines
    assert listed_files(manifest, verify=True) == {name: tmp_path / name for name in ("a  c.txt", "sub/b.txt")}


def test_missing_or_changed_file_of_a_manifest_is_named(tmp_path):
    (tmp_path / "labels.txt").write_bytes(b"labels")
    manifest = write_checksums(tmp_path, ["labels.txt"])
    (tmp_path / "labels.txt").write_bytes(b"edited")
    listed_files(manifest)
    with pytest.raises(FetchError, match=f"changed since.*delete {manifest}"):
        listed_files(manifest, verify=True)
    (tmp_path / "labels.txt").unlink()
    with pytest.raises(FetchError, match=f"missing; delete {manifest}"):
        listed_files(manifest)


def test_a_file_written_by_safetensors_has_the_permissions_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "states") as partial:
            save_file({"train": np.zeros(3)}, partial)
    finally:
        os.umask(before)
    assert (tmp_path / "states").stat().st_mode & 0o777 == 0o640


def test_a_damaged_file_is_named_whatever_library_reads_it(tmp_path):
    np.savez(tmp_path / "embeddings.npz", test=np.zeros(99))
    save_file({"train": np.zeros(99)}, tmp_path / "states")
    for path, read in ((tmp_path / "embeddings.npz", np.load), (tmp_path / "states", load_file)):
        content = path.read_bytes()
        for damaged in (content[:-20], content[:5], b""):
            path.write_bytes(damaged)
            line = rf"^{path}: damaged or missing .*; delete it and run again$"
            with pytest.raises(GlossbenchError, match=line), reading(path):
                dict(read(path))


@pytest.mark.parametrize("error", [OSError(28, "No space"), SafetensorError("No space left on device (os error 28)")])
def test_a_job_on_a_full_disk_ends_with_one_line(tmp_path, capsys, monkeypatch, error):
    monkeypatch.setattr("glossbench.job.logs.end_with_snakemake", lambda: None)
    output = Namedlist(fromdict={"metrics": tmp_path / "runs/metrics.json"})
    job = SimpleNamespace(log=[tmp_path / "log"], rule="train", params={}, input={}, output=output, wildcards={})
    with pytest.raises(SystemExit), job_log(job):
        raise error
    line = f"{tmp_path}/runs/metrics.json: no space left for the files of train; free some on that disk and run again"
    assert capsys.readouterr().err == f"glossbench: {line}\n"
    assert (tmp_path / "log").read_text().endswith(f"{line}\n")


def test_a_job_does_not_read_a_file_that_has_changed_since_it_was_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("glossbench.job.logs.end_with_snakemake", lambda: None)
    whole, cut, other = (tmp_path / name for name in ("metrics.json", "predictions.parquet", "not listed"))
    for path in (whole, cut, other):
        path.write_text("content")
        add_checksums([path] if path is not other else [whole])  # one after the other: no line is lost
    cut.write_text("cont")
    other.write_text("")
    refuse_changed([whole, other])
    job = SimpleNamespace(
        log=[tmp_path / "log"], rule="collect", params={}, input=Namedlist([whole, cut, other]), output={}, wildcards={}
    )
    with pytest.raises(SystemExit), job_log(job):
        raise AssertionError("the body must not run")
    found, expected = (hashlib.sha256(text).hexdigest() for text in (b"cont", b"content"))
    line = f"changed since it was written (sha256 {found}, expected {expected}); delete it and run again"
    assert capsys.readouterr().err == f"glossbench: {cut}: {line}\n"


def job_of(tmp_path, given, made):
    """The ``snakemake`` object of a job with inputs and outputs."""
    names = {"input": Namedlist(given), "output": Namedlist(made), "wildcards": {}, "params": {}}
    return SimpleNamespace(log=[tmp_path / "log"], rule="a rule", **names)


def test_outputs_in_a_folder_of_several_jobs_are_compared_when_they_are_read(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("glossbench.job.logs.end_with_snakemake", lambda: None)
    states, sigma, tokens = (tmp_path / name for name in ("minilm.safetensors", "minilm.json", "tokens"))

    def make():
        with job_log(job_of(tmp_path, [], [states, sigma, tokens])):
            states.write_bytes(b"states")
            sigma.write_text("{}")
            (tokens / "train").mkdir(parents=True, exist_ok=True)
            (tokens / "train" / "data.arrow").write_bytes(b"tokens")

    make()
    for file, what in ((states, "it"), (sigma, "it"), (tokens / "train" / "data.arrow", str(tokens))):
        with job_log(job_of(tmp_path, [states, sigma, tokens], [])):
            pass
        content = bytearray(file.read_bytes())
        content[0] ^= 1
        file.write_bytes(content)
        with pytest.raises(SystemExit), job_log(job_of(tmp_path, [states, sigma, tokens], [])):
            raise AssertionError("the body must not run")
        line = capsys.readouterr().err
        assert line.startswith(f"glossbench: {file}: changed since it was written")
        assert line.endswith(f"; delete {what} and run again\n")
        make()
    # as Snakemake takes it from its cache: not what the last job here made
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "states").write_bytes(b"of other settings")
    states.unlink()
    states.symlink_to(tmp_path / "cache" / "states")
    with job_log(job_of(tmp_path, [states], [])):
        pass
    # a job that is killed while it makes a file again leaves no word of the old one
    with pytest.raises(FileNotFoundError), job_log(job_of(tmp_path, [], [sigma])):
        sigma.write_text((tmp_path / "no such file").read_text())
    sigma.write_text("[]")
    refuse_changed([sigma])


@pytest.mark.parametrize("name", ["embeddings.npz", "sigma.json", "runs.parquet"])
def test_a_damaged_input_without_a_checksum_is_named_by_whatever_job_stumbles_over_it(
    tmp_path, capsys, monkeypatch, name
):
    monkeypatch.setattr("glossbench.job.logs.end_with_snakemake", lambda: None)
    whole, damaged = tmp_path / "card.json", tmp_path / name
    whole.write_text("{}")
    np.savez(tmp_path / "embeddings.npz", test=np.zeros(999))
    (tmp_path / "sigma.json").write_text('{"sigma": {"train": [1, 2')
    (tmp_path / "runs.parquet").write_bytes(b"PAR1 and no more")
    content = bytearray((tmp_path / "embeddings.npz").read_bytes())
    content[len(content) // 2] ^= 1  # of the numbers
    (tmp_path / "embeddings.npz").write_bytes(content)

    def attempt(given):
        with job_log(job_of(tmp_path, given, [])):
            raise KeyError("train")

    with pytest.raises(KeyError):
        attempt([whole])
    with pytest.raises(SystemExit):
        attempt([whole, damaged])
    assert capsys.readouterr().err.startswith(f"glossbench: {damaged}: damaged or missing (")


def test_a_damaged_list_of_checksums_is_named_with_a_remedy(tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    add_checksums([tmp_path / "metrics.json"])
    (tmp_path / "SHA256SUMS").write_bytes(b"\0" * 80)
    with pytest.raises(GlossbenchError, match=f"^{tmp_path}/SHA256SUMS: line 1: .*; delete this list"):
        refuse_changed([tmp_path / "metrics.json"])


def test_a_job_names_a_file_that_the_system_refuses(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("glossbench.job.logs.end_with_snakemake", lambda: None)
    (tmp_path / "journal.log").mkdir()
    with pytest.raises(SystemExit), job_log(job_of(tmp_path, [], [])):
        (tmp_path / "journal.log").read_text()
    assert capsys.readouterr().err.startswith(f"glossbench: {tmp_path}/journal.log: Is a directory; look at its owner")


def test_an_error_with_a_file_that_is_not_the_systems_is_not_taken_for_one(tmp_path, monkeypatch):
    monkeypatch.setattr("glossbench.job.logs.end_with_snakemake", lambda: None)
    job = job_of(tmp_path, [], [])
    with pytest.raises(SyntaxError), job_log(job):
        compile("def", "own.py", "exec")
    assert "SyntaxError: " in Path(job.log[0]).read_text().splitlines()[-1]
