"""What one study prepared, another takes from Snakemake's cache (snakemake --cache)."""

import pandas as pd
import pytest

from tests.support.studies import skip_without_network, small, snakemake

SHARED = ("prepare_corpus", "tokenize_corpus", "encode_frozen")
SETTINGS = {"objectives": ["ce"], "training": {"batch_size": 20, "epochs": 1, "learning_rate": 1.0e-3}}


@pytest.mark.slow
def test_a_second_study_with_another_name_prepares_nothing(workplace, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(cache))

    def made(name, target, **changes):
        """Which of the shared rules had a job of their own, in a folder of the study; the folder of its results."""
        folder = folders.setdefault(name, workplace(name))
        study = small(tmp_path / f"{name}.yaml", **{**SETTINGS, **changes})
        process = snakemake(folder, f"results/{name}/{target}", "--cache", study=study)
        skip_without_network(process)
        assert process.returncode == 0, process.stdout + process.stderr
        results = folder / "results" / name
        # Snakemake makes an empty log for what it takes from the cache
        logs = {rule for rule in SHARED if any(log.stat().st_size for log in (results / "logs" / rule).rglob("*.log"))}
        for log in (results / "logs").rglob("*.log"):
            log.unlink()
        return logs, results

    folders = {}
    frozen = "frozen/bbc-news/minilm-l6.safetensors"
    assert made("one", frozen)[0] == set(SHARED)
    kept = contents(cache)
    assert len(kept) > len(SHARED)

    none, results = made("two", "runs.parquet")
    assert none == set()
    assert len(pd.read_parquet(results / "runs.parquet")) == 1
    assert contents(cache) == kept

    # A setting that tokens depend on: its own tokens and states, the same documents. What is in the cache stays.
    assert made("two", frozen, max_length=17)[0] == {"tokenize_corpus", "encode_frozen"}
    assert {name: now for name, now in contents(cache).items() if name in kept} == kept


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
