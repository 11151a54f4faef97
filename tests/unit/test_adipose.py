"""Products of fat: shares by hand, room in the product, and what stays in the clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trephine.case.aspirate import Aspirate
from trephine.case.processing import FragmentedFat, StromalFraction
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.models import adipose
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading
from trephine.stages.process import process

P = Reading(catalogue()).fill(ProcessParameters)
CALM = replace(P, adipose=replace(P.adipose, yield_spread=1e-9))
FAT = Aspirate(Suspension(60e-6, 60e6, 1.8e6, 0.0, 0.48e-6, 0.0), (), ())
"""60 mL that hold a million stromal cells per mL, three in a hundred of them progenitors."""


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_stromal_fraction_by_hand() -> None:
    plan = StromalFraction.model_validate(
        {"method": "stromal_vascular_fraction", "product_volume": "10 mL"}
    )
    made = process(aspirate=FAT, plan=plan, p=CALM, rng=rng())
    # 0.85 of 1.8e6 progenitors; of the other 58.2e6 the living, 0.8286.
    assert made.product.progenitors == pytest.approx(1.53e6)
    assert made.product.nucleated == pytest.approx(1.53e6 + 58.2e6 * 0.8286)
    assert made.viability == pytest.approx(0.8286)
    assert made.product.volume == 10e-6
    assert made.product.red_cell_volume == 0.0
    assert all(budget.closes(1e-12) for budget in made.budgets)
    assert any("nothing shows that they build bone" in notice for notice in made.notices)
    assert not made.cultured


def test_clusters_are_bounded_by_the_room_in_the_product() -> None:
    # 20 mL of clusters hold 1.3 x 20/60 of the fat, less than the 0.8 that is not lost; 0.4 leave.
    narrow, wide = (adipose.fragmented(60.0, out, CALM.adipose, 0.0) for out in (20.0, 50.0))
    assert narrow.progenitors == pytest.approx(1.3 / 3 * 0.4)
    assert narrow.trapped_progenitors == pytest.approx(1.3 / 3 * 0.6)
    assert narrow.others == pytest.approx(1.3 / 3 * 0.4 * 0.8586)
    assert wide.progenitors == pytest.approx(0.8 * 0.4)


def test_what_stays_in_the_clusters_is_told_apart() -> None:
    plan = FragmentedFat.model_validate(
        {"method": "microfragmented_fat", "product_volume": "20 mL"}
    )
    made = process(aspirate=FAT, plan=plan, p=CALM, rng=rng())
    (cells,) = [budget for budget in made.budgets if budget.quantity == "progenitors"]
    assert cells.outgoing["in the product"] == pytest.approx(1.8e6 * 1.3 / 3 * 0.4)
    assert cells.outgoing["stays in clusters of fat"] == pytest.approx(1.8e6 * 1.3 / 3 * 0.6)
    assert all(budget.closes(1e-12) for budget in made.budgets)


def test_a_large_product_holds_saline() -> None:
    plan = FragmentedFat.model_validate(
        {"method": "microfragmented_fat", "product_volume": "50 mL"}
    )
    made = process(aspirate=FAT, plan=plan, p=CALM, rng=rng())
    (volume,) = [budget for budget in made.budgets if budget.quantity == "volume"]
    # 0.8 of 60 mL, packed 1.3-fold, are 36.92 mL of clusters.
    assert volume.incoming["saline"] == pytest.approx(50e-6 - 48e-6 / 1.3)
    assert volume.closes(1e-12)


def test_luck_spreads_over_samples_and_never_passes_one() -> None:
    luck = np.random.default_rng(3).standard_normal(20_000)
    freed = adipose.digested(P.adipose, luck)
    assert np.log(freed.progenitors).std() == pytest.approx(0.35, abs=0.012)
    assert freed.progenitors.max() < 1.0
    assert freed.others.max() <= 1.0
    kept = adipose.fragmented(60.0, 60.0, P.adipose, luck)
    whole = kept.progenitors + kept.trapped_progenitors
    assert whole.max() < 1.0
    assert np.median(whole) == pytest.approx(0.8, abs=0.01)


def test_no_run_of_a_digestion_is_held_at_all_of_the_cells() -> None:
    """Cells and progenitors follow a run together, and neither heaps up at one."""
    luck = np.random.default_rng(2).standard_normal(20_000)
    shares = adipose.digested(P.adipose, luck)
    for share, median in ((shares.others, 0.8286), (shares.progenitors, 0.85)):
        assert np.median(share) == pytest.approx(median, abs=0.005)
        assert share.max() < 1.0
    assert (np.argsort(shares.others) == np.argsort(shares.progenitors)).all()
