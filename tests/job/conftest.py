"""A job that no Snakemake started."""

import pytest


@pytest.fixture
def quiet_job(monkeypatch):
    """Jobs of this process do not look whether their Snakemake is alive."""
    monkeypatch.setattr("glossbench.job.logs.end_with_snakemake", lambda: None)
