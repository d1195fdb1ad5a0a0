"""Encode documents with the frozen layers of an encoder, once for all objectives and seeds."""

from pathlib import Path

from glossbench.files import replacing
from glossbench.job.logs import job_log
from glossbench.learning.devices import reproducible
from glossbench.learning.encoder.frozen import hidden_states
from glossbench.learning.encoder.loading import keep_layers, load_backbone
from glossbench.learning.training.inputs import read_documents
from glossbench.settings.jobs import FrozenSettings
from safetensors.torch import save_file

if __name__ == "__main__":
    with job_log(snakemake):
        settings = FrozenSettings.from_json(snakemake.params.settings)
        device = reproducible(settings.device, settings.torch_threads)
        backbone = load_backbone(Path(snakemake.input.encoder).parent, settings.layers)
        lower = keep_layers(backbone, 0, settings.frozen_layers).to(device)
        documents, _ = read_documents(Path(snakemake.input.tokens), settings.subset)
        states = {name: hidden_states(lower, split.to(device)).values for name, split in documents.items()}
        with replacing(snakemake.output[0]) as partial:
            save_file(states, partial)
