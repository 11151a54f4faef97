"""Lumped inflammation: quiet at rest, roused by injury, calmed by cells, bounded in its effect."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trephine.catalogue.load import catalogue
from trephine.models import inflammation, trejo
from trephine.models.inflammation import FIELDS, MODULATED, InflammationParameters
from trephine.models.reading import Reading
from trephine.numerics.stepping import State

P = inflammation.numbers(Reading(catalogue()).fill(InflammationParameters))
HOST = 1e-4
"""Progenitors of an untreated non-union [1e6/mL]."""


def course(
    debris: float, progenitors: float = HOST, days: int = 90, p: dict[str, float] = P
) -> list[dict[str, float]]:
    """Return the modulators of each day, and the state of each."""
    state = inflammation.at_day_0(debris, p)
    found = []
    for _ in range(days):
        found.append(inflammation.modulators(state, progenitors, p) | state)
        state = inflammation.after(state, 1.0, progenitors, p)
    return found


def test_a_non_union_without_fresh_trauma_is_quiet_with_and_without_cells() -> None:
    for progenitors in (0.0, HOST, 3e-3, 0.1):
        for day in course(0.0, progenitors):
            assert [day[name] for name in MODULATED] == pytest.approx([1, 1, 1], abs=5e-3)


def test_without_progenitors_rest_is_a_fixed_point() -> None:
    rest = inflammation.at_day_0(0.0, P)
    assert rest["macrophage_resting"] == pytest.approx(0.004, rel=0.005)
    assert inflammation.after(rest, 60.0, 0.0, P) == pytest.approx(rest, rel=1e-6)
    assert inflammation.modulators(rest, 0.0, P) == dict.fromkeys(MODULATED, 1.0)


def test_an_injury_rouses_and_passes() -> None:
    days = course(0.25)
    assert days[1]["progenitor_growth"] > 1.8
    assert days[1]["to_bone"] == pytest.approx(0.5, abs=0.01)
    assert max(d["macrophage_classical"] for d in days) == pytest.approx(0.49, abs=0.02)
    assert days[12]["debris"] < 0.01 * days[0]["debris"]
    assert [days[-1][name] for name in MODULATED] == pytest.approx([1, 1, 1], abs=0.01)


def test_a_worse_injury_lasts_longer() -> None:
    held_back = [sum(1 - d["to_bone"] for d in course(debris)) for debris in (0.0015, 0.25, 1.0)]
    assert held_back == pytest.approx([5.51, 9.28, 14.93], rel=0.01)


def test_injected_progenitors_calm_a_fresh_injury() -> None:
    alone, treated = course(0.25), course(0.25, 0.1)
    assert treated[14]["to_bone"] > alone[14]["to_bone"] + 0.05
    assert max(d["macrophage_classical"] for d in treated) < max(
        d["macrophage_classical"] for d in alone
    )


def test_a_second_injury_adds_debris() -> None:
    state = inflammation.after(inflammation.at_day_0(0.0, P), 30.0, HOST, P)
    hurt = inflammation.injure(state, 0.5, P)
    assert hurt["debris"] == pytest.approx(state["debris"] + 100.0)
    assert {k: v for k, v in hurt.items() if k != "debris"} == {
        k: v for k, v in state.items() if k != "debris"
    }
    with pytest.raises(ValueError, match="takes none away"):
        inflammation.injure(state, -0.1, P)


def test_a_course_in_pieces_is_the_course() -> None:
    state = inflammation.at_day_0(0.25, P)
    whole = inflammation.after(state, 6.0, 0.01, P)
    pieces = state
    for days in (0.5, 1.5, 3.0, 1.0):
        pieces = inflammation.after(pieces, days, 0.01, P)
    assert pieces == pytest.approx(whole, rel=1e-3)
    assert inflammation.after(state, 0.0, 0.01, P) == state


amounts = st.floats(0, 1)


@settings(max_examples=60, deadline=None)
@given(st.tuples(amounts, amounts, amounts), st.floats(0, 400), amounts, st.floats(0, 40))
def test_everything_is_bounded(
    share: tuple[float, float, float], debris: float, progenitors: float, days: float
) -> None:
    full = max(1.0, sum(share))
    state = dict(zip(FIELDS, (debris, *(part / full for part in share)), strict=True))
    later = inflammation.after(state, days, progenitors, P)
    for s in (state, later):
        assert all(value >= 0 for value in s.values())
        assert sum(s[name] for name in FIELDS[1:]) <= P["macrophage_capacity"] * (1 + 1e-9)
        for name, factor in inflammation.modulators(s, progenitors, P).items():
            assert 1 / P["reach"] - 1e-12 <= factor <= P["reach"] + 1e-12, name
    assert later["debris"] <= debris


def published_without_balance(debris: float, progenitors: float) -> State:
    """Return day 10 of the published cytokines in full, progenitors held, no other recruitment."""

    def held(s: State, p: Any) -> State:
        return trejo.rates(s, p) | {"progenitor": jnp.zeros_like(s["progenitor"])}

    start = trejo.start(P, debris * P["severe_debris"])
    start |= {"progenitor": jnp.asarray(progenitors), "inflammatory_cytokine": jnp.asarray(0.0)}
    return trejo.advance(start, 10.0, P, held).state


@pytest.mark.parametrize(("debris", "progenitors"), [(0.25, 0.01), (1.0, 0.1), (0.01, 0.001)])
def test_cytokines_in_balance_cost_little(debris: float, progenitors: float) -> None:
    q = P | {"constitutive_recruitment": 0.0}
    state = inflammation.at_day_0(debris, q) | {"macrophage_resting": P["initial_macrophages"]}
    ours = inflammation.after(state, 10.0, progenitors, q)
    theirs = published_without_balance(debris, progenitors)
    for name in FIELDS[1:]:
        assert ours[name] == pytest.approx(float(theirs[name]), rel=0.06), name
    inflammatory, calming = inflammation.cytokines(ours, progenitors, q)
    assert inflammatory == pytest.approx(float(theirs["inflammatory_cytokine"]), rel=0.1)
    assert calming == pytest.approx(float(theirs["calming_cytokine"]), rel=0.05)


def test_the_balance_solves_its_equations() -> None:
    state = dict(zip(FIELDS, (5.0, 0.1, 0.3, 0.2), strict=True))
    inflammatory, calming = inflammation.cytokines(state, 0.05, P)
    damped = P["calming_damping"] / (P["calming_damping"] + calming)
    made = P["calming_secretion"] * 0.2 + P["progenitor_calming_secretion"] * 0.05
    assert damped * made == pytest.approx(P["calming_decay"] * calming, rel=1e-12)
    kept = P["inflammatory_damping"] / (P["inflammatory_damping"] + calming)
    made = P["debris_secretion"] * 5.0 + P["inflammatory_secretion"] * 0.3
    assert kept * made == pytest.approx(P["inflammatory_decay"] * inflammatory, rel=1e-12)


def test_more_recruitment_leaves_a_little_inflammation_for_ever() -> None:
    # Above d_0 times the resting macrophages at which one classical macrophage replaces itself.
    chronic = course(0.25, HOST, 200, P | {"constitutive_recruitment": 5e-3})[-1]
    passing = course(0.25, HOST, 200)[-1]
    assert chronic["to_bone"] == pytest.approx(0.92, abs=0.02)
    assert passing["to_bone"] > 0.99
    assert np.isfinite(list(chronic.values())).all()
