"""A run's encoder as a folder: three libraries load it, and it gives the embeddings and logits of the run."""

from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import torch
from glossbench.learning import exporting

from tests.support.studies import small, snakemake

RUNS = "results/kept/runs/bbc-news/minilm-l6"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "trained", "beside"),
    [("ce", None, 1e-6), ("scl", 1, 1e-4)],  # the states that enter a top layer trained alone are kept in float16
)
def test_an_exported_run_is_loaded_by_three_libraries_with_its_embeddings_and_logits(
    prepared, glossbench, tmp_path, monkeypatch, key, trained, beside
):
    encoder = {"layers": 2, "trainable_layers": trained}
    study = small(tmp_path / "kept.yaml", objectives=[key], keep_weights=True, encoder=encoder)
    folder = prepared("kept", study)
    run = folder / RUNS / key / "seed-0"
    process = snakemake(folder, run.relative_to(folder) / "metrics.json", study=study)
    assert process.returncode == 0, process.stdout + process.stderr
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

    test = pd.read_parquet(folder / next(folder.glob("results/*/corpora/*/test.parquet"))).set_index("doc_id")
    process, out = glossbench(folder, "export", run, key), folder / key
    assert process.returncode == 0, process.stderr
    stored = dict(np.load(run / "embeddings.npz"))
    texts = test.loc[stored["test_doc_id"], "text"].tolist()
    tokenizer = AutoTokenizer.from_pretrained(out)
    tokens = tokenizer(texts, padding=True, truncation=True, max_length=16, return_tensors="pt")
    with torch.inference_mode():
        embeddings = AutoModel.from_pretrained(out).eval()(**tokens).last_hidden_state[:, 0]
    np.testing.assert_allclose(embeddings, stored["test"].astype(np.float32), rtol=6e-4, atol=beside)
    by_sentence = SentenceTransformer(str(out), device="cpu").encode(texts, convert_to_tensor=True)
    torch.testing.assert_close(by_sentence, embeddings, rtol=0, atol=1e-6)
    assert ("AutoModelForSequenceClassification" in process.stdout) == (key == "ce")
    if key == "ce":
        logits = np.load(run / "logits.npz")["test"]
        model = AutoModelForSequenceClassification.from_pretrained(out).eval()
        with torch.inference_mode():
            found = model(**tokens).logits.numpy()
        np.testing.assert_allclose(found, logits, rtol=1e-5, atol=2 * beside)
        assert model.config.id2label[0] == "business"
    card = (out / "README.md").read_text()
    assert f"fine-tuned on BBC News with {key}" in card
    assert "MiniLM-L6" in card
    assert f"glossbench export {run} {key}\n" in card
    again = glossbench(folder, "export", run, key)
    assert (again.returncode, again.stderr) == (1, f"glossbench: {key}: exists, expected a new folder\n")
    nowhere = glossbench(folder, "export", "nowhere", "other")
    said = "glossbench: nowhere: no settings.json, expected the folder of a finished run\n"
    assert (nowhere.returncode, nowhere.stderr) == (1, said)
    monkeypatch.setattr(exporting.shutil, "copy", Mock(side_effect=OSError("no space")))
    entry = dict.fromkeys(("title", "source", "licence"), "")
    with pytest.raises(OSError, match="no space"):
        exporting.export(run, folder / "resources/encoders/minilm-l6", tmp_path / "failed", entry, entry)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.yaml"]
    (run / "weights.safetensors").unlink()
    missing = glossbench(folder, "export", run, "other")
    assert missing.returncode == 1
    assert "missing; runs of a study with keep_weights: true keep theirs: set it, delete " in missing.stderr
