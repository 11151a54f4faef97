"""What holds of a dose whatever the plan, in every single draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import trephine
from trephine.case import prescription
from trephine.case.case import Case, read
from trephine.case.document import validate
from trephine.core.rng import Streams
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.placement import Reach
from trephine.study.chain import Luck, Treated, chain
from trephine.study.dose import Dose, chance

CASE = read(Path(trephine.__file__).parent / "cli" / "examples" / "femur-nonunion.toml")
REACH = Reach(2.3e-6, 1e-6, 11e-6)
COUNT = 200
quick = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10**6)
NUMBERS = DoseBeliefs.draw(Streams(11), COUNT)


def plan(draws: list[float], product: float, part: float, **delivery: Any) -> Case:
    return CASE.with_plan(
        steps=[
            {
                "kind": "injection",
                "day": "0 d",
                "harvest": {
                    "draws": [f"{draw} mL" for draw in draws],
                    "anticoagulant": f"{0.1 * sum(draws)} mL",
                    # A puncture for each: a track more in a fan would crowd the others.
                    "punctures": len(draws),
                },
                "process": {
                    "method": "concentrate",
                    "device": "buffy_coat",
                    "product_volume": f"{product} mL",
                },
                "deliver": {"volume": f"{product * part} mL", **delivery},
            }
        ]
    )


def treated(case: Case, seed: int, reach: Reach = REACH) -> Treated:
    luck = Luck.of(case.plan.injections, Streams(seed), COUNT)
    return chain(case.patient, case.plan.injections, [reach], NUMBERS, luck)[0]


draws = st.lists(st.floats(1.0, 10.0), min_size=2, max_size=15)
parts = st.floats(0.2, 1.0)


@quick
@given(draws, parts, seeds)
def test_no_step_gains_cells_and_no_number_is_impossible(
    volumes: list[float], part: float, seed: int
) -> None:
    told = treated(plan(volumes, 0.3 * sum(volumes), part), seed)
    for kind in ("progenitors", "nucleated"):
        steps = np.array([np.ones(COUNT) * getattr(level, kind) for level in told.levels])
        assert np.isfinite(steps).all()
        assert (steps >= 0).all()
        assert (np.diff(steps, axis=0) <= 1e-9 * steps[0]).all()
    assert (np.asarray(told.product.haematocrit) <= 0.85 + 1e-9).all()
    assert (told.at["lesion"].volume <= 0.3 * sum(volumes) * part * 1e-6 * (1 + 1e-9)).all()


@quick
@given(draws, st.floats(1.0, 10.0), seeds)
def test_one_draw_more_never_draws_fewer(volumes: list[float], more: float, seed: int) -> None:
    product = 0.3 * sum(volumes)
    fewer, many = (
        treated(plan(given_draws, product, 0.5), seed).pool
        for given_draws in (volumes, [*volumes, more])
    )
    assert (many.progenitors > fewer.progenitors).all()
    assert (many.nucleated > fewer.nucleated).all()


@quick
@given(draws, parts, st.floats(1.1, 3.0), seeds)
def test_more_room_never_holds_fewer(
    volumes: list[float], part: float, wider: float, seed: int
) -> None:
    case = plan(volumes, 0.3 * sum(volumes), part)
    tight = Reach(*(wider**-1 * volume for volume in REACH))
    small, large = (treated(case, seed, reach).at["stays"] for reach in (tight, REACH))
    assert (large.progenitors >= small.progenitors * (1 - 1e-12)).all()


@quick
@given(
    st.floats(1e2, 1e6),
    st.floats(1.0, 10.0),
    st.sampled_from(["progenitors", "nucleated", "density"]),
    st.sampled_from(["product", "injected", "lesion", "stays"]),
)
def test_asking_for_more_is_never_easier(least: float, more: float, what: str, place: str) -> None:
    case = plan([5.0] * 12, 10.0, 1.0)
    dose = Dose("x", COUNT, 0, "drawn", "reference", (treated(case, 1),), 1.0, (None,), (REACH,))
    chances = []
    for value in (least, least * more):
        asked: dict[str, Any] = {what: value if what != "density" else f"{value / 10} 1/mL"}
        wanted = validate(prescription.Prescription, {**asked, "place": place}, "asked")
        chances.append(chance(dose, wanted).value)
    assert chances[1] <= chances[0]
