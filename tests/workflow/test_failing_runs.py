"""A run that cannot go on says why and leaves the others going."""

import pytest
import yaml
from studies import TINY, snakemake


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_its_run_alone(workplace, tmp_path):
    settings = yaml.safe_load(TINY.read_text())
    del settings["projection"]
    settings.update(study="failing", objectives=["ce,learning_rate=1e30,batch_size=5", "ce"])
    study = tmp_path / "failing.yaml"
    study.write_text(yaml.safe_dump(settings))
    folder = workplace("failing")
    process = snakemake(folder, "--keep-going", study=study)
    assert process.returncode != 0
    (line,) = [line for line in process.stderr.splitlines() if line.startswith("glossbench: ")]
    assert "bbc-news/minilm-l6/ce,learning_rate=1e30,batch_size=5/seed-0: epoch 1: the loss is nan" in line
    assert "learning_rate" in line
    results = folder / "results" / "failing"
    assert (results / "runs/bbc-news/minilm-l6/ce/seed-0/metrics.json").is_file()
    (log,) = (results / "logs" / "train").glob("*/*/ce,*/*.log")
    assert "epoch 1: the loss is nan" in log.read_text().splitlines()[-1]
