"""Laws of delivery, against numbers worked out by hand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from trephine.case.delivery import Delivery
from trephine.case.document import validate
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.models import injection
from trephine.models.injection import InjectionParameters
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(InjectionParameters)
FLOW = 10e-6 / 60


@pytest.mark.parametrize(
    ("gauge", "length", "stress", "pressure"),
    [(22, 0.090, 96.4, 84e3), (25, 0.050, 386.0, 297e3), (18, 0.05, 11.5, None)],
)
def test_needle_flow_by_hand(
    gauge: float, length: float, stress: float, pressure: float | None
) -> None:
    radius = injection.bore(gauge, P) / 2
    assert injection.wall_stress(FLOW, radius, 4e-3) == pytest.approx(stress, rel=0.01)
    if pressure is not None:
        drop = injection.pressure_drop(FLOW, radius, length, 4e-3)
        assert drop == pytest.approx(pressure, rel=0.01)


def test_a_trocar_does_no_harm() -> None:
    stress = injection.wall_stress(FLOW, injection.bore(11, P) / 2, 4e-3)
    assert stress < 1.0
    assert injection.needle_survival(stress, P) == pytest.approx(1.0, abs=1e-5)


def test_needle_survival_by_hand() -> None:
    assert injection.needle_survival(400.0, P) == pytest.approx(0.875)
    assert injection.needle_survival(386.0, P) == pytest.approx(
        1 - 0.25 * 386**2 / (386**2 + 400**2)
    )
    assert injection.needle_survival(1e9, P) == pytest.approx(0.75)


def test_bore_between_gauges_lies_between() -> None:
    middle = injection.bore(26, P)
    assert middle == pytest.approx(math.sqrt(0.260 * 0.210) * 1e-3)
    assert injection.bore(22, P) == pytest.approx(0.413e-3)


@pytest.mark.parametrize("gauge", [7, 31])
def test_unknown_needle_names_what_is_accepted(gauge: float) -> None:
    with pytest.raises(ValueError, match="from 8 to 30"):
        injection.bore(gauge, P)


def test_viscosity_by_hand() -> None:
    assert injection.viscosity(0.0, P) == pytest.approx(1.6e-3)
    assert injection.viscosity(0.3, P) == pytest.approx(1.6e-3 * math.exp(0.75))


def test_waiting_by_hand() -> None:
    assert injection.hold_survival(24 * 3600.0, P.hold_loss["room"]) == pytest.approx(
        math.exp(-0.048)
    )


def test_room_by_hand() -> None:
    assert injection.fits(10e-6, 4e-6) == pytest.approx(0.4)
    assert injection.fits(3e-6, 4e-6) == 1.0


def test_each_carrier_has_all_its_numbers() -> None:
    carriers = {"none", "clot", "demineralised_bone", "allograft", "ceramic"}
    assert set(P.retention) >= carriers
    washed = {name: P.retention[name].washed_out for name in carriers}
    assert washed["demineralised_bone"] < washed["clot"] < washed["none"]
    assert washed["clot"] == 0.45
    solid = carriers - {"none", "clot"}
    assert set(P.solid) == solid
    assert set(P.filtration.capture) == {*solid, "gelatin"}
    guidance = {"blind", "ultrasound", "fluoroscopy", "ct"}
    assert set(P.accuracy) == set(P.placement_error) == guidance


def test_escape_by_hand() -> None:
    ml, minute = 1e-6, 60.0
    assert injection.usual_escape(P) == pytest.approx(0.05 + 0.25 / 3)
    # 10 mL/min into 5 mL: 2 per minute, half of the rise.
    assert injection.escape(10 * ml / minute, 5 * ml, P) == pytest.approx(0.05 + 0.25 / 2)
    assert injection.escape(ml / minute, 20 * ml, P) == pytest.approx(injection.usual_escape(P))
    assert injection.escape(ml / minute, 0.0, P) == pytest.approx(0.3)


def test_veins_are_not_counted_twice() -> None:
    """At the usual rate veins and wash-out together take the share washed out, no more."""
    for washed_out in (0.3, 0.45, 0.6):
        stays = (1 - injection.usual_escape(P)) * injection.outlasts(washed_out, P)
        assert stays == pytest.approx(1 - washed_out, rel=1e-12)
    assert injection.outlasts(0.01, P) == 1.0, "veins alone take more than that"


PRODUCT = Suspension(10e-6, 1.0e9, 30_000.0, 5e9, 3e-6, 1e-6)
PLANS = [
    {"volume": "10 mL"},
    {"volume": "8 mL", "needle": {"gauge": 23.5}, "guidance": "blind", "drawn_up": 21},
    {"volume": "5 mL", "carrier": "ceramic", "carrier_volume": "3 mL", "kept": "cool"},
    {
        "volume": "8 mL",
        "carrier": "demineralised_bone",
        "carrier_volume": "4 mL",
        "loading": "filtered",
        "opened": True,
        "wait": "30 min",
    },
]


def one_of(value: Any, k: int) -> Any:
    """Return sample k of a parameter class, a table, or a number."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: one_of(getattr(value, f.name), k) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **changed)
    if isinstance(value, Mapping):
        return {name: one_of(item, k) for name, item in value.items()}
    return float(value[k]) if np.ndim(value) else value


@pytest.mark.parametrize("written", PLANS, ids=str)
def test_many_samples_are_each_the_same_as_one(written: dict[str, object]) -> None:
    count = 40
    luck = Reading(catalogue(), lambda name: np.random.default_rng(list(name.encode())), count)
    sampled = luck.fill(InjectionParameters)
    rng = np.random.default_rng(8)
    factor = np.exp(rng.standard_normal(count))
    products = dataclasses.replace(
        PRODUCT,
        nucleated=PRODUCT.nucleated * factor,
        progenitors=PRODUCT.progenitors * factor**2,
        red_cell_volume=PRODUCT.red_cell_volume * rng.uniform(0.1, 1.5, count),
    )
    plan = validate(Delivery, written, "delivery")
    room = rng.uniform(2e-6, 20e-6, count)
    many = injection.delivered(products, plan, room, sampled, 600.0)
    for k in range(count):
        alone = injection.delivered(
            one_of(products, k), plan, float(room[k]), one_of(sampled, k), 600.0
        )
        for name in ("placed", "progenitors", "others", "volume", "stress", "pressure"):
            there = np.broadcast_to(getattr(many, name), count)[k]
            assert there == pytest.approx(getattr(alone, name), rel=1e-12), name
    for step in (*many.shares, *many.of_others):
        assert np.min(step.share) >= 0.0, step.loss
        assert np.max(step.share) <= 1.0, step.loss
    assert np.all(many.volume <= room * (1 + 1e-12))
    assert np.all(many.progenitors <= many.placed)
