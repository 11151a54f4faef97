"""What is told of the structure of a painful site: a disc's food, cartilage, a sewn tendon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trephine.core.types import Series, Voxels


@dataclass(frozen=True)
class Bands:
    """The middle of what may come, with the bands that hold half and nine tenths of it (time,)."""

    median: Series
    low_half: Series
    high_half: Series
    low: Series
    high: Series

    @classmethod
    def of(cls, values: Voxels) -> Bands:
        """Return the bands of values, (draw, time)."""
        low, low_half, median, high_half, high = np.quantile(
            values, (0.05, 0.25, 0.5, 0.75, 0.95), axis=0
        )
        return cls(median, low_half, high_half, low, high)


@dataclass(frozen=True)
class DiscFeed:
    """How many cells a disc can feed.

    Parameters
    ----------
    endplate_open
        Share of the endplate that lets anything through [-].
    glucose, acid
        Least glucose [mmol/L] and least pH in the nucleus as it is.
    room
        Cells that could be added before the middle starves [cells].
    injected
        Nucleated cells that the plan injects, where there are any [cells].
    """

    endplate_open: float
    glucose: float
    acid: float
    room: float
    injected: float | None


@dataclass(frozen=True)
class DefectFilling:
    """How a cartilage defect may fill by assumed rates; no study links it to pain.

    Parameters
    ----------
    area, depth
        Of the defect [m^2], [m].
    cells
        Progenitors that the plan injects into the joint [cells].
    seeded, own
        Those that settle, and those that the joint itself is taken to bring, by volume of the
        defect: middle and interval of nine tenths [1/m^3].
    month
        Months since day 0 (time,).
    fill, without
        Share of mature cartilage over the whole defect, under the plan and in the same joint
        without injected cells (time,) [-].
    shown
        Months of the profiles (profile,).
    height
        Height of each layer above the bone, as a share of the depth (layer,) [-].
    profiles
        The middle share of mature cartilage by layer, (profile, layer) [-].
    oxygen
        The middle of the least oxygen tension in the defect at the last month [Pa].
    """

    area: float
    depth: float
    cells: float
    seeded: tuple[float, float, float]
    own: tuple[float, float, float]
    month: Series
    fill: Bands
    without: Bands
    shown: Series
    height: Series
    profiles: Voxels
    oxygen: float


@dataclass(frozen=True)
class Repaired:
    """Sewn tendons of one group of patients that stay whole.

    Parameters
    ----------
    name
        What they got.
    is_planned
        Whether it is what the plan does.
    counts
        What was seen, in words.
    intact
        Share that is whole (time,) [-].
    loss
        Share of the whole tendons lost by year: middle and interval of nine tenths [-].
    """

    name: str
    is_planned: bool
    counts: str
    intact: Bands
    loss: tuple[float, float, float]


@dataclass(frozen=True)
class TendonRepair:
    """What series tell of sewn tendons.

    Parameters
    ----------
    year
        Years since the operation, from the first count to the last (time,).
    groups
        Groups of patients.
    sentences
        What it is worth, in words.
    """

    year: Series
    groups: tuple[Repaired, ...]
    sentences: tuple[str, ...]
