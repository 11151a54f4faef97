"""Laws of planning: more work never takes less, and a front is a front in any order."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trephine.case.case import Case
from trephine.case.document import validate
from trephine.case.plan import Injection
from trephine.catalogue.load import catalogue
from trephine.cli.example import written
from trephine.models.burden import burden, harm
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.reading import Reading
from trephine.models.timeline import TimelineParameters
from trephine.study import front

CASE = validate(Case, tomllib.loads(written("tibia-nonunion")), "tibia-nonunion")
P = DoseBeliefs.printed().harvest
TIMES = Reading(catalogue()).fill(TimelineParameters)
SHARES = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=40)


def injection(count: int, volume: int, track: int) -> Injection:
    own = CASE.plan.injections[0].as_written()
    own["harvest"] |= {
        "draws": [f"{count} x {volume} mL"],
        "syringe": "60 mL",
        "track": track,
        "anticoagulant": "0 mL",
    }
    own["process"]["product_volume"] = own["deliver"]["volume"] = "1 mL"
    return validate(Injection, own, "injection")


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 30), st.integers(1, 20), st.integers(1, 2))
def test_more_draws_and_larger_ones_never_ask_for_less(count: int, volume: int, track: int) -> None:
    less, more, larger = (
        burden([one], TIMES, [harm(CASE.patient, one.harvest, P)])
        for one in (
            injection(count, volume, track),
            injection(count + 1, volume, track),
            injection(count, volume + 1, track),
        )
    )
    for other in (more, larger):
        assert other.theatre > less.theatre
        assert other.marrow > less.marrow
        assert other.haemoglobin_fall > less.haemoglobin_fall
        apart = less.patient - less.theatre
        assert other.patient - other.theatre == pytest.approx(apart)


@given(SHARES)
def test_chance_and_burden_rise_along_the_front(plans: list[tuple[int, int]]) -> None:
    gain = np.array([g for g, _ in plans]) / 20
    asks = np.array([b for _, b in plans], dtype=float)
    line = front.front(gain, [asks])
    assert gain[line].max() == gain.max()
    assert asks[line].min() == asks.min()
    assert np.all(np.diff(gain[line]) > 0)
    assert np.all(np.diff(asks[line]) > 0)


@given(SHARES, st.randoms(use_true_random=False))
def test_the_front_does_not_depend_on_the_order_of_the_plans(
    plans: list[tuple[int, int]], luck: object
) -> None:
    def told(these: list[tuple[int, int]]) -> set[tuple[int, int]]:
        gain = np.array([g for g, _ in these], dtype=float)
        asks = np.array([b for _, b in these], dtype=float)
        return {these[k] for k in front.front(gain, [asks])}

    mixed = list(plans)
    luck.shuffle(mixed)  # type: ignore[attr-defined]
    assert told(mixed) == told(plans)
