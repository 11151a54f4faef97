"""Laws of the density cut, against numbers worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from trephine.catalogue.load import catalogue
from trephine.models import separation
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(ProcessParameters).separation


def test_freed_share_by_hand() -> None:
    # Half of what is as dense as the bed leaves it; (1 - e^-1) of that at the freeing dose.
    assert separation.freed_share(1082.0, 1e9, 2.4e5, 1082.0, 6.2) == pytest.approx(0.5)
    at_dose = separation.freed_share(1082.0, 2.4e5, 2.4e5, 1082.0, 6.2)
    assert at_dose == pytest.approx(0.5 * (1 - math.exp(-1)))
    light = separation.freed_share(1063.5, 1e9, 2.4e5, 1082.0, 6.2)
    assert light == pytest.approx(1 / (1 + math.exp(-18.5 / 6.2)))
    assert light == pytest.approx(0.9518, abs=1e-4)


def test_no_spin_frees_nothing() -> None:
    assert separation.freed_share(1063.5, 0.0, 2.4e5, 1082.0, 6.2) == 0.0


def test_recovery_by_hand() -> None:
    assert separation.recovery(0.9, 0.95, 0.06) == pytest.approx(0.95 * (0.9 + 0.1 * 0.06))
    assert separation.recovery(0.0, 1.0, 0.17) == pytest.approx(0.17)


def test_fold_and_haematocrit_by_hand() -> None:
    assert separation.fold(0.8, 60e-6, 10e-6) == pytest.approx(4.8)
    assert separation.product_haematocrit(0.17, 0.30, 65e-6, 10e-6) == pytest.approx(0.3315)


def test_taller_column_frees_less() -> None:
    device = P.devices["buffy_coat"]
    tall = replace(device, column_height=2 * device.column_height)
    short_run = separation.recoveries(replace(device, spin_dose=2.4e5), P)
    tall_run = separation.recoveries(replace(tall, spin_dose=4.8e5), P)
    assert tall_run == pytest.approx(short_run)  # twice the column takes twice the dose
    assert separation.recoveries(tall, P)["lymphocyte"] < 0.7
    assert separation.recoveries(device, P)["lymphocyte"] == pytest.approx(0.785, abs=0.001)


def test_shares_add_to_one() -> None:
    shares = P.shares()
    assert sum(shares.values()) == pytest.approx(1.0, rel=1e-12)
    assert set(shares) == {*P.density} - {separation.PROGENITOR} == set(P.share)


def test_room_by_hand() -> None:
    # 20 mL of red cells in 65 mL, 0.17 of which come over: 3.4 mL, packed in 0.78 of 4.36 mL.
    least, most = separation.room(0.17, 20.0, 65.0, 0.78)
    assert least == pytest.approx(3.4 / 0.78)
    assert most == pytest.approx(45 + 3.4)


def test_what_comes_over_is_held_to_the_room() -> None:
    over = separation.carried(0.17, 20.0, 65.0, np.array([3.0, 10.0, 50.0]), 0.78)
    assert over == pytest.approx([0.78 * 3 / 20, 0.17, (50 - 45) / 20])


def test_luck_of_the_run_moves_all_classes_together() -> None:
    bad = separation.recoveries(P.devices["buffy_coat"], P, -1.0)
    good = separation.recoveries(P.devices["buffy_coat"], P, 1.0)
    assert all(bad[name] < good[name] for name in bad)
    assert bad["progenitor"] == pytest.approx(0.556, abs=0.005)
