"""What the Snakemake workflow catalogue looks for in a repository that it lists with instructions for use."""

import pytest

from tests.support.studies import ROOT, planned


@pytest.mark.slow
def test_the_workflow_is_where_the_catalogue_looks_for_it(tmp_path):
    jobs = planned(tmp_path, root=ROOT / "workflow")
    assert jobs["all"] == 1
    assert jobs == planned(tmp_path, root=ROOT)
