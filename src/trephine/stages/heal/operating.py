"""What injuries do to the state: clot where tissue gave way, room that bone or metal took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.models import injury
from trephine.models.surfaces import vitality
from trephine.models.surgery import Operation
from trephine.models.tissue import Box, Tissue

Array = NDArray[np.float64]
NOTHING = 1e-9


def broken(
    state: Mapping[str, Any],
    anatomy: Anatomy,
    biology: Biology,
    potency: float,
    p: Mapping[str, float],
) -> dict[str, Any]:
    """Return the state of day 0 with the clot of a fresh fracture in its gap.

    Around the clot, progenitors are as many as the surfaces beside them are alive: what was
    stripped or reamed away brings none.

    Parameters
    ----------
    state
        Without clot, on the whole grid.
    anatomy, biology
        The site, and what lives there.
    potency
        Functional progenitors for each colony, with what the patient makes of them [-].
    p
        Of :func:`trephine.models.injury.numbers`.
    """
    if not biology.clot:
        return dict(state)
    alive = jnp.asarray(vitality(anatomy, biology))
    here = {**state, "progenitor_host": state["progenitor_host"] * alive}
    opened = biology.clot * share_of_gap(anatomy)
    new = injury.filled_with_clot(here, opened, biology.marrow, potency, p)
    # The perfusion of day 0 is the document's, clot or none.
    return {name: jnp.asarray(u) for name, u in new.items()} | {"perfusion": state["perfusion"]}


def share_of_gap(anatomy: Anatomy) -> Array:
    """Return the share of the healing tissue of a voxel that lies in the gap, (x, y, z) [-]."""
    healing = np.asarray(anatomy.healing, dtype=np.float64)
    return np.divide(anatomy.gap, healing, out=np.zeros_like(healing), where=healing > NOTHING)


def operated_on(
    state: Mapping[str, Any],
    before: Tissue,
    after: Tissue,
    anatomy: Anatomy,
    box: Box,
    operation: Operation,
    biology: Biology,
    potency: float,
    p: Mapping[str, float],
) -> dict[str, Any]:
    r"""Return the state after an operation, per healing tissue that is left.

    Tissue that bone or metal took the place of is gone; room that is new fills with clot:

    .. math:: \omega = 1 - \min\left(1, \frac{H}{H'}\right)(1 - \omega_g\,g'/H')

    with the healing share before and after :math:`H, H'` and the opened share of the gap
    :math:`\omega_g`. What an approach strips or a reamer takes of living surfaces is dead, and
    freshened ends live.

    Parameters
    ----------
    state
        On the part of the grid that heals.
    before, after
        Geometry before and after.
    anatomy
        The site after it, on the whole grid.
    box
        The part that heals.
    operation, biology
        The operation, and what lives at the site afterwards.
    potency, p
        As for :func:`broken`.
    """
    was, now = np.asarray(before.open), np.asarray(after.open)
    whole = np.where(now > 0.0, now, 1.0)
    kept = np.where(now > 0.0, np.minimum(was / whole, 1.0), 0.0)
    gap = share_of_gap(anatomy)[box]
    opened = np.where(now > 0.0, 1.0 - kept * (1.0 - operation.opened * gap), 0.0)
    here = {name: np.where(now > 0.0, np.asarray(u), 0.0) for name, u in state.items()}
    # New room holds no bone yet: of what does not give way, only the part that was there stays.
    for name in ("woven", "lamellar", "mineralised"):
        here[name] = here[name] * kept
    new = injury.filled_with_clot(here, opened, biology.marrow, potency, p)
    lost = Biology(living_ends=1.0, periosteum=operation.periosteum, marrow=operation.marrow)
    living = (1.0 - here["dead_bone"]) * vitality(anatomy, lost)[box]
    living = living + operation.opened * gap * (1.0 - living)
    new["dead_bone"] = np.where(now > 0.0, np.clip(1.0 - living, 0.0, 1.0), 0.0)
    return {name: jnp.asarray(u) for name, u in new.items()}


def accounted(
    state: Mapping[str, Any],
    before: Tissue,
    after: Tissue,
    anatomy: Anatomy,
    box: Box,
    operation: Operation,
    biology: Biology,
    potency: float,
    p: Mapping[str, float],
) -> dict[str, float]:
    r"""Return what an operation takes from and brings to each field, from its geometry alone.

    Of what was there, :math:`u` per healing tissue, the amounts

    .. math:: D = u\,(V - K), \quad S = u\,\omega_g \frac{g'}{H'} K, \qquad K = \min(V, V')

    are displaced by bone or metal and swept out, with the volumes that heal before and after,
    :math:`V, V'`. The clot fills the rest of the new volume but for its new bone,

    .. math:: C = \Bigl(V' - K + \omega_g \frac{g'}{H'} K\Bigr)
              \Bigl(1 - (\phi_w + \phi_l) \frac{K}{V'}\Bigr),

    and brings :math:`C` times its cells. None of it is read off the state after the operation: a
    budget closes where the operation did just this, and not where it made or lost something.

    Parameters
    ----------
    state
        Before the operation.
    before, after, anatomy, box, operation, biology, potency, p
        As for :func:`operated_on`.

    Returns
    -------
    dict of str to float
        By field and way, what came in positive [1e3 cells, or mm^3].
    """
    cube = float(before.spacing) ** 3
    was, now = np.asarray(before.open) * cube, np.asarray(after.open) * cube
    stays = np.minimum(was, now)
    swept = operation.opened * share_of_gap(anatomy)[box] * stays
    bone = (np.asarray(state["woven"]) + np.asarray(state["lamellar"])) * stays
    free = 1.0 - np.divide(bone, now, out=np.zeros_like(now), where=now > 0.0)
    clot = float(np.sum((now - stays + swept) * np.clip(free, 0.0, 1.0)))
    progenitors, others = injury.cells_of_clot(biology.marrow, p)
    found = {
        "clot/filled what was opened": clot,
        "progenitor_host/brought by the clot": clot * potency * progenitors,
        "inert_nucleated/brought by the clot": clot * others,
    }
    for name in state:
        if name in ADJOINED:
            continue
        held = np.asarray(state[name])
        found[f"{name}/displaced by bone or metal"] = -float(np.sum(held * (was - stays)))
        if name in LOST:
            found[f"{name}/swept out by operation"] = -float(np.sum(held * swept))
    return found


LOST = (*injury.SWEPT, "perfusion")
"""Fields that an opened gap loses with its tissue."""
ADJOINED = ("dead_bone",)
"""Fields that are a share of what a voxel adjoins: no amount, and nothing to balance."""


def entered(
    ledger: dict[str, float],
    moved: Mapping[str, float],
    state: Mapping[str, Any],
    new: Mapping[str, Any],
    before: Tissue,
    after: Tissue,
) -> None:
    """Enter what an operation moved in the ledger, and how what a voxel adjoins has changed.

    Parameters
    ----------
    ledger
        What each way moved so far, by field and way.
    moved
        Of :func:`accounted`.
    state, new, before, after
        Fields and geometry before and after the operation.
    """
    cube = float(before.spacing) ** 3
    changed = {
        f"{name}/changed by operation": float(
            np.sum(np.asarray(new[name]) * np.asarray(after.open))
            - np.sum(np.asarray(state[name]) * np.asarray(before.open))
        )
        * cube
        for name in ADJOINED
        if name in state
    }
    for name, amount in {**moved, **changed}.items():
        if amount or name in ledger:
            ledger[name] = ledger.get(name, 0.0) + amount
