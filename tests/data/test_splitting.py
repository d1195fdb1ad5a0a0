"""Stratified draws: properties that hold for any labels."""

import math

import numpy as np
import pytest
from glossbench.data.splitting import stratified_split, stratified_subset
from glossbench.errors import CorpusError
from hypothesis import given
from hypothesis import strategies as st

label_lists = st.lists(st.integers(0, 6), min_size=1, max_size=120)
seeds = st.integers(0, 2**32)


@given(st.data(), label_lists, seeds)
def test_subset_is_distinct_reproducible_and_in_proportion(data, labels, seed):
    labels = np.array(labels)
    size = data.draw(st.integers(1, len(labels)))
    chosen = stratified_subset(labels, size, seed)
    assert len(chosen) == size
    assert (np.diff(chosen) > 0).all()
    assert (chosen == stratified_subset(labels, size, seed)).all()
    classes = np.unique(labels)
    for name in classes:
        n_class, n_chosen = (labels == name).sum(), (labels[chosen] == name).sum()
        assert n_chosen <= n_class
        if size >= len(classes):
            assert n_chosen >= 1
        share = size * n_class / len(labels)
        # off by less than one document, except that each class may give one to a class whose share is below one
        assert n_chosen <= math.ceil(share)
        assert n_chosen > share - 1 - len(classes)


@given(label_lists, st.floats(0.01, 0.99), seeds)
def test_split_divides_the_documents_and_keeps_every_class(labels, fraction, seed):
    labels = np.array(labels)
    try:
        kept, held_out = stratified_split(labels, fraction, seed)
    except CorpusError:
        assert round(fraction * len(labels)) == 0 or len(labels) == len(np.unique(labels))
        return
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert set(labels[kept]) == set(labels)
    assert len(held_out) == min(round(fraction * len(labels)), len(labels) - len(set(labels)))


def test_other_seeds_draw_other_documents():
    labels = np.repeat([0, 1], 50)
    drawn = {tuple(stratified_subset(labels, 10, seed)) for seed in range(20)}
    assert len(drawn) == 20


def test_exact_proportions_are_met_exactly():
    labels = np.array(["b"] * 60 + ["a"] * 30 + ["c"] * 10)
    assert np.unique(labels[stratified_subset(labels, 20, 0)], return_counts=True)[1].tolist() == [6, 12, 2]


def test_rare_classes_keep_as_many_as_asked_for():
    labels = np.repeat([0, 1, 2, 3], [900, 90, 7, 3])
    assert np.bincount(labels[stratified_subset(labels, 100, 0, per_class=4)]).tolist() == [85, 8, 4, 3]
    with pytest.raises(CorpusError, match="subset of 14 documents, expected at least 15 for 4 of each class"):
        stratified_subset(labels, 14, 0, per_class=4)


@pytest.mark.parametrize("size", [0, 11])
def test_subset_of_no_or_too_many_documents_is_refused(size):
    with pytest.raises(CorpusError, match=f"subset of {size} documents, expected 1 to 10"):
        stratified_subset(np.arange(10), size, 0)
