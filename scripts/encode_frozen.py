"""Encode documents with the frozen layers of an encoder, once for all objectives and seeds."""

from glossbench.files import replacing
from glossbench.job.logs import job_log
from glossbench.learning.devices import choose_device
from glossbench.learning.encoder.frozen_layers import hidden_states
from glossbench.learning.encoder.loading import keep_layers, load_backbone
from glossbench.learning.training.inputs import RunInputs, load_splits
from glossbench.settings.jobs import FrozenSettings
from glossbench.settings.model import SPLITS
from safetensors.torch import save_file

if __name__ == "__main__":
    with job_log(snakemake):
        settings = FrozenSettings.from_json(snakemake.params.settings)
        device = choose_device(settings.device, settings.torch_threads)
        inputs = RunInputs.of(dict(snakemake.input.items()))
        backbone = load_backbone(inputs.encoder, settings.layers)
        lower = keep_layers(backbone, 0, settings.frozen_layers).to(device)
        splits = load_splits(inputs, settings.subset, device)
        states = {name: hidden_states(lower, getattr(splits, name)).values for name in SPLITS}
        with replacing(snakemake.output[0]) as partial:
            save_file(states, partial)
