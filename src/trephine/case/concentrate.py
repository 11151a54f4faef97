"""What the centrifuge or the culture gave: the product of processing."""

from __future__ import annotations

from dataclasses import dataclass

from trephine.case.suspension import Suspension
from trephine.core.types import Budget


@dataclass(frozen=True)
class Concentrate:
    """The product ready for injection, with its budgets.

    Parameters
    ----------
    product
        What is handed to the surgeon.
    method
        How it was made, in words.
    recovery_nucleated, recovery_progenitors
        Share of the cells that went in [-]; above 1 where cells were grown.
    cultured
        Whether the progenitors were expanded in culture.
    budgets
        One for each class of cells, and one for the volume.
    doublings, passages
        Population doublings and passages of a culture; none where nothing was grown [-].
    viability
        Share of the product's cells that are alive, where it is told; the product counts the
        living [-].
    notices
        What a reader must be told, in sentences.
    """

    product: Suspension
    method: str
    recovery_nucleated: float
    recovery_progenitors: float
    cultured: bool
    budgets: tuple[Budget, ...]
    doublings: float | None = None
    passages: int | None = None
    viability: float | None = None
    notices: tuple[str, ...] = ()
