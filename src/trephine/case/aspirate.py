"""What the needle brought: the product of harvest."""

from __future__ import annotations

from dataclasses import dataclass

from trephine.case.suspension import Suspension
from trephine.core.types import Budget


@dataclass(frozen=True)
class Draw:
    """One draw at one position of the needle tip.

    Parameters
    ----------
    volume
        Volume drawn [m^3].
    marrow_share
        Share of the progenitors' source stream in it, 1 undiluted marrow [-].
    nucleated, progenitors
        Cells in it [-].
    """

    volume: float
    marrow_share: float
    nucleated: float
    progenitors: float


@dataclass(frozen=True)
class Aspirate:
    """The pooled marrow, draw by draw, with its budgets.

    Parameters
    ----------
    pool
        All draws and the anticoagulant together.
    draws
        What each draw brought, in the order of the plan.
    budgets
        One for each class of cells, and one for the volume.
    donor_age
        Age of the donor [s], where known; old donors' cells grow more slowly in culture.
    """

    pool: Suspension
    draws: tuple[Draw, ...]
    budgets: tuple[Budget, ...]
    donor_age: float | None = None
