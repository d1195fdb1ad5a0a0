"""The pre-trained encoder as it is, with the probe of the standalone protocol on its embeddings."""

from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from glossbench.data.splitting import subset_of_run
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import read_backbone
from glossbench.learning.evaluation.probing import fit_probe
from glossbench.learning.training.inputs import RunInputs, load_splits
from glossbench.learning.untuned.run import UntunedResult
from glossbench.settings.jobs import UntunedSettings
from glossbench.settings.model import SPLITS


def classify(settings: UntunedSettings, files: dict[str, Path], device: torch.device) -> UntunedResult:
    """Encode the documents without dropout on a device and fit the probe.

    Args:
        settings: ``subset``, ``encoder_settings`` and ``probe``.
        files: Tokens, manifest of the encoder and, where the study freezes layers, the output of these.
        device: Where documents are encoded.
    """
    run_files = RunInputs.of(files)
    splits = load_splits(run_files, subset_of_run(settings.subset, settings.seed), device)
    backbone, n_parameters = read_backbone(run_files.encoder, settings.encoder_settings, run_files.frozen)
    encoder = Encoder(backbone.to(device), settings.encoder_settings.pooling).eval()
    embeddings, labels = {}, {}
    for name in SPLITS:
        documents = getattr(splits, name)
        with torch.inference_mode():
            encoded = encoder(documents).float().cpu().numpy()
        # other runs keep embeddings in half precision, and their probe reads these
        embeddings[name], labels[name] = encoded.astype(np.float16).astype(np.float32), documents.labels.cpu().numpy()
    with threadpool_limits(1):  # results must not depend on the number of threads
        train, val = ((embeddings[name], labels[name]) for name in ("train", "val"))
        probe, strength = fit_probe(train, val, settings.probe)
        predicted = {name: probe.predict(embeddings[name]) for name in ("val", "test")}
    about = {"precision": "float32", "probe": settings.probe.kind, "n_parameters": n_parameters}
    return UntunedResult(labels, splits.test.doc_ids, predicted, strength, embeddings=embeddings, **about)
