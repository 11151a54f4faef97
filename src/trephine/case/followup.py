"""What the visits showed: the product of follow-up."""

from __future__ import annotations

from dataclasses import dataclass

from trephine.core.types import Ending, Series, frozen_array

CORTICES = ("anterior", "posterior", "medial", "lateral")


@dataclass(frozen=True)
class FollowUp:
    """Radiographs, scores and the ending; all arrays read-only.

    Parameters
    ----------
    week
        Time of each visit, (time,) [wk].
    radiograph_ap, radiograph_lateral
        Detected signal relative to the open beam, 1 where nothing absorbs; rows run from head
        to foot, columns as a reader sees the film (the patient's right on the left of an AP
        film), (time, row, column) [-].
    pixel
        Edge of a radiograph pixel [m].
    cortex_score
        Score of each cortex in :data:`CORTICES`, 1 to 4, (time, 4) [-].
    mrust
        Modified radiographic union score for the shaft, 4 to 16, (time,) [-].
    callus_volume
        Volume of mineralised new bone, (time,) [m^3].
    bridged
        Number of cortices bridged, (time,) [-].
    union_week
        First visit from which at least three cortices stay bridged [wk], or None.
    ending
        How the course ended.
    """

    week: Series
    radiograph_ap: Series
    radiograph_lateral: Series
    pixel: float
    cortex_score: Series
    mrust: Series
    callus_volume: Series
    bridged: Series
    union_week: float | None
    ending: Ending

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for name in (
            "week",
            "radiograph_ap",
            "radiograph_lateral",
            "cortex_score",
            "mrust",
            "callus_volume",
            "bridged",
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
