"""The stage process: recoveries, physical products, budgets, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from trephine.case.aspirate import Aspirate
from trephine.case.processing import Concentrate, Culture, Unspun
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading
from trephine.stages.process import check_device, problems, process

P = Reading(catalogue()).fill(ProcessParameters)
PLAN: TypeAdapter[Unspun | Concentrate | Culture] = TypeAdapter(Unspun | Concentrate | Culture)
MARROW = Aspirate(Suspension(65e-6, 2e9, 40_000.0, 1e10, 0.30 * 65e-6, 5e-6), (), ())


CALM = replace(
    P,
    separation=replace(P.separation, progenitor_spread=1e-9, cell_spread=1e-9),
    culture=replace(P.culture, doubling_time_spread=1e-9),
)
"""Every run is the median run."""


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def plan(**keys: object) -> Unspun | Concentrate | Culture:
    return PLAN.validate_python(keys)


def concentrate(device: str = "buffy_coat", volume: str = "10 mL") -> Concentrate:
    made = plan(method="concentrate", device=device, product_volume=volume)
    assert isinstance(made, Concentrate)
    return made


def test_buffy_coat_by_hand() -> None:
    product = process(aspirate=MARROW, plan=concentrate(), p=CALM, rng=rng())
    # F = 1/(1 + e^(-17/6.2)) x (1 - e^-9) = 0.93935; R = 0.85 (F + (1 - F) 0.17) = 0.80722.
    assert product.recovery_progenitors == pytest.approx(0.80722, abs=2e-4)
    assert product.product.progenitors == pytest.approx(32_289, rel=3e-4)
    assert product.product.haematocrit == pytest.approx(0.17 * 6.5 * 0.30)
    assert product.recovery_nucleated == pytest.approx(0.641, abs=0.002)
    assert product.product.platelets == pytest.approx(0.95e10)
    # Anticoagulant goes with the plasma: 5 mL x (10 - 3.315) / (65 - 19.5).
    assert product.product.anticoagulant == pytest.approx(0.734615e-6, rel=1e-5)
    assert product.method == "concentrated 6.5-fold in volume by buffy_coat"


@pytest.mark.parametrize(
    "device",
    ["buffy_coat", "low_haematocrit", "apheresis", "ficoll", "blood_component_separator"],
)
def test_every_device_closes_every_budget(device: str) -> None:
    product = process(aspirate=MARROW, plan=concentrate(device), p=P, rng=rng(4))
    assert len(product.budgets) == 9 + 4  # classes; progenitors, platelets, red cells, volume
    assert all(budget.closes(1e-12) for budget in product.budgets)
    plasma = product.product.volume - product.product.red_cell_volume
    assert 0 < product.product.anticoagulant < plasma


def test_classes_add_to_the_nucleated_cells() -> None:
    product = process(aspirate=MARROW, plan=concentrate(), p=CALM, rng=rng())
    cells = [b for b in product.budgets if b.quantity not in {"platelets", "red cells", "volume"}]
    assert sum(b.incoming["drawn"] for b in cells) == pytest.approx(2e9, rel=1e-12)
    held = sum(b.outgoing["in the product"] for b in cells)
    assert held == pytest.approx(product.product.nucleated, rel=1e-12)


def test_lighter_cut_leaves_granulocytes_behind() -> None:
    buffy = process(aspirate=MARROW, plan=concentrate(), p=CALM, rng=rng())
    mono = process(aspirate=MARROW, plan=concentrate("apheresis"), p=CALM, rng=rng())
    assert mono.recovery_nucleated == pytest.approx(0.249, abs=0.003)
    assert mono.recovery_nucleated < buffy.recovery_nucleated
    assert mono.product.haematocrit == pytest.approx(0.014 * 6.5 * 0.30)


def test_marrow_as_drawn_is_unchanged() -> None:
    product = process(aspirate=MARROW, plan=plan(method="none"), p=CALM, rng=rng())
    assert product.product == MARROW.pool
    assert product.recovery_progenitors == 1.0
    assert all(budget.closes(0.0) for budget in product.budgets)


def test_red_cells_that_cannot_pack_are_refused() -> None:
    with pytest.raises(InputError, match=r"product_volume: 4 mL .* write one from 5.18 to 48.8 mL"):
        process(aspirate=MARROW, plan=concentrate(volume="4 mL"), p=CALM, rng=rng())


def test_more_plasma_than_there_is_is_refused() -> None:
    with pytest.raises(InputError, match=r"product_volume: 60 mL .* not that much plasma"):
        process(aspirate=MARROW, plan=concentrate(volume="60 mL"), p=CALM, rng=rng())


def test_unknown_device_is_refused_with_a_hint() -> None:
    with pytest.raises(InputError, match="did you mean 'buffy_coat'"):
        process(aspirate=MARROW, plan=concentrate("bufy_coat"), p=CALM, rng=rng())
    with pytest.raises(InputError, match=r"plan.steps.3.process.device: 'bufy_coat'"):
        check_device("bufy_coat", P, "plan.steps.3.process.device")
    check_device("ficoll", P)
    assert problems(concentrate("bufy_coat"), P)[0].place == "process.device"
    assert problems(plan(method="none"), P) == []


def test_culture_takes_the_dose_and_keeps_the_rest_back() -> None:
    grown = plan(method="culture", duration="28 d", dose=2e7, product_volume="6 mL")
    product = process(aspirate=MARROW, plan=grown, p=CALM, rng=rng())
    assert product.cultured
    assert product.product == Suspension(6e-6, 2e7, 2e7, 0.0, 0.0, 0.0)
    assert product.recovery_progenitors == pytest.approx(500.0)
    assert all(budget.closes(1e-12) for budget in product.budgets)


def test_culture_without_a_dose_gives_all_by_hand() -> None:
    # 24 d of 36.5-h doublings are 15.78; 4 passages; 40,000 x 0.95 x 2^15.78 x 0.95^4.
    grown = plan(method="culture", duration="28 d", product_volume="60 mL")
    product = process(aspirate=MARROW, plan=grown, p=CALM, rng=rng())
    assert product.product.progenitors == pytest.approx(4e4 * 0.95**5 * 2 ** (24 * 24 / 36.5))
    assert "15.8 doublings in 4 passages" in product.method
    assert product.doublings == pytest.approx(24 * 24 / 36.5)
    assert (product.passages, product.viability) == (4, 0.9)
    fresh = process(aspirate=MARROW, plan=concentrate(), p=CALM, rng=rng())
    assert (fresh.doublings, fresh.passages, fresh.viability) == (None, None, None)


def test_cells_that_cease_to_be_progenitors_are_injected_as_others() -> None:
    grown = plan(method="culture", duration="28 d", dose=2e7, product_volume="6 mL")
    tiring = replace(CALM, culture=replace(CALM.culture, potency_loss=0.05))
    product = process(aspirate=MARROW, plan=grown, p=tiring, rng=rng())
    left = np.exp(-0.05 * 24 * 24 / 36.5)
    assert product.product.nucleated == pytest.approx(2e7)
    assert product.product.progenitors == pytest.approx(2e7 * left)
    (cells,) = [b for b in product.budgets if b.quantity == "progenitors"]
    assert cells.outgoing["ceased to be progenitors"] == pytest.approx(2e7 * (1 - left))
    assert all(budget.closes(1e-12) for budget in product.budgets)


def test_a_culture_that_falls_short_gives_what_grew_and_says_so() -> None:
    """How much grows is luck, so falling short is an outcome and not bad input."""
    grown = plan(method="culture", duration="10 d", dose=1e9, product_volume="6 mL")
    product = process(aspirate=MARROW, plan=grown, p=CALM, rng=rng())
    assert product.product.progenitors == pytest.approx(5.56e5, rel=1e-2)
    (notice,) = product.notices
    assert "10 days gave 5.56e+05 cells" in notice
    assert "1e+09 asked for" in notice
    assert all(budget.closes(1e-12) for budget in product.budgets)


def test_luck_is_that_of_the_stream() -> None:
    one = process(aspirate=MARROW, plan=concentrate(), p=P, rng=rng(1))
    same = process(aspirate=MARROW, plan=concentrate(), p=P, rng=rng(1))
    other = process(aspirate=MARROW, plan=concentrate(), p=P, rng=rng(2))
    assert one == same
    assert one.recovery_progenitors != other.recovery_progenitors
