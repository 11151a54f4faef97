"""Each term of the healing model by itself: which way it acts, by how much, and what bounds it."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.catalogue.load import catalogue
from trephine.core.grid import Grid
from trephine.models import carriers, migration, proliferation, remodelling, surfaces, vessels
from trephine.models.beliefs import Reading
from trephine.models.callus import CALLUS, CallusParameters, at_day_0, in_engine_units, tissue_of
from trephine.models.healing import advance
from trephine.models.model import Fast, HealingModel, Strain
from trephine.models.oxygen import oxygen_tension
from trephine.models.term import Term
from trephine.models.tissue import MATRIX, Conditions, Tissue, conditions
from trephine.numerics.faces import aperture

Fields = dict[str, Any]
SPACING = 0.5


@cache
def numbers() -> dict[str, Any]:
    return dict(in_engine_units(Reading(catalogue()).fill(CallusParameters)))


def column(n: int, spacing: float = SPACING, **changes: Any) -> Tissue:
    """Return a column of open tissue along z; anything else by name."""
    ones, none = jnp.ones((1, 1, n)), jnp.zeros((1, 1, n))
    faces = aperture(ones)
    plain = Tissue(jnp.asarray(spacing), ones, faces, ones, faces, none, none, none, none, none)
    return plain._replace(**changes)


def state_of(n: int, **values: Any) -> Fields:
    given = {name: jnp.asarray(value, float) for name, value in values.items()}
    flat = {name: given.get(name, jnp.zeros(())) for name in CALLUS.names}
    return {name: jnp.broadcast_to(u, (1, 1, n)) for name, u in flat.items()}


def felt(
    s: Fields, tissue: Tissue, *, oxygen: Any = 40.0, signal: Any = 0.0, strain: Any = 0.0
) -> Conditions:
    shape = tissue.open.shape
    parts = (jnp.broadcast_to(jnp.asarray(u, float), shape) for u in (oxygen, signal, strain))
    return conditions(s, *parts, tissue, numbers())


def rates(term: Term, s: Fields, tissue: Tissue, **conditions_of: Any) -> dict[str, np.ndarray]:
    found = term.rate(s, felt(s, tissue, **conditions_of), tissue, numbers())
    return {name: np.asarray(rate).ravel() for name, rate in found.items()}


def marched(
    days: float,
    s: Fields,
    tissue: Tissue,
    model: HealingModel = CALLUS,
    strain: float = 0.02,
    **changes: float,
) -> dict[str, np.ndarray]:
    shape = tissue.open.shape
    fast = Fast({"oxygen": jnp.full(shape, 40.0), "signal": jnp.zeros(shape)}, jnp.asarray(0.0))
    still = jnp.zeros(shape)
    found = advance(
        model,
        s,
        fast,
        strain=Strain(still + strain, still, still),
        tissue=tissue,
        p=numbers() | changes,
        duration=jnp.asarray(days),
        step=jnp.asarray(0.05),
        longest=jnp.asarray(0.25),
        tolerance=jnp.asarray(1e-6),
        relative=1e-3,
    )
    assert not bool(found.failed)
    return {name: np.asarray(u).ravel() for name, u in found.state.items()}


def stepped(
    term: Term, days: float, s: Fields, tissue: Tissue, step: float = 0.5
) -> dict[str, np.ndarray]:
    """Return what one term alone makes of a state, by Euler steps; quicker than to compile all."""

    @jax.jit
    def after(s: Fields) -> Fields:
        found = term.rate(s, felt(s, tissue), tissue, numbers())
        return s | {name: s[name] + step * rate for name, rate in found.items()}

    for _ in range(round(days / step)):
        s = after(s)
    return {name: np.asarray(u).ravel() for name, u in s.items()}


def only(*names: str) -> HealingModel:
    return CALLUS.without(*(term.name for term in CALLUS.terms if term.name not in names))


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


# Bone ends, periosteum and marrow


def tube() -> Anatomy:
    """Return a square tube, its walls two voxels thick, cut by a gap; callus around, no metal."""
    n = 12
    grid = Grid((n, n, n), 1e-3, (-5.5e-3, -5.5e-3, -5.5e-3))
    x, y, z = (np.broadcast_to(abs(c) * 1e3, grid.shape) for c in grid.centres())
    ring = np.maximum(x, y)
    inside, wall, around = ring < 1.6, (ring > 1.6) & (ring < 3.6), (ring > 3.6) & (ring < 4.6)
    gap, near = z < 1.1, z < 4
    parts = {
        "bone": wall & ~gap,
        "metal": np.zeros(grid.shape, bool),
        "canal": inside & ~gap,
        "gap": (inside | wall) & gap,
        "callus": around & near,
        "cortex_removed": wall & gap,
    }
    return Anatomy(
        grid=grid,
        **{name: part.astype(float) for name, part in parts.items()},
        hounsfield=np.zeros(grid.shape),
        outer_radius=3.5e-3,
        canal_radius=1.5e-3,
        gap_width=2e-3,
        tilt=0.0,
        virtual=False,
    )


ALIVE = Biology()
DEAD = Biology(perfusion=0.0, living_ends=0.0, periosteum=0.0, marrow=0.0)


@pytest.mark.parametrize(
    ("stripped", "part"),
    [("living_ends", "gap"), ("periosteum", "callus"), ("marrow", "canal")],
)
def test_each_surface_is_stripped_by_itself(stripped: str, part: str) -> None:
    """What a dead part adjoins gives no cells and no vessels; the rest goes on as before."""
    site = tube()
    whole, less = tissue_of(site, ALIVE), tissue_of(site, Biology(**{stripped: 0.0}))
    mine = np.asarray(getattr(site, part)) * np.asarray(site.healing) > 0
    assert float(whole.living_surface[mine].sum()) > 0
    assert float(less.living_surface[mine].sum()) == 0
    assert np.array_equal(less.living_surface[~mine], whole.living_surface[~mine])
    together = np.asarray(less.living_surface + less.dead_surface)
    assert together == pytest.approx(np.asarray(whole.living_surface))
    assert less.living_bone.sum() < whole.living_bone.sum()


def supplied(biology: Biology, **values: float) -> tuple[float, float]:
    """Return the cells and the vessels that enter at once from old bone."""
    site = tube()
    tissue = tissue_of(site, biology)
    s = {name: jnp.asarray(u) for name, u in at_day_0(site, biology, numbers()).items()}
    s |= {name: 0.0 * s[name] + value for name, value in values.items()}
    s["progenitor_host"] = 0.0 * s["progenitor_host"]
    nothing = jnp.zeros(site.grid.shape)
    c = conditions(s, nothing + 40.0, nothing, nothing, tissue, numbers())
    cells = migration.HOST_SUPPLY.rate(s, c, tissue, numbers())["progenitor_host"]
    tissue = tissue._replace(muscle_surface=0.0 * tissue.muscle_surface)
    grown = vessels.VESSEL_INGROWTH.rate(s, c, tissue, numbers())["perfusion"]
    return float((cells * tissue.open).sum()), float((grown * tissue.open).sum())


def test_dead_bone_gives_nothing_until_it_is_revived() -> None:
    whole, none, back = supplied(ALIVE), supplied(DEAD), supplied(DEAD, dead_bone=0.0, perfusion=0)
    assert none == (0.0, 0.0)
    assert min(whole) > 0
    assert back[0] == pytest.approx(whole[0])
    half = supplied(Biology(living_ends=0.5, periosteum=0.5, marrow=0.5))
    assert half[0] == pytest.approx(0.5 * whole[0])


def test_dead_bone_is_revived_at_the_creeping_speed_by_osteoblasts_and_vessels() -> None:
    p = numbers()
    s = state_of(1, dead_bone=1.0, osteoblast=1e3, perfusion=1.0)
    left = stepped(surfaces.REVIVAL, 30.0, s, column(1), 0.1)["dead_bone"]
    assert left == pytest.approx(np.exp(-30 * p["creeping_speed"] / p["dead_depth"]), rel=5e-3)
    for lacking in ("osteoblast", "perfusion"):
        none = rates(surfaces.REVIVAL, s | {lacking: 0.0 * s[lacking]}, column(1))
        assert none["dead_bone"] == 0.0


def test_reamed_marrow_is_less_perfused() -> None:
    site = tube()
    start = {
        share: at_day_0(site, Biology(marrow=share), numbers())["perfusion"] for share in (0.0, 1.0)
    }
    inside = (np.asarray(site.canal) > 0) & (np.asarray(site.healing) > 0)
    assert np.asarray(start[0.0])[inside].max() == 0.0
    assert np.asarray(start[1.0])[inside] == pytest.approx(numbers()["canal_perfusion"])
    beyond = [tissue_of(site, Biology(marrow=share)).muscle for share in (0.0, 1.0)]
    marrow = (np.asarray(site.canal) > 0) & (np.asarray(site.healing) == 0)
    assert marrow.any()
    assert np.asarray(beyond[0])[marrow].max() == 0.0
    assert np.asarray(beyond[1])[marrow].min() == 1.0


def healed(biology: Biology, cells: float, **changes: float) -> float:
    """Return the new bone of the tube after 60 days, as a share of what heals [-]."""
    site = tube()
    tissue = tissue_of(site, biology)
    s = at_day_0(site, biology, numbers() | changes)
    s["progenitor_injected"] = jnp.where(tissue.open > 0, cells, 0.0)
    seen = marched(60.0, s, tissue, **changes)
    share = np.asarray(tissue.open).ravel()
    return float((seen["woven"] * share).sum() / share.sum())


def test_a_bare_site_heals_only_with_cells_vessels_and_signal() -> None:
    """HEALING check 8: no source, no union; cells rescue it, but not without vessels or signal."""
    mute = {"progenitor_signal": 0.0, "osteoblast_signal": 0.0, "scaffold_signal": 0.0}
    avascular = {"muscle_perfusion": 0.0, "canal_perfusion": 0.0}
    assert healed(DEAD, 0.0) < 1e-3
    assert healed(DEAD, 0.01) > 0.1
    assert healed(DEAD, 0.01, **mute) < 1e-3
    assert healed(DEAD, 0.01, **avascular) < 1e-3


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


def test_every_number_of_the_model_is_used_by_it() -> None:
    """A number that nothing reads would be a term that does nothing."""
    read: set[str] = set()

    class Watched(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            read.add(name)
            return super().__getitem__(name)

    p = Watched(numbers())
    site = tube()
    tissue = tissue_of(site, ALIVE)
    s = at_day_0(site, ALIVE, p)
    fast = CALLUS.settle(s, tissue, p, Fast(CALLUS.at_rest(site.grid.shape, p), jnp.zeros(())), 0.1)
    still = jnp.zeros(site.grid.shape)
    c = CALLUS.feel(s, fast, Strain(still, still, still), tissue, p)
    for term in CALLUS.terms:
        term.rate(s, c, tissue, p)
    elsewhere = {"strain_memory", "assay_factor", "cultured_potency"}
    assert set(numbers()) - read == elsewhere
