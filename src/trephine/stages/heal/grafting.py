"""What an injection does to the state: soft tissue gives way, cells and carrier enter."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from trephine.case.graft import Graft
from trephine.core.errors import SolverError
from trephine.models.model import HealingModel
from trephine.models.term import Numbers
from trephine.models.tissue import CARRIERS, MATRIX, Box, Tissue

PER_ENGINE_DENSITY = 1e-12
"""1/m^3 in 1e6 cells/mL."""


def injected(
    model: HealingModel,
    state: dict[str, Any],
    graft: Graft,
    tissue: Tissue,
    box: Box,
    p: Numbers,
    ledger: dict[str, float],
) -> dict[str, Any]:
    """Return the state after one injection, and enter what it moved in the ledger.

    What the graft brings is entered as the graft counts it, and not as it is added to the state:
    a budget does not close where more or less of it arrives.

    Delivery knows the site of day 0. Where bone has grown since, only the rest of the tissue
    gives way, and what finds no room is entered as lost.

    Raises
    ------
    SolverError
        If cells were placed outside the tissue that heals.
    """
    healing = np.asarray(tissue.open)
    cube = float(tissue.spacing) ** 3
    volume = healing * cube
    whole = np.where(healing > 0, healing, 1.0)
    placed = np.zeros_like(graft.progenitors)
    placed[box] = np.where(healing > 0, graft.progenitors[box], 0.0)
    if np.any(graft.progenitors > placed):
        raise SolverError("a graft lies outside the tissue that heals")
    wanted = np.clip(graft.fill[box] / whole, 0.0, 1.0)
    solid = sum((np.asarray(state[n]) for n in model.solid), np.zeros_like(healing))
    fill = np.minimum(wanted, np.clip(1.0 - solid, 0.0, 1.0))
    lost = np.where(wanted > 0, fill / np.where(wanted > 0, wanted, 1.0), 1.0) - 1.0
    new = dict(state)

    def enter(
        field: str, change: np.ndarray[Any, Any], what: str, counted: float | None = None
    ) -> None:
        new[field] = new[field] + jnp.asarray(np.where(healing > 0, change, 0.0))
        key = f"{field}/{what}"
        moved = float(np.sum(change * volume)) if counted is None else counted
        ledger[key] = ledger.get(key, 0.0) + moved

    for soft in model.displaced:
        enter(soft, -fill * np.asarray(state[soft]), "displaced by the injection")
    potency = {"progenitors": p["cultured_potency" if graft.cultured else "assay_factor"]}
    for brought, field in model.receives:
        amount = getattr(graft, brought)[box] / whole
        if brought in CARRIERS:
            continue
        counted = float(getattr(graft, brought).sum()) * cube
        if brought in CELLS:
            amount = potency.get(brought, 1.0) * amount * PER_ENGINE_DENSITY
            counted *= potency.get(brought, 1.0) * PER_ENGINE_DENSITY
        enter(field, amount, "injected", counted)
        enter(field, lost * amount, "found no room")
    for brought, field in model.receives:
        if brought in CARRIERS:
            names = [f.name for f in model.fields if f.name in MATRIX]
            taken = sum((np.asarray(new[n]) for n in names), np.zeros_like(healing))
            free = np.clip(1.0 - taken, 0.0, None)
            packed = getattr(graft, brought)[box] / whole
            enter(field, packed, "injected", float(getattr(graft, brought).sum()) * cube)
            enter(field, np.minimum(free - packed, 0.0), "found no room")
    return new


CELLS = ("progenitors", "nucleated")
"""Arrays of a graft that count cells."""
