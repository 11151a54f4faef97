"""Loading: the forces and moments that a patient puts on the bone, from a day on."""

from __future__ import annotations

from typing import Annotated, Literal

from trephine.case.document import Document
from trephine.core.units import Duration, Unit


class Loading(Document):
    """From this day on, the peak force along the bone.

    Parameters
    ----------
    day
        First day of this loading [s].
    body_weights
        Peak axial force in one step of walking, as a multiple of body weight [-].
    """

    kind: Literal["loading"]
    day: Duration
    body_weights: Annotated[float, Unit("1", "1", ge=0, le=8)]
