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
    """The pooled marrow, draw by draw, with its budgets."""

    pool: Suspension
    draws: tuple[Draw, ...]
    budgets: tuple[Budget, ...]
