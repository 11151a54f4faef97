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
