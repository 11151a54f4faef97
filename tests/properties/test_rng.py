"""Luck for all purposes: named, free of order, and the same for the same purpose."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trephine.core.rng import Streams

NAMES = st.text(alphabet="abcdefghij 0123456789", min_size=1, max_size=8)
PURPOSES = st.lists(st.tuples(NAMES, st.integers(0, 9)), min_size=2, max_size=6, unique=True)
SEEDS = st.integers(0, 2**32)


def luck(streams: Streams, purpose: tuple[object, ...]) -> tuple[float, ...]:
    return tuple(streams.named(*purpose).normal(size=3))


@given(seed=SEEDS, purposes=PURPOSES)
def test_the_order_of_asking_changes_nothing(seed: int, purposes: list[tuple[str, int]]) -> None:
    forward = {p: luck(Streams(seed), p) for p in purposes}
    backward = {p: luck(Streams(seed), p) for p in reversed(purposes)}
    assert forward == backward


@given(seed=SEEDS, purposes=PURPOSES)
def test_other_purposes_have_other_luck(seed: int, purposes: list[tuple[str, int]]) -> None:
    drawn = {luck(Streams(seed), purpose) for purpose in purposes}
    assert len(drawn) == len(purposes)


@given(seed=SEEDS, patient=NAMES, purpose=NAMES)
def test_arms_of_one_patient_share_their_luck(seed: int, patient: str, purpose: str) -> None:
    # What an arm draws besides does not move the luck of a purpose that both arms have.
    treated, untreated = Streams(seed).within(patient), Streams(seed).within(patient)
    treated.named("injection").normal(size=100)
    assert luck(treated, (purpose,)) == luck(untreated, (purpose,))


@given(seed=SEEDS, one=NAMES, two=NAMES)
def test_a_family_is_a_longer_name(seed: int, one: str, two: str) -> None:
    assert luck(Streams(seed).within(one), (two,)) == luck(Streams(seed), (one, two))


@given(seed=SEEDS, names=st.lists(NAMES, min_size=2, max_size=2, unique=True))
def test_names_do_not_run_into_each_other(seed: int, names: list[str]) -> None:
    one, two = names
    whole = luck(Streams(seed), (one + two,))
    assert luck(Streams(seed), (one, two)) != whole
    assert luck(Streams(seed), (one, two)) != luck(Streams(seed), (two, one))


@given(seeds=st.lists(SEEDS, min_size=2, max_size=5, unique=True))
def test_other_seeds_have_other_luck(seeds: list[int]) -> None:
    assert len({luck(Streams(seed), ("a",)) for seed in seeds}) == len(seeds)


def test_luck_is_pinned() -> None:
    # A run is replayed from its seed; this may change only on purpose.
    drawn = Streams(7).within("patient 3").named("harvest", 0).integers(0, 1000, size=6)
    assert drawn.tolist() == [248, 957, 610, 259, 147, 732]


def test_streams_look_independent() -> None:
    # 40 streams of 2,000 normal deviates: the largest of 780 correlations of independent streams
    # stays below 5 / sqrt(2000) but once in two thousand such tests; the seed is fixed.
    drawn = np.stack([Streams(1).named("draw", k).normal(size=2000) for k in range(40)])
    largest = max(abs(float(np.corrcoef(a, b)[0, 1])) for a, b in itertools.combinations(drawn, 2))
    assert largest < 5 / np.sqrt(2000)
