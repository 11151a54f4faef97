"""Bone ends, periosteum and marrow: what lives of them, what they give, and how it returns."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from single_terms import column, marched, numbers, rates, state_of, stepped, tube
from trephine.case.site import Biology
from trephine.models import migration, surfaces, vessels
from trephine.models.callus import CALLUS, at_day_0, tissue_of
from trephine.models.model import Fast, Strain
from trephine.models.tissue import conditions

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
