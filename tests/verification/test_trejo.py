"""The macrophage model of Trejo and others: the reference numbers of an independent solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

from trephine.catalogue.load import catalogue
from trephine.models import trejo
from trephine.models.callus import in_engine_units
from trephine.models.reading import Reading
from trephine.numerics.stepping import State

Law = Callable[[State, Any], State]

P = in_engine_units(Reading(catalogue()).fill(trejo.TrejoParameters))
DAYS = np.arange(1, 1001) * 0.02
BONE = {10: 0.0606, 20: 0.2791, 30: 0.4200, 50: 0.5933, 100: 0.8186, 200: 0.9632}
PEAKS = {
    "macrophage_classical": (0.4857, 5.06),
    "macrophage_alternative": (0.1679, 8.33),
    "inflammatory_cytokine": (1.838, 0.28),
    "calming_cytokine": (0.1625, 7.33),
    "progenitor": (0.1707, 7.04),
    "osteoblast": (0.5580, 13.94),
    "cartilage": (0.8469, 8.98),
}
"""Highest value, in 1e6/mL, ng/mL or g/mL, and its day; stiff implicit solution, rtol 1e-8."""


def course(law: Law = trejo.rates) -> dict[str, np.ndarray[Any, Any]]:
    """Return the fields of the published case on the days of :data:`DAYS`."""
    marched = jax.vmap(lambda day: trejo.advance(trejo.start(P), day, P, law))(DAYS)
    assert not np.any(marched.failed)
    return {name: np.asarray(u) for name, u in marched.state.items()}


def bone_at(
    day: float, debris: float | None = None, law: Law = trejo.rates, **other: float
) -> float:
    return float(trejo.advance(trejo.start(P, debris), day, P | other, law).state["bone"])


def misses(law: Law = trejo.rates) -> list[str]:
    """Return the reference numbers that a law does not give: peaks to 0.2 %, days to 0.03."""
    fields = course(law)
    wrong = []
    for name, (value, day) in PEAKS.items():
        at = int(np.argmax(fields[name]))
        if abs(fields[name][at] / value - 1) > 2e-3 or abs(DAYS[at] - day) > 0.03:
            wrong.append(name)
    wrong += [
        f"bone on day {d}" for d, b in BONE.items() if abs(bone_at(d, law=law) / b - 1) > 1e-3
    ]
    cleared = DAYS[np.argmax(fields["debris"] < 0.01 * P["initial_debris"])]
    return wrong + ([] if abs(cleared - 9.94) < 0.03 else ["debris"])


def test_the_published_case_gives_its_reference_numbers() -> None:
    assert misses() == []


def test_osteoblasts_settle_where_division_and_removal_meet() -> None:
    settled = float(trejo.advance(trejo.start(P), 400.0, P).state["osteoblast"])
    closed = P["osteoblast_capacity"] * (1 - P["osteoblast_removal"] / P["osteoblast_division"])
    assert closed == pytest.approx(0.3188, abs=5e-5)
    assert settled == pytest.approx(closed, rel=1e-4)


@pytest.mark.parametrize(
    ("other", "reached"),
    [
        ({}, {"progenitor": 0.0, "osteoblast": 0.3188, "cartilage": 0.0, "bone": 1.0}),
        (
            {"osteoblast_removal": 0.3},
            {"progenitor": 0.0, "osteoblast": 0.0, "cartilage": 0.4403, "bone": 0.2553},
        ),
        (
            {"commitment": 0.1},
            {"progenitor": 0.8, "osteoblast": 0.7829, "cartilage": 0.9388, "bone": 1.0},
        ),
    ],
    ids=["heals", "no bone", "delayed"],
)
def test_the_three_equilibria(other: dict[str, float], reached: dict[str, float]) -> None:
    state = trejo.advance(trejo.start(P), 1000.0, P | other).state
    found = {name: float(state[name]) for name in reached}
    assert found == pytest.approx(reached, abs=2e-4)


def test_the_published_defect_a_mild_fracture_heals_slower_than_a_severe_one() -> None:
    assert bone_at(100, P["mild_debris"]) == pytest.approx(0.39, abs=0.005)
    assert bone_at(100, P["severe_debris"]) == pytest.approx(0.90, abs=0.005)


def test_recruitment_without_debris_does_not_mend_the_order() -> None:
    # The stated repair, 160 times what keeps the published resting macrophages, is not enough:
    # the published progenitors multiply only while the debris lasts.
    def repaired(s: State, p: Any) -> State:
        change = trejo.rates(s, p)
        crowd = sum(s[name] for name in trejo.MACROPHAGES) / p["macrophage_capacity"]
        resting = trejo.MACROPHAGES[0]
        return change | {resting: change[resting] + 0.1 * (1.0 - crowd)}

    assert bone_at(100, P["mild_debris"], repaired) == pytest.approx(0.431, abs=0.003)
    assert bone_at(100, P["severe_debris"], repaired) == pytest.approx(0.904, abs=0.003)


def kinds_swapped(s: State, p: Any) -> State:
    """Turn alternative macrophages classical at the rate of the other way."""
    return trejo.rates(s, p | {"switch": p["switch_back"], "switch_back": p["switch"]})


def undamped(s: State, p: Any) -> State:
    """Forget that the calming cytokine damps the inflammatory one."""
    change = trejo.rates(s, p)
    made = p["debris_secretion"] * s["debris"]
    made += p["inflammatory_secretion"] * s["macrophage_classical"]
    return change | {
        "inflammatory_cytokine": made - p["inflammatory_decay"] * s["inflammatory_cytokine"]
    }


@pytest.mark.parametrize("sabotage", [kinds_swapped, undamped])
def test_the_check_rejects_a_broken_law(sabotage: Law) -> None:
    assert len(misses(sabotage)) >= 3


def test_an_array_of_voxels_does_what_one_does() -> None:
    one = trejo.advance(trejo.start(P), 5.0, P).state
    many = trejo.advance(trejo.start(P, shape=(2, 3, 1)), 5.0, P).state
    for name in trejo.FIELDS:
        assert many[name].shape == (2, 3, 1)
        assert np.asarray(many[name]) == pytest.approx(float(one[name]), rel=1e-12)
