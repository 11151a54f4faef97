"""Loading: the forces and moments that a patient puts on the bone, from a day on."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from trephine.case.document import Document
from trephine.core.units import Duration, Unit, written

Moment = Annotated[float, Unit("N*m", "N*m", ge=-300, le=300)]


class Load(NamedTuple):
    """The peak load of one step of walking.

    Parameters
    ----------
    body_weights
        Axial force, positive where it presses the bone ends together, in body weights [-].
    shear
        Force across the shaft from front to back, in body weights [-].
    bending
        Moment about the axis from right to left, which bends the shaft in the side view [N*m].
    torsion
        Moment about the shaft [N*m].
    """

    body_weights: float = 0.0
    shear: float = 0.0
    bending: float = 0.0
    torsion: float = 0.0


class Loading(Document):
    """From this day on, the peak load of a step of walking.

    Parameters
    ----------
    day
        First day of this loading [s].
    body_weights
        Peak axial force in one step of walking, as a multiple of body weight [-].
    shear
        Peak force across the shaft from front to back, as a multiple of body weight [-].
    bending
        Peak moment that bends the shaft in the side view [N*m].
    torsion
        Peak moment about the shaft [N*m].
    """

    kind: Literal["loading"]
    day: Duration
    body_weights: Annotated[float, Unit("1", "1", ge=0, le=8)]
    shear: Annotated[float, Unit("1", "1", ge=-4, le=4)] = 0.0
    bending: Moment = written("0 N*m")
    torsion: Moment = written("0 N*m")

    @property
    def load(self) -> Load:
        """The load itself, without its day."""
        return Load(self.body_weights, self.shear, self.bending, self.torsion)
