"""Estimate sigma for a corpus and a pre-trained encoder."""

from pathlib import Path

from glossbench.files import write_json
from glossbench.job.logs import job_log
from glossbench.learning.devices import reproducible
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.frozen import with_frozen_states
from glossbench.learning.encoder.loading import read_backbone
from glossbench.learning.sigma import estimate_all
from glossbench.learning.training.inputs import read_documents
from glossbench.settings.jobs import SigmaSettings

if __name__ == "__main__":
    with job_log(snakemake):
        settings = SigmaSettings.from_json(snakemake.params.settings)
        device = reproducible(settings.device, settings.torch_threads)
        frozen = Path(snakemake.input.frozen) if "frozen" in snakemake.input.keys() else None
        backbone, _ = read_backbone(Path(snakemake.input.encoder).parent, settings.encoder_settings, frozen)
        documents, _ = read_documents(Path(snakemake.input.tokens), settings.subset, splits=("train",))
        train = with_frozen_states(documents, frozen)["train"].to(device)
        encoder = Encoder(backbone.to(device), settings.encoder_settings.pooling)
        write_json(snakemake.output[0], estimate_all(encoder, train))
