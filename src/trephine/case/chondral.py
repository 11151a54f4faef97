"""A defect of joint cartilage: how large and how deep it is."""

from __future__ import annotations

from typing import Annotated

from trephine.case.document import Document
from trephine.core.units import Unit

DefectArea = Annotated[float, Unit("m^2", "cm^2", gt=0, le=2e-3)]
DefectDepth = Annotated[float, Unit("m", "mm", gt=0, le=0.01)]


class CartilageDefect(Document):
    """A hole in the cartilage of a joint.

    Parameters
    ----------
    area
        Seen from above [m^2].
    depth
        From the surface of the cartilage to the bottom of the hole [m].
    """

    area: DefectArea
    depth: DefectDepth

    @property
    def volume(self) -> float:
        """Area times depth [m^3]."""
        return self.area * self.depth
