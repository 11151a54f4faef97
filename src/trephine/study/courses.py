"""Owns courses of the engine as arrays, for the emulator to learn from and to be judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trephine.study.designed import Seen
from trephine.study.input_range import Values
from trephine.study.inputs import room

Array = NDArray[np.floating[Any]]

CALLUS = (6, 12, 18, 26, 39)
"""Weeks at which callus and score are told, the last visit at the end."""
MILLILITRE = 1e-6
"""In m^3."""
GROWN = MILLILITRE
"""Volume of callus at the last visit from which callus has grown at all [m^3]; designed courses
end with less than a tenth of it or more than ten times as much."""


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
        Score at the same weeks, (week, sample).
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
        mrust = [[one.mrust[week] for one in seen] for week in CALLUS]
        return cls(values, np.array(union), np.array(callus) * MILLILITRE, np.array(mrust))

    @classmethod
    def joined(cls, *runs: Self) -> Self:
        """Return the courses of several parts as one."""
        values = {
            name: np.concatenate([one.values[name] for one in runs]) for name in runs[0].values
        }
        arrays = (
            np.concatenate([getattr(one, name) for one in runs], axis=-1)
            for name in ("union", "callus", "mrust")
        )
        return cls(values, *arrays)

    def part(self, which: slice) -> Runs:
        """Return some of the courses."""
        values = {name: value[which] for name, value in self.values.items()}
        return Runs(values, self.union[which], self.callus[:, which], self.mrust[:, which])

    def __len__(self) -> int:
        """Return how many there are."""
        return self.union.size

    @property
    def grew(self) -> NDArray[np.bool_]:
        """Whether callus grew at all, (sample,)."""
        return np.asarray(self.callus[-1] > GROWN)

    @property
    def amounts(self) -> Array:
        r"""What is learned of the amounts, (sample, amount).

        Root of the callus beside the :func:`~trephine.study.inputs.room` of the site, week by
        week, and the scores: so that a difference counts alike in small bones and large.
        """
        share = np.sqrt(self.callus / room(self.values))
        return np.vstack([share, self.mrust]).T

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
