"""Core decompression: a track drilled through the neck into a necrotic femoral head."""

from __future__ import annotations

from typing import Annotated, Literal

from trephine.case.document import Document
from trephine.core.units import Duration, Unit, written

Drill = Annotated[float, Unit("m", "mm", ge=0.001, le=0.015)]
ShortOf = Annotated[float, Unit("m", "mm", ge=0.001, le=0.03)]


class CoreDecompression(Document):
    """On this day a track is drilled from below the trochanter towards the lesion.

    It drains the bone and opens a living wall within the dead bone, and takes out the bone that
    it passes.

    Parameters
    ----------
    day
        Day of the operation [s].
    diameter
        Of the track [m].
    short_of_joint
        Distance from the end of the track to the surface of the head [m].
    """

    kind: Literal["core_decompression"]
    day: Duration
    diameter: Drill = written("8 mm")
    short_of_joint: ShortOf = written("5 mm")
