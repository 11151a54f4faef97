"""Owns what one input of the emulator is: its place, its unit, its range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.core.units import in_unit

Array = NDArray[np.floating[Any]]
Values = dict[str, Any]
"""Arrays (sample,) by name of the input, in SI; a carrier is one of its names."""


@dataclass(frozen=True)
class Input:
    """One input of the emulator.

    Parameters
    ----------
    name
        Its place in a case where it has one, or the id of its record in the catalogue.
    unit, shown
        SI unit, and the unit for a person.
    low, high
        Range [SI].
    about
        What it is, in words.
    or_zero
        Whether 0 is accepted besides the range: without it.
    """

    name: str
    unit: str
    shown: str
    low: float
    high: float
    about: str
    or_zero: bool = False

    def outside(self, values: Array) -> NDArray[np.bool_]:
        """Return where values lie outside the range, (sample,)."""
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        out = ~((values >= self.low - slack) & (values <= self.high + slack))
        return out & (values != 0.0) if self.or_zero else out

    def written(self, value: float) -> str:
        """Return a value for a person."""
        plain = self.shown == "1"
        number = value if plain else in_unit(float(value), self.unit, self.shown)
        return f"{number:.4g}" if plain else f"{number:.4g} {self.shown}"

    @property
    def range(self) -> str:
        """The range for a person."""
        zero = "0, or " if self.or_zero else ""
        return f"{zero}{self.written(self.low)} to {self.written(self.high)}"
