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


def entered(
    ledger: dict[str, float],
    state: Mapping[str, Any],
    new: Mapping[str, Any],
    before: Tissue,
    after: Tissue,
) -> None:
    """Enter what an operation took from and brought to each field in the ledger."""
    cube = float(before.spacing) ** 3
    was, now = np.asarray(before.open) * cube, np.asarray(after.open) * cube
    for name in state:
        change = float(np.sum(np.asarray(new[name]) * now) - np.sum(np.asarray(state[name]) * was))
        key = f"{name}/changed by operation"
        ledger[key] = ledger.get(key, 0.0) + change
