"""What the Snakemake workflow catalogue looks for in a repository that it lists with instructions for use."""

import pytest
import yaml
from studies import ROOT, planned


def test_the_instructions_for_use_are_there():
    settings = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert settings["software-stack-deployment"] == {"conda": True, "apptainer": False, "apptainer+conda": False}
    assert settings["report"] is True
    assert set(settings["mandatory-flags"]) == {"desc", "flags"}
    assert (ROOT / "config" / "README.md").read_text(encoding="utf-8").startswith("# ")
    words = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in words
    assert "workflow" in words


@pytest.mark.slow
def test_the_workflow_is_where_the_catalogue_looks_for_it(tmp_path):
    jobs = planned(tmp_path, root=ROOT / "workflow")
    assert jobs["all"] == 1
    assert jobs == planned(tmp_path, root=ROOT)
