"""Laws of delivery, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from trephine.catalogue.load import catalogue
from trephine.models import injection
from trephine.models.injection import InjectionParameters
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(InjectionParameters)
FLOW = 10e-6 / 60
DAY = 86400.0


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
    assert injection.hold_survival(24 * 3600.0, P.hold_loss) == pytest.approx(math.exp(-0.048))


def test_room_by_hand() -> None:
    assert injection.fits(10e-6, 4e-6) == pytest.approx(0.4)
    assert injection.fits(3e-6, 4e-6) == 1.0


def test_retention_by_hand() -> None:
    # The joint of the specification: 15 % after a month and 1.5 % after half a year.
    month = injection.retained(30 * DAY, 0.76, 2 * DAY, 45 * DAY)
    half_year = injection.retained(180 * DAY, 0.76, 2 * DAY, 45 * DAY)
    assert month == pytest.approx(0.1512, abs=1e-4)
    assert half_year == pytest.approx(0.24 / 16, rel=1e-9)
    assert injection.retained(0.0, 0.45, 3 * DAY, 30 * DAY) == 1.0


def test_each_carrier_has_all_its_numbers() -> None:
    carriers = {"none", "clot", "demineralised_bone", "allograft", "ceramic"}
    assert set(P.washed_out) == set(P.fast_half_life) == set(P.slow_half_life) == carriers
    assert P.washed_out["demineralised_bone"] < P.washed_out["clot"] < P.washed_out["none"]
    guidance = {"blind", "ultrasound", "fluoroscopy", "ct"}
    assert set(P.accuracy) == set(P.placement_error) == guidance
    assert P.washed_out["clot"] == 0.45
