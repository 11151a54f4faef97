"""Each term of the healing model by itself: which way it acts, by how much, and what bounds it."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from single_terms import SPACING, column, felt, marched, numbers, only, rates, state_of, stepped
from trephine.models import (
    carriers,
    differentiation,
    matrix,
    migration,
    proliferation,
    remodelling,
    surfaces,
    vessels,
)
from trephine.models.callus import CALLUS
from trephine.models.oxygen import oxygen_tension
from trephine.models.term import Term
from trephine.models.tissue import MATRIX, Tissue
from trephine.numerics.faces import aperture

Fields = dict[str, Any]

# Taxis


def drift(term: Term, s: Fields, tissue: Tissue, **conditions_of: Any) -> float:
    """Return the mean velocity of evenly spread injected progenitors, walls aside [mm/d]."""
    n = tissue.open.size
    at = (np.arange(n) + 0.5) * float(tissue.spacing)
    rate = rates(term, s, tissue, **conditions_of)["progenitor_injected"]
    return float((rate * at).sum() / s["progenitor_injected"].sum())


@pytest.mark.parametrize("slope", [0.1, -0.1])
def test_progenitors_follow_the_signal_by_the_receptor_law(slope: float) -> None:
    """chi K/(K+g)^2 grad g about g = 1, on a gentle slope; each of 19 faces carries 20 cells."""
    n = 20
    g = 1.0 + slope * SPACING * (np.arange(n) - 9.5)
    s = state_of(n, progenitor_injected=0.01)
    p = numbers()
    law = p["chemotaxis"] * p["chemotaxis_half"] / (p["chemotaxis_half"] + g) ** 2 * slope
    expected = law.mean() * (n - 1) / n
    found = drift(migration.CHEMOTAXIS, s, column(n), signal=g.reshape(1, 1, n))
    assert found == pytest.approx(expected, rel=0.02)
    assert found * slope > 0.004 * slope**2


def test_a_saturating_signal_leads_nobody() -> None:
    n = 20
    s, steps = state_of(n, progenitor_injected=0.01), np.arange(n).reshape(1, 1, n)
    weak = drift(migration.CHEMOTAXIS, s, column(n), signal=1.0 + 0.1 * steps)
    strong = drift(migration.CHEMOTAXIS, s, column(n), signal=100.0 + 0.1 * steps)
    assert 0 < strong < 0.01 * weak


@pytest.mark.parametrize("term", [migration.CHEMOTAXIS, migration.HAPTOTAXIS])
def test_no_drift_outruns_the_cells(term: Term) -> None:
    """A cliff of signal or of matrix on small voxels moves cells at the bound, not faster."""
    n, h = 8, 0.01
    cliff = np.where(np.arange(n) < 4, 0.0, 0.9).reshape(1, 1, n)
    s = state_of(n, progenitor_injected=0.01, fibrous=cliff if term is migration.HAPTOTAXIS else 0)
    signal = 1e3 * cliff if term is migration.CHEMOTAXIS else 0.0
    tissue = column(n, h)
    crossing = rates(term, s, tissue, signal=signal)["progenitor_injected"][4:].sum() * h
    passage = float(felt(s, tissue).passage[2][0, 0, 3]) * h
    bound = numbers()["migration_speed"] * 0.01 * passage
    assert crossing == pytest.approx(bound, rel=1e-12)
    assert bound > 0.0


def test_an_even_spread_of_cells_does_not_clump() -> None:
    """With chi below 4 D a ripple dies out, whatever signal the cells secrete; above it grows."""
    n = 40
    ripple = 1.0 + 0.1 * np.cos(2 * np.pi * (np.arange(n) + 0.5) / n)
    m = 1.7e-3 * ripple.reshape(1, 1, n)
    model = only("progenitors wander", "progenitors follow the signal")
    motility = numbers()["progenitor_motility"]
    assert numbers()["chemotaxis"] < 4 * motility

    def left(**changes: float) -> float:
        seen = marched(
            10.0,
            state_of(n, progenitor_injected=m, perfusion=1.0),
            column(n, 1.0),
            model,
            **changes,
        )["progenitor_injected"]
        return float(np.ptp(seen) / np.ptp(m))

    assert left() < 0.97
    assert left(chemotaxis=12 * motility) > 1.0


# Remodelling


def front_of_lamellar_bone(spacing: float) -> float:
    """Return how far lamellar bone spreads from living old bone in 120 days [mm]."""
    n = round(12.0 / spacing)
    living = jnp.zeros((1, 1, n)).at[..., 0].set(1.0)
    healing = 1.0 - living
    tissue = column(n, spacing, living_bone=living, open=healing, apertures=aperture(healing))
    s = state_of(n, woven=0.8, mineralised=0.8, perfusion=1.0)
    seen = stepped(remodelling.REMODELLING, 120.0, s, tissue)
    assert seen["woven"] + seen["lamellar"] == pytest.approx(0.8, abs=1e-12)
    assert seen["mineralised"] == pytest.approx(0.8, abs=1e-12)
    assert seen["lamellar"].min() >= 0.0
    return float(seen["lamellar"][1:].sum() * spacing / 0.8)


@pytest.mark.parametrize("spacing", [1.0, 0.5])
def test_lamellar_bone_spreads_at_the_creeping_speed(spacing: float) -> None:
    """c t = 2.96 mm on any voxel size; mineral and volume are kept."""
    expected = 120 * numbers()["creeping_speed"]
    assert expected == pytest.approx(2.964)
    assert front_of_lamellar_bone(spacing) == pytest.approx(expected, rel=0.02)


def test_the_check_rejects_a_front_that_grows_with_what_surrounds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sabotage: a neighbour's share turns bone, not what it holds more; the front is pulled."""

    def neighbour(share: Any, spacing: Any) -> Any:
        return jnp.pad(share[..., :-1], [(0, 0), (0, 0), (1, 0)]) / spacing

    monkeypatch.setattr(remodelling, "steepness", neighbour)
    assert front_of_lamellar_bone(1.0) > 1.1 * 2.964


def test_remodelling_needs_mineral_vessels_and_lamellar_bone_beside_it() -> None:
    beside = np.array([0.6, 0.0, 0.0]).reshape(1, 1, 3)

    def turned(**values: Any) -> float:
        full = {"woven": 0.7 - beside, "lamellar": beside, "mineralised": 0.7, "perfusion": 1.0}
        s = state_of(3, **(full | values))
        return float(rates(remodelling.REMODELLING, s, column(3))["lamellar"][1])

    assert turned() > 0
    assert turned(mineralised=beside) == 0.0
    assert turned(perfusion=0.0) == 0.0
    assert turned(lamellar=0.0, woven=0.7) == 0.0


def test_only_unloaded_mineralised_woven_bone_is_resorbed() -> None:
    s = state_of(1, woven=0.5, lamellar=0.2, mineralised=0.6, perfusion=1.0)
    p = numbers()

    def lost(strain: float) -> dict[str, np.ndarray]:
        return rates(remodelling.DISUSE_RESORPTION, s, column(1), strain=strain)

    assert lost(0.0)["woven"] == pytest.approx(-0.4 * p["disuse_resorption"])
    assert lost(0.0)["mineralised"] == lost(0.0)["woven"]
    assert lost(0.5 * p["disuse_strain"])["woven"] == pytest.approx(0.5 * lost(0.0)["woven"])
    assert lost(p["disuse_strain"])["woven"] == 0.0


# Carriers


def test_solid_carriers_hinder_motion_and_take_room() -> None:
    for name in ("demineralised_bone", "allograft", "ceramic"):
        bare, held = state_of(2), state_of(2, **{name: 0.4})
        free, full = felt(bare, column(2)), felt(held, column(2))
        assert float(full.passage[2].max()) == pytest.approx(0.6 * float(free.passage[2].max()))
        assert float(full.free.max()) == pytest.approx(0.6)


def test_bone_is_laid_onto_chips_and_granules() -> None:
    p = numbers()
    for name in ("allograft", "ceramic"):
        s = state_of(1, osteoblast=0.2, fibrous=0.3, **{name: 0.4})
        more = rates(carriers.CARRIER_APPOSITION, s, column(1))
        laid = p["bone_synthesis"] * p["carrier_conduction"] * 0.4 * 0.2
        assert more["woven"] == pytest.approx(laid * 0.6)
        assert more["fibrous"] == pytest.approx(-laid * 0.3)
    none = rates(carriers.CARRIER_APPOSITION, state_of(1, osteoblast=0.2), column(1))
    assert none["woven"] == 0.0


def test_allograft_is_replaced_where_osteoblasts_and_vessels_are() -> None:
    p = numbers()

    def turned(**values: float) -> float:
        s = state_of(1, **({"allograft": 0.3, "osteoblast": 0.05, "perfusion": 1.0} | values))
        found = rates(carriers.ALLOGRAFT_SUBSTITUTION, s, column(1))
        assert found["woven"] == -found["allograft"]
        return float(found["woven"][0])

    half = p["creeping_osteoblast"] / (p["creeping_osteoblast"] + 0.05)
    assert half == pytest.approx(0.5)
    assert turned() == pytest.approx(0.5 * p["creeping_speed"] / p["chip_depth"] * 0.3)
    assert turned(osteoblast=0.0) == turned(perfusion=0.0) == 0.0


def test_ceramic_outlasts_the_healing() -> None:
    s = state_of(1, ceramic=0.4, osteoblast=0.3, perfusion=1.0)
    left = stepped(carriers.CERAMIC_DISSOLUTION, 180.0, s, column(1))["ceramic"]
    assert left == pytest.approx(0.4 * np.exp(-0.18), rel=1e-3)


# Clot, oxygen and strain


def test_clot_spares_progenitors_for_about_twenty_days() -> None:
    p = numbers()
    assert 1.0 / p["clot_lysis"] == pytest.approx(20.0)
    bare, held = (state_of(1, progenitor_injected=0.01, clot=c) for c in (0.0, 1.0))
    loss = [
        float(rates(proliferation.PROGENITOR_LOSS, s, column(1))["progenitor_injected"][0])
        for s in (bare, held)
    ]
    assert loss[1] / loss[0] == pytest.approx(1.0 - p["clot_protection"], rel=0.01)
    left = stepped(carriers.CLOT_LYSIS, 20.0, held, column(1), 0.1)["clot"]
    assert left == pytest.approx(np.exp(-1), rel=5e-3)


def test_clot_eases_motion() -> None:
    bare, held = (felt(state_of(2, clot=c), column(2)).passage[2] for c in (0.0, 1.0))
    assert float(held.max() / bare.max()) == pytest.approx(1.0 + numbers()["clot_motility"])


def least_oxygen(**values: float) -> float:
    n = 41
    s = state_of(n, **values)
    tissue = column(n, 0.25, living_bone=jnp.zeros((1, 1, n)).at[..., 0].set(10.0))
    guess = jnp.full((1, 1, n), 40.0)
    return float(oxygen_tension(s, tissue, numbers(), guess, 1e-6).u.min())


def test_injected_blood_cells_compete_for_oxygen() -> None:
    """5e7 nucleated cells/mL use what 1e6 progenitors/mL do; so their depth is 2.8 mm, not 10."""
    share = numbers()["inert_oxygen_share"]
    as_cells = least_oxygen(progenitor_injected=50.0 * share)
    as_load = least_oxygen(inert_nucleated=50.0)
    assert as_load == pytest.approx(as_cells, rel=1e-6)
    assert as_load < 2.0
    assert least_oxygen(inert_nucleated=0.5) > 30.0


def test_vessels_do_not_fill_in_where_strain_is_large() -> None:
    s = state_of(1, perfusion=0.5)
    found = [
        float(rates(vessels.VESSEL_GROWTH, s, column(1), strain=e)["perfusion"][0])
        for e in (0.0, 0.05, 0.075, 0.1, 0.2)
    ]
    assert found[0] == found[1] > 0
    assert found[2] == pytest.approx(0.5 * found[0])
    assert found[3] == found[4] == 0.0


# Bounds over a whole march


def test_a_full_voxel_never_overflows() -> None:
    """Sums of fractions stay within one, and mineral within bone, for 150 days of everything."""
    n = 12
    living = jnp.zeros((1, 1, n)).at[..., 0].set(0.5)
    s = state_of(
        n,
        progenitor_injected=0.05,
        fibrous=0.6,
        perfusion=0.5,
        dead_bone=0.5,
        clot=0.5,
        allograft=0.2,
        ceramic=0.2,
    )
    tissue = column(n, living_bone=living, living_surface=living, dead_surface=living)
    seen = marched(150.0, s, tissue)
    filled = sum(seen[name] for name in MATRIX)
    bone = seen["woven"] + seen["lamellar"]
    assert filled.max() <= 1.0 + 1e-9
    assert bone.min() > 0.1
    assert (seen["mineralised"] <= bone + 1e-9).all()
    assert (seen["lamellar"] <= seen["mineralised"] + 1e-9).all()
    assert seen["lamellar"].max() > 0.05
    assert all(u.min() >= 0.0 for u in seen.values())
    assert seen["dead_bone"].max() < 0.5
    assert seen["allograft"].max() < 0.2
    assert seen["ceramic"] == pytest.approx(0.2 * np.exp(-150 * numbers()["ceramic_dissolution"]))


def test_every_term_that_is_written_is_a_term_of_the_model() -> None:
    kinds = (migration, proliferation, differentiation, surfaces, vessels, matrix, remodelling)
    written = {
        term.name
        for module in (*kinds, carriers)
        for term in vars(module).values()
        if isinstance(term, Term)
    }
    assert {term.name for term in CALLUS.terms} == written
    assert len(CALLUS.terms) == len(written) > 30
