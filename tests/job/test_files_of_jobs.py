"""What jobs do with damaged or changed files, and on a full disk."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from glossbench.checksums import add_checksums, refuse_changed
from glossbench.job.logs import job_log
from safetensors import SafetensorError
from snakemake.iocontainers import Namedlist

from tests.support.jobs import job_of

pytestmark = pytest.mark.usefixtures("quiet_job")


@pytest.mark.parametrize("error", [OSError(28, "No space"), SafetensorError("No space left on device (os error 28)")])
def test_a_job_on_a_full_disk_ends_with_one_line(tmp_path, capsys, error):
    output = Namedlist(fromdict={"metrics": tmp_path / "runs/metrics.json"})
    with pytest.raises(SystemExit), job_log(job_of(tmp_path, rule="train", output=output)):
        raise error
    line = f"{tmp_path}/runs/metrics.json: no space left for the files of train; free some space on that disk and run again"
    assert capsys.readouterr().err == f"glossbench: {line}\n"
    assert (tmp_path / "log").read_text().endswith(f"{line}\n")


def test_a_job_does_not_read_a_file_that_has_changed_since_it_was_written(tmp_path, capsys):
    whole, cut, other = (tmp_path / name for name in ("metrics.json", "predictions.parquet", "not listed"))
    for path in (whole, cut, other):
        path.write_text("content")
        add_checksums([path] if path is not other else [whole])  # one after the other: no line is lost
    cut.write_text("cont")
    other.write_text("")
    refuse_changed([whole, other])
    with pytest.raises(SystemExit), job_log(job_of(tmp_path, [whole, cut, other])):
        raise AssertionError("the body must not run")
    found, expected = (hashlib.sha256(text).hexdigest() for text in (b"cont", b"content"))
    line = f"changed since it was written (sha256 {found}, expected {expected}); delete it and run again"
    assert capsys.readouterr().err == f"glossbench: {cut}: {line}\n"


def test_outputs_in_a_folder_of_several_jobs_are_compared_when_they_are_read(tmp_path, capsys):
    states, sigma, tokens = (tmp_path / name for name in ("minilm.safetensors", "minilm.json", "tokens"))

    def make():
        with job_log(job_of(tmp_path, made=[states, sigma, tokens])):
            states.write_bytes(b"states")
            sigma.write_text("{}")
            (tokens / "train").mkdir(parents=True, exist_ok=True)
            (tokens / "train" / "data.arrow").write_bytes(b"tokens")

    make()
    for file, what in ((states, "it"), (sigma, "it"), (tokens / "train" / "data.arrow", str(tokens))):
        with job_log(job_of(tmp_path, [states, sigma, tokens])):
            pass
        content = bytearray(file.read_bytes())
        content[0] ^= 1
        file.write_bytes(content)
        with pytest.raises(SystemExit), job_log(job_of(tmp_path, [states, sigma, tokens])):
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
    with job_log(job_of(tmp_path, [states])):
        pass
    # a job that is killed while it makes a file again leaves no word of the old one
    with pytest.raises(FileNotFoundError), job_log(job_of(tmp_path, made=[sigma])):
        sigma.write_text((tmp_path / "no such file").read_text())
    sigma.write_text("[]")
    refuse_changed([sigma])


@pytest.mark.parametrize("name", ["embeddings.npz", "sigma.json", "runs.parquet"])
def test_a_damaged_input_without_a_checksum_is_named_by_whatever_job_stumbles_over_it(tmp_path, capsys, name):
    whole, damaged = tmp_path / "card.json", tmp_path / name
    whole.write_text("{}")
    np.savez(tmp_path / "embeddings.npz", test=np.zeros(999))
    (tmp_path / "sigma.json").write_text('{"sigma": {"train": [1, 2')
    (tmp_path / "runs.parquet").write_bytes(b"PAR1 and no more")
    content = bytearray((tmp_path / "embeddings.npz").read_bytes())
    content[len(content) // 2] ^= 1  # of the numbers
    (tmp_path / "embeddings.npz").write_bytes(content)

    def attempt(given):
        with job_log(job_of(tmp_path, given)):
            raise KeyError("train")

    with pytest.raises(KeyError):
        attempt([whole])
    with pytest.raises(SystemExit):
        attempt([whole, damaged])
    assert capsys.readouterr().err.startswith(f"glossbench: {damaged}: damaged or missing (")


def test_a_job_names_a_file_that_the_system_refuses(tmp_path, capsys):
    (tmp_path / "journal.log").mkdir()
    with pytest.raises(SystemExit), job_log(job_of(tmp_path)):
        (tmp_path / "journal.log").read_text()
    assert capsys.readouterr().err.startswith(f"glossbench: {tmp_path}/journal.log: Is a directory; look at its owner")


def test_an_error_with_a_file_that_is_not_the_systems_is_not_taken_for_one(tmp_path):
    job = job_of(tmp_path)
    with pytest.raises(SyntaxError), job_log(job):
        compile("def", "own.py", "exec")
    assert "SyntaxError: " in Path(job.log[0]).read_text().splitlines()[-1]
