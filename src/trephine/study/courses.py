"""Owns courses of the engine as arrays, for the emulator to learn from and to be judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trephine.study.designed import Seen
from trephine.study.inputs import Values
from trephine.study.network import Lessons

Array = NDArray[np.floating[Any]]

CALLUS = (6, 12, 18, 26)
"""Weeks at which the volume of callus is told."""
MILLILITRE = 1e-6
"""In m^3."""
GROWN = 0.1 * MILLILITRE
"""Volume of callus at the last visit from which callus has grown at all [m^3]; where it has not,
the engine shows a thousandth of that."""


@dataclass(frozen=True)
class Runs:
    """Courses of the engine, as arrays.

    Parameters
    ----------
    values
        Their inputs, (sample,) each [SI].
    union
        Week of union, infinite where there was none, (sample,) [wk].
    callus
        Mineralised new bone at the weeks of :data:`CALLUS`, (week, sample) [m^3].
    mrust
        Score at the last visit, (sample,).
    """

    values: Values
    union: Array
    callus: Array
    mrust: Array

    @classmethod
    def of(cls, seen: Sequence[Seen]) -> Self:
        """Return courses as arrays; none may have failed."""
        values = {name: np.array([one.values[name] for one in seen]) for name in seen[0].values}
        union = [np.inf if one.union is None else one.union for one in seen]
        callus = [[one.callus[week] for one in seen] for week in CALLUS]
        mrust = np.array([one.mrust[-1] for one in seen])
        return cls(values, np.array(union), np.array(callus) * MILLILITRE, mrust)

    def __len__(self) -> int:
        """Return how many there are."""
        return self.union.size

    @property
    def lessons(self) -> Lessons:
        """What networks learn of them."""
        amounts = np.vstack([np.sqrt(self.callus / MILLILITRE), self.mrust[None]])
        return Lessons(self.callus[-1] > GROWN, self.union, amounts.T)

    def as_arrays(self) -> dict[str, Any]:
        """Return its numbers by name."""
        told = {f"values {name}": value for name, value in self.values.items()}
        return {**told, "union": self.union, "callus": self.callus, "mrust": self.mrust}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        """Return the courses that :meth:`as_arrays` told."""
        start = "values "
        values = {
            name.removeprefix(start): value
            for name, value in arrays.items()
            if name.startswith(start)
        }
        return cls(values, arrays["union"], arrays["callus"], arrays["mrust"])
