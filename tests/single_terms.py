"""A column of tissue, a cut tube, and single terms of the healing model on them."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.catalogue.load import catalogue
from trephine.core.grid import Grid
from trephine.models.callus import CALLUS, CallusParameters, in_engine_units
from trephine.models.healing import advance
from trephine.models.model import Fast, HealingModel, Strain
from trephine.models.reading import Reading
from trephine.models.term import Term
from trephine.models.tissue import Conditions, Tissue, conditions
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
