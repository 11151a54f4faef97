"""Words that every layer shares: arrays by name, how a course ends, what balances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Voxels = NDArray[np.floating[Any]]
"""Values at cell centres of a grid, axes (x, y, z)."""
Series = NDArray[np.floating[Any]]
"""Values over time, axis (time,)."""


class Ending(Enum):
    """How a course ended; an expected ending is data, never an exception."""

    UNITED = "United: at least three of four cortices are bridged and stay bridged."
    NOT_UNITED = "Not united: fewer than three of four cortices are bridged at the last visit."


@dataclass(frozen=True)
class Budget:
    """What came in, what went out and what is still there, of one conserved quantity.

    Parameters
    ----------
    quantity
        What is counted, for example ``"progenitors"``.
    unit
        Its unit; ``"1"`` for a count.
    incoming
        Amount by way in.
    outgoing
        Amount by way out, what remains included.
    """

    quantity: str
    unit: str
    incoming: Mapping[str, float]
    outgoing: Mapping[str, float]

    def __post_init__(self) -> None:
        """Freeze the two sides."""
        object.__setattr__(self, "incoming", MappingProxyType(dict(self.incoming)))
        object.__setattr__(self, "outgoing", MappingProxyType(dict(self.outgoing)))

    @property
    def imbalance(self) -> float:
        """Relative difference between what came in and what went out [-]."""
        came, went = sum(self.incoming.values()), sum(self.outgoing.values())
        scale = max(
            sum(abs(v) for v in self.incoming.values()),
            sum(abs(v) for v in self.outgoing.values()),
        )
        return abs(came - went) / scale if scale else 0.0

    def closes(self, tolerance: float = 1e-5) -> bool:
        """Return whether the two sides agree to a relative tolerance."""
        return self.imbalance <= tolerance


def frozen_array(values: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view-safe copy of an array."""
    array = np.array(values, order="C")
    array.flags.writeable = False
    return array
