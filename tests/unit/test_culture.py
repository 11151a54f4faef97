"""Law of expansion, against numbers worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from trephine.catalogue.load import catalogue
from trephine.models import culture
from trephine.models.culture import CultureParameters
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(CultureParameters)
DAY, YEAR = 86400.0, 365.25 * 86400.0


def test_growth_by_hand() -> None:
    # Lag 4 d, then ten doublings of 36.5 h: 2 passages. 1000 x 0.95 x 1024 x 0.9025.
    growth = culture.expand(1000.0, 4 * DAY + 365 * 3600, 36.5 * 3600, P)
    assert growth.doublings == pytest.approx(10.0)
    assert growth.passages == 2
    assert growth.cells == pytest.approx(877_952.0)
    assert growth.lost == pytest.approx(972_800.0 - 877_952.0)
    assert growth.attached + growth.grown == pytest.approx(growth.cells + growth.lost)


def test_nothing_divides_before_the_lag() -> None:
    growth = culture.expand(1000.0, 3 * DAY, 36.5 * 3600, P)
    assert (growth.doublings, growth.passages) == (0.0, 1)
    assert growth.cells == pytest.approx(902.5)


def test_culture_stops_at_twenty_doublings() -> None:
    growth = culture.expand(1.0, 100 * DAY, 36.5 * 3600, replace(P, passage_recovery=1.0))
    assert growth.doublings == 20.0
    assert growth.passages == 4
    assert growth.cells == pytest.approx(0.95 * 2**20)


def test_old_donors_grow_slowly() -> None:
    young = culture.doubling_time(17 * YEAR, 0.0, P)
    old = culture.doubling_time(90 * YEAR, 0.0, P)
    assert old / young == pytest.approx(1.7)
    assert culture.doubling_time(50 * YEAR, 0.0, P) == pytest.approx(36.5 * 3600)
    assert culture.doubling_time(None, 0.0, P) == pytest.approx(36.5 * 3600)


def test_luck_of_the_culture() -> None:
    slow = culture.doubling_time(None, 1.0, P)
    assert slow / 3600 == pytest.approx(36.5 * 1.1948, abs=0.01)


def test_serum_feeds_more_slowly() -> None:
    serum = culture.doubling_time(None, 0.0, P, "serum")
    assert serum / culture.doubling_time(None, 0.0, P) == pytest.approx(1.5)


def test_potency_is_null_as_printed_and_falls_where_a_loss_is_believed() -> None:
    assert culture.potency(15.0, P) == 1.0
    assert culture.potency(15.0, replace(P, potency_loss=0.06)) == pytest.approx(math.exp(-0.9))


def test_samples_grow_as_single_cultures_do() -> None:
    seeded, paces = np.array([1e3, 2e3, 5e4]), np.array([30.0, 36.5, 80.0]) * 3600
    many = culture.expand(seeded, 28 * DAY, paces, P)
    for number, each in enumerate(zip(seeded, paces, strict=True)):
        alone = culture.expand(each[0], 28 * DAY, each[1], P)
        for name in ("attached", "doublings", "passages", "lost", "cells"):
            assert getattr(many, name)[number] == getattr(alone, name)
