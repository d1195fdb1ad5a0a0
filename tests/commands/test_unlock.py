"""What ``unlock`` leaves alone."""

import pytest
from glossbench.commands.unlock import unlock

from tests.support.repository import ROOT


@pytest.mark.parametrize("arguments", ["-n", "-pn", "-nRtrain", "-Rtrain", "-sSnakefile", "-Uname", "-Wonce"])
def test_a_dry_run_lifts_no_lock_and_an_option_with_an_n_in_its_value_is_none(tmp_path, arguments):
    lock = tmp_path / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    unlock(tmp_path, [arguments], ROOT / "config/config.yaml")
    assert lock.exists() == (arguments in ("-n", "-pn", "-nRtrain"))
