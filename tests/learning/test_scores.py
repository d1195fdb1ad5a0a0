"""Scores, early stopping, probes and resolved settings, against loops and closed forms."""

import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from glossbench.errors import TrainingError
from glossbench.learning.evaluation import probing
from glossbench.learning.evaluation.metrics import classify, scores_of_test
from glossbench.learning.evaluation.probing import fit_probe
from glossbench.learning.evaluation.scores import accuracy, macro_f1, macro_silhouette
from glossbench.learning.training.inputs import with_found_values
from glossbench.learning.training.stopping import EarlyStopping
from glossbench.settings.model import SPLITS
from glossbench.settings.training import Probe
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_info, threadpool_limits

from tests.support.tiny_runs import objective


def test_scores_by_plain_loops():
    generator = np.random.default_rng(0)
    embeddings, labels = generator.normal(size=(30, 5)), np.arange(30) % 4
    labels[0] = 7  # a class of one document: its silhouette is zero
    predicted = generator.integers(0, 4, 30)
    points = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    by_class = {}
    for i, own in enumerate(labels):
        inside = [distance[i, j] for j in range(30) if labels[j] == own and j != i]
        outside = min(np.mean(distance[i, labels == other]) for other in set(labels) - {own})
        value = (outside - np.mean(inside)) / max(outside, np.mean(inside)) if inside else 0.0
        by_class.setdefault(own, []).append(value)
    means = {own: np.mean(values) for own, values in by_class.items()}
    assert macro_silhouette(points * 7, labels) == pytest.approx(np.mean(list(means.values())))
    several = [mean for own, mean in means.items() if len(by_class[own]) > 1]
    assert macro_silhouette(embeddings, labels, "with-two-documents") == pytest.approx(np.mean(several))
    assert macro_silhouette(points, labels, unit_norm=False) == pytest.approx(macro_silhouette(embeddings, labels))
    assert macro_silhouette(embeddings, labels, unit_norm=False) != pytest.approx(macro_silhouette(embeddings, labels))

    f1 = []
    for c in set(labels) | set(predicted):
        both = ((labels == c) & (predicted == c)).sum()
        f1.append(2 * both / ((labels == c).sum() + (predicted == c).sum()))
    assert macro_f1(labels, predicted) == pytest.approx(np.mean(f1))
    assert macro_f1(labels, predicted) == f1_score(labels, predicted, average="macro")
    assert accuracy(labels, predicted) == pytest.approx(np.mean(labels == predicted))


PREDICTIONS = pd.DataFrame({"doc_id": list("abcde"), "label": [0, 0, 0, 1, 1], "predicted": [0, 0, 1, 1, 0]})


def test_copies_are_left_out_of_score_and_size():
    """Left are b, c and d: one of class 0 found, one missed, the one of class 1 found beside a wrong one."""
    found = scores_of_test(PREDICTIONS, {"a", "e", "a document that a subset left out"})
    assert found["test_accuracy"] == pytest.approx(3 / 5)
    assert found["test_accuracy_deduplicated"] == pytest.approx(2 / 3)
    assert found["test_macro_f1_deduplicated"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert found["n_test_deduplicated"] == 3


def test_without_copies_the_scores_are_the_same_and_with_copies_alone_there_are_none():
    whole, nothing = scores_of_test(PREDICTIONS, set()), scores_of_test(PREDICTIONS, set("abcde"))
    for name in ("test_accuracy", "test_macro_f1"):
        assert whole[f"{name}_deduplicated"] == whole[name] == nothing[name]
        assert nothing[f"{name}_deduplicated"] is None
    assert (whole["n_test_deduplicated"], nothing["n_test_deduplicated"]) == (5, 0)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], [0]])
def test_a_silhouette_that_is_not_defined_is_not_a_number(labels):
    assert math.isnan(macro_silhouette(np.eye(len(labels), 3), np.array(labels)))


@pytest.mark.parametrize(
    ("tolerance", "scores", "last"),
    [(0, (0.5, 0.5, 0.6, 0.59), 0.6), (0.005, (0.6, 0.595, 0.597, 0.595), 0.5)],  # 0.597 is forgiven: none is bad again
)
def test_early_stopping_counts_epochs_in_a_row_that_are_no_better(tolerance, scores, last):
    stopping = EarlyStopping(patience=2, tolerance=tolerance)
    best = [score > max((0, *scores[:i])) for i, score in enumerate(scores)]
    assert [stopping.update(score) for score in scores] == best
    assert not stopping.stop
    assert not stopping.update(last)
    assert stopping.stop
    assert stopping.best == 0.6


def test_the_probe_has_the_regularisation_with_the_best_validation_score():
    generator = np.random.default_rng(1)
    centers = generator.normal(size=(3, 8))
    draw = lambda n: (centers[np.arange(n) % 3] + generator.normal(scale=1.5, size=(n, 8)), np.arange(n) % 3)  # noqa: E731
    train, validation = draw(60), draw(90)
    settings = Probe(C=[100.0, 0.001, 1.0])
    probe, strength = fit_probe(train, validation, settings)
    scores = {}
    mean, scale = train[0].mean(axis=0), train[0].std(axis=0)
    for c in (0.001, 1.0, 100.0):
        model = LogisticRegression(C=c, max_iter=1000).fit((train[0] - mean) / scale, train[1])
        scores[c] = macro_f1(validation[1], model.predict((validation[0] - mean) / scale))
    assert strength == min(c for c in scores if scores[c] == max(scores.values()))
    assert macro_f1(validation[1], probe.predict(validation[0])) == pytest.approx(scores[strength])


def test_the_probe_of_a_run_and_of_a_trial_has_one_thread(monkeypatch):
    def threads(train, *_):
        pools = {pool["num_threads"] for pool in threadpool_info()}
        return LogisticRegression().fit(*train), pools

    monkeypatch.setattr(probing, "fit_probe", threads)
    points = np.arange(8, dtype=np.float32).reshape(4, 2)
    embeddings = dict.fromkeys(SPLITS, points) | {f"{name}_label": np.array([0, 0, 1, 1]) for name in SPLITS}
    with threadpool_limits(2):
        assert classify("standalone", embeddings, {}, Probe())[2] == {1}


@pytest.mark.parametrize("class_weights", ["none", "balanced"])
@pytest.mark.parametrize("tested_step", ["best", "last"])
def test_the_reference_codes_probe_is_fifty_steps_of_full_batch_adam(class_weights, tested_step):
    """The steps are repeated in numpy from the same initial weights."""
    generator = np.random.default_rng(2)
    labels = (np.arange(40) % 4 == 0).astype(int)
    share = np.where(labels == 1, 40 / (2 * 10), 40 / (2 * 30)) if class_weights == "balanced" else np.ones(40)
    embeddings = np.where(labels[:, None] == 0, 1.0, -1.0) * generator.uniform(50, 60, size=(40, 6))
    settings = Probe(kind="adam", class_weights=class_weights, tested_step=tested_step)
    found, strength = fit_probe((embeddings, labels), (embeddings, labels), settings)
    assert strength is None

    torch.manual_seed(0)
    start = torch.nn.Linear(6, 2)
    weights, bias = start.weight.detach().double().numpy().copy(), start.bias.detach().double().numpy().copy()
    scores, kept = [], []
    moments = [np.zeros_like(weights), np.zeros_like(weights), np.zeros_like(bias), np.zeros_like(bias)]
    for step in range(1, 51):
        logits = embeddings @ weights.T + bias
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = (p / p.sum(axis=1, keepdims=True) - np.eye(2)[labels]) * (share / share.sum())[:, None]
        for place, gradient in ((0, error.T @ embeddings), (2, error.sum(axis=0))):
            moments[place] = 0.9 * moments[place] + 0.1 * gradient
            moments[place + 1] = 0.999 * moments[place + 1] + 0.001 * gradient**2
            first, second = moments[place] / (1 - 0.9**step), moments[place + 1] / (1 - 0.999**step)
            change = 1e-4 * first / (np.sqrt(second) + 1e-8)
            weights, bias = (weights - change, bias) if place == 0 else (weights, bias - change)
        predicted = (embeddings @ weights.T + bias).argmax(axis=1)
        scores.append(macro_f1(labels, predicted))
        kept.append(weights.copy())
        if len(scores) > 10 and max(scores[-10:]) <= max(scores[:-10]):
            break
    expected = kept[int(np.argmax(scores)) if tested_step == "best" else -1]
    np.testing.assert_allclose(found.weights, expected, rtol=0, atol=1e-4)


def test_a_rule_for_sigma_becomes_its_number():
    estimates = {"sigma": {"pairs": {"sqrt": 0.5, "inflection": 0.7}, "full-matrix": {"sqrt": 0.4}}}

    def sigma(**asked):
        return with_found_values(objective("gloss", loss_settings=asked), {}, estimates).loss_settings.sigma

    assert sigma(sigma="sqrt", sigma_median="full-matrix") == 0.4
    assert sigma(sigma="inflection", sigma_median="pairs") == 0.7
    assert sigma(sigma=2.0) == 2.0


def multiplied(loss, multipliers, tuned, estimates=None, **loss_settings):
    given = objective(loss, "integrated", loss_settings, learning_rate=1e-5)
    return with_found_values(given.model_copy(update={"multipliers": multipliers}), tuned, estimates)


def test_multipliers_apply_to_tuned_and_estimated_values():
    estimates = {"sigma": {"pairs": {"sqrt": 0.4}}}
    changes = {"weight": 0.8, "learning_rate": 3e-5}
    found = multiplied("gloss", {"sigma": 1.5, "weight": 1.2}, changes, estimates, sigma="sqrt")
    assert (found.value("sigma"), found.value("labeled_fraction")) == (pytest.approx(0.6), 0.7)
    assert (found.weight, found.training.learning_rate) == (pytest.approx(0.96), 3e-5)
    with pytest.raises(TrainingError, match=r"weight: 1\.08.* found, expected .*; take another multiple"):
        multiplied("gloss", {"weight": 1.2}, {"weight": 0.9}, sigma=1.0)
    with pytest.raises(TrainingError, match=r"temperature: -0\.1 found, expected .*; take another multiple"):
        multiplied("supcon", {"temperature": -1}, {}, temperature=0.1)
    found = multiplied("supcon", {"temperature": 2.0}, {}, temperature=0.1)
    assert found.loss_settings.arguments()["temperature"] == 0.2


@pytest.mark.slow
def test_evaluating_a_run_does_not_import_torch():
    """The import would take longer than the evaluation."""
    code = "import sys, glossbench.learning.evaluation.metrics, glossbench.files; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
