"""The frames that the benchmark of the evidence is made from."""

import pandas as pd
import pytest


def test_they_satisfy_the_contract_and_have_all_runs_of_the_grid(tmp_path):
    grid = pytest.importorskip("benchmarks.made_up_grid")
    study = grid.planned(1)
    assert grid.write_frames(study, tmp_path) == len(study.runs)  # write_frame refuses what breaks its contract
    assert {path.stem for path in tmp_path.iterdir()} == set(study.frames)
    assert set(pd.read_parquet(tmp_path / "trials.parquet")["objective"]) == {one.objective for one in study.searches()}
