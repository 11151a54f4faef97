"""Owns what tells one person's hip from another's with the same case: a virtual patient's luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from trephine.models.necrosis_parameters import NecrosisParameters


@dataclass(frozen=True)
class HipLuck:
    """Deviates of one person; the person in the middle has none.

    Parameters
    ----------
    margin, front, fill
        Standard normal deviates of how near to breaking the sound head is under usual walking,
        of the speed of the front, and of the rate of filling [-].
    rest
        Share of people whose front rests less long, below 1 [-].
    extent
        Where within its type the lesion lies, from 0, the least, to 1 [-].
    """

    margin: float = 0.0
    front: float = 0.0
    fill: float = 0.0
    rest: float = 0.5
    extent: float = 0.5

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        """Return the luck of one person."""
        margin, front, fill = (float(v) for v in rng.standard_normal(3))
        rest, extent = (float(v) for v in rng.random(2))
        return cls(margin, front, fill, rest, extent)

    def steady_damage(self, p: NecrosisParameters) -> float:
        r"""Return the damage that repair keeps up with in this person's sound bone [-].

        .. math:: \mathrm{logit}\,D = \mathrm{logit}\,D_0 + s\,z

        Between zero and one for everyone: who walks on a sound head does not break it. Load,
        activity and quality of the bone are in it together.
        """
        odds = p.steady_damage / (1.0 - p.steady_damage) * np.exp(p.margin_variation * self.margin)
        return float(odds / (1.0 + odds))

    def fill_factor(self, p: NecrosisParameters) -> float:
        """Return the rate of filling in this person over that of the public code [-]."""
        return float(p.filling * np.exp(p.fill_variation * self.fill))

    def resting_time(self, p: NecrosisParameters) -> float:
        r"""Return how long the front rests before it moves on, :math:`-\bar t\ln(1-u)` [s]."""
        return float(-p.resting * np.log1p(-self.rest))

    def front_factor(self, p: NecrosisParameters) -> float:
        """Return the speed of the front over that of the person in the middle [-]."""
        return float(np.exp(p.front_variation * self.front))
