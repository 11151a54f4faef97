"""Filtering a product through a carrier: what is caught, by the published captures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trephine.catalogue.load import catalogue
from trephine.models.filtration import FiltrationParameters, affinity, captured
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(FiltrationParameters)


@pytest.mark.parametrize(
    ("carrier", "progenitors"), [("gelatin", 0.961), ("allograft", 0.725), ("ceramic", 0.614)]
)
def test_captures_are_those_measured(carrier: str, progenitors: float) -> None:
    found = captured(carrier, P)
    assert found.progenitors == pytest.approx(progenitors)
    assert found.others == pytest.approx(progenitors * 2.3 / 5.6)


def test_progenitors_stick_by_the_ratio_of_the_dogs() -> None:
    assert affinity(P) == pytest.approx(2.4, abs=0.05)


def test_no_carrier_catches_more_than_there_is() -> None:
    turned = replace(P, progenitors_over_mixing=2.0, cells_over_mixing=3.0)
    assert captured("gelatin", turned).others == 1.0
