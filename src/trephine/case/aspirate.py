"""What the needle brought: the product of harvest."""

from __future__ import annotations

from collections.abc import Mapping
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
class HarvestRisk:
    """What a harvest may do to the donor.

    Parameters
    ----------
    chance
        Chance of each event: ``major``, ``anaemia``, ``early_pain``, ``persistent_pain``,
        ``neuralgia``, ``minor`` [-].
    low, high
        95 % interval of each chance [-].
    graft
        Chance of each event after an open iliac graft, for comparison [-].
    haemoglobin_fall
        Expected fall of the haemoglobin [kg/m^3]; None where the body mass is not known.
    """

    chance: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    graft: Mapping[str, float]
    haemoglobin_fall: float | None


@dataclass(frozen=True)
class Aspirate:
    """The pooled marrow, draw by draw, or the fat, with its budgets.

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
    risk
        What the harvest may do to the donor; not told for fat.
    """

    pool: Suspension
    draws: tuple[Draw, ...]
    budgets: tuple[Budget, ...]
    donor_age: float | None = None
    risk: HarvestRisk | None = None
