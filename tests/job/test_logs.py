"""What an attempt leaves for the next one: a reason that lasts ends it at once, any other does not."""

import errno

import pytest
from glossbench.errors import CorpusError, FetchError, TrainingError
from glossbench.job.logs import job_log

from tests.support.jobs import job_of

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("error", "lasts"),
    [
        (CorpusError("train.parquet: no documents"), True),
        (FULL, True),
        (TrainingError("ce/seed-0: epoch 3: out of memory; a smaller batch_size"), False),
        (TrainingError("ce/seed-0: another process is training this run"), False),
        (FetchError("https://host/file: no network"), False),
        (RuntimeError("a bus error"), False),
    ],
    ids=str,
)
def test_an_attempt_that_cannot_end_better_is_not_made_but_by_another_snakemake(
    tmp_path, monkeypatch, capsys, error, lasts
):
    bodies = []

    def script(snakemake):
        with job_log(job_of(tmp_path, made=["made"])):
            bodies.append(snakemake)
            raise error

    def attempt(snakemake):
        monkeypatch.setenv("GLOSSBENCH_STARTED_BY", snakemake)
        with pytest.raises((SystemExit, RuntimeError)):
            script(snakemake)
        return capsys.readouterr().err

    first = attempt("one")
    (tmp_path / "log").unlink()  # as Snakemake does
    again = [attempt("one"), attempt("one")][-1]
    assert bodies == ["one"] * (1 if lasts else 3)
    if lasts:
        assert again == f"{first.rstrip()} (the previous attempt ended this way; it was not tried again)\n"
        assert again.removeprefix("glossbench: ") in (tmp_path / "log").read_text()
    attempt("another")
    assert bodies[-1] == "another"


def test_what_a_user_has_in_a_file_does_not_break_the_line(quiet_job, tmp_path, capsys):
    with pytest.raises(SystemExit), job_log(job_of(tmp_path)):
        raise CorpusError("data.csv: columns: a\nb \x1b[31m \ud800 " + "\0" * 5000)
    line = capsys.readouterr().err
    assert line.startswith(r"glossbench: data.csv: columns: a\nb \x1b[31m \ud800 \x00\x00")
    assert (line.count("\n"), len(line) < 1100) == (1, True)
