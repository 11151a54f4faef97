"""Distraction: the bone ends are drawn apart, so much a day in so many steps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trephine.case.document import Document, Flag
from trephine.core.units import Duration, Unit, written

Gained = Annotated[float, Unit("m", "mm", gt=0, le=0.2)]
Pace = Annotated[float, Unit("m/s", "mm/d", gt=0, le=3e-3 / 86400)]

FASTEST = 1e-3 / 86400
"""Rate of the distractions that the numbers come from [m/s]: 0.33 mm each 8 hours (record
``distraction_force.step``)."""
FEWEST = 3
"""Steps a day of the same."""


class Distraction(Document):
    """From this day on the bone ends are drawn apart, until the length is gained.

    Parameters
    ----------
    day
        First day of distraction; the days from the osteotomy on day 0 to it are the latency [s].
    length
        Length to gain [m].
    rate
        Length gained a day [m/s].
    rhythm
        Steps a day that the rate is divided into.
    docks
        Whether the distraction carries a segment that meets the other end of the loss when it
        ends, as in bone transport; otherwise the limb grows.
    """

    kind: Literal["distraction"]
    day: Duration
    length: Gained
    rate: Pace = written("1 mm/d")
    rhythm: Annotated[int, Field(ge=1, le=1440, strict=True)] = 4
    docks: Flag = False

    @property
    def is_faster_than_known(self) -> bool:
        """Whether it goes faster than the distractions that the numbers come from."""
        return self.rate > FASTEST * (1.0 + 1e-9)

    @property
    def is_coarser_than_known(self) -> bool:
        """Whether it takes fewer steps a day than they did."""
        return self.rhythm < FEWEST

    @property
    def duration(self) -> float:
        """Time that the distraction takes [s]."""
        return self.length / self.rate

    @property
    def end(self) -> float:
        """Day on which the length is gained [s]."""
        return self.day + self.duration

    def gained(self, time: float) -> float:
        """Return the length gained at a time [m]."""
        return min(max(time - self.day, 0.0) * self.rate, self.length)
