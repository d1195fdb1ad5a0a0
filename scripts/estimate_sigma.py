"""Estimate sigma for a corpus and a pre-trained encoder."""

from glossbench.files import write_json
from glossbench.job.logs import job_log
from glossbench.learning.devices import choose_device
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import read_backbone
from glossbench.learning.estimating import estimate_all
from glossbench.learning.training.inputs import RunInputs, load_splits
from glossbench.settings.jobs import SigmaSettings

if __name__ == "__main__":
    with job_log(snakemake):
        settings = SigmaSettings.from_json(snakemake.params.settings)
        device = choose_device(settings.device, settings.torch_threads)
        inputs = RunInputs.of(dict(snakemake.input.items()))
        backbone, _ = read_backbone(inputs.encoder, settings.encoder_settings, inputs.frozen)
        train = load_splits(inputs, settings.subset, device, names=("train",)).train
        encoder = Encoder(backbone.to(device), settings.encoder_settings.pooling)
        write_json(snakemake.output[0], estimate_all(encoder, train))
