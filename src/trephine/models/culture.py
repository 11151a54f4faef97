"""Law of expansion: how many cells a culture grows, and how many are lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from trephine.core.units import Duration, Fraction, NumberDensity, Positive, Unit
from trephine.models.yields import Values

Rate = Annotated[float, Unit("1", "1", ge=0)]


@dataclass(frozen=True)
class CultureParameters:
    """The numbers of culture; each field's record says what it is and where it comes from."""

    SECTION: ClassVar[str] = "culture"

    plating_efficiency: Fraction
    doubling_time: Duration
    doubling_time_spread: Positive
    lag: Duration
    passage_doublings: Positive
    passage_recovery: Fraction
    most_doublings: Positive
    old_slowing: Positive
    old_span: Duration
    reference_age: Duration
    slowing: Annotated[Mapping[str, float], Unit("1", "1", gt=0)]
    potency_loss: Rate
    viability: Fraction
    densest: NumberDensity


@dataclass(frozen=True)
class Growth:
    """What became of the cells that were seeded; over samples each number is (sample,).

    Parameters
    ----------
    attached
        Cells that attached [-].
    doublings
        Population doublings [-].
    passages
        Times the cells were detached, the last harvest included [-].
    lost
        Cells lost when detached, counted as if all at the end [-].
    cells
        Cells in hand at the end [-].
    """

    attached: Any
    doublings: Any
    passages: Any
    lost: Any
    cells: Any

    @property
    def grown(self) -> Any:  # noqa: ANN401  (a number or samples of it)
        """Cells that division added [-]."""
        return self.cells + self.lost - self.attached


def doubling_time(
    age: Values | None, luck: Values, p: CultureParameters, medium: str = "platelet_lysate"
) -> Values:
    r"""Return the population doubling time of a culture [s].

    .. math:: T = T_0\, m\, q^{(a - a_0)/\Delta a}\, e^{\sigma z}

    Parameters
    ----------
    age
        Age of the donor :math:`a` [s]; None where it is not known, and then :math:`a_0`.
    luck
        Standard normal deviate :math:`z` of the culture, 0 for the median [-].
    p
        Time :math:`T_0`, slowing :math:`q` over the span :math:`\Delta a`, and spread.
    medium
        What feeds the cells, with its slowing :math:`m`.
    """
    older = 0.0 if age is None else (age - p.reference_age) / p.old_span
    pace: Values = p.old_slowing**older * np.exp(p.doubling_time_spread * luck)
    return p.doubling_time * p.slowing[medium] * pace


def expand(progenitors: Values, duration: float, doubling: Values, p: CultureParameters) -> Growth:
    r"""Return what grows from some progenitors in some time.

    .. math:: N(t) = N_0\, E\, 2^{n}\, r^{m}, \qquad
              n = \min\!\left(\frac{(t - t_0)_+}{T},\, n_\mathrm{max}\right), \qquad
              m = \max(1, \lceil n / n_p \rceil)

    The culture is stopped, not slowed, at :math:`n_\mathrm{max}` doublings. Just after a
    passage there are fewer cells than just before it.

    Parameters
    ----------
    progenitors
        Progenitors seeded :math:`N_0` [-].
    duration
        Time in culture :math:`t` [s].
    doubling
        Doubling time :math:`T` [s].
    p
        Plating efficiency :math:`E`, lag :math:`t_0`, recovery :math:`r` at each of
        :math:`m` detachments, doublings :math:`n_p` in a passage, and the bound.
    """
    attached = progenitors * p.plating_efficiency
    doublings = np.minimum(np.maximum(0.0, duration - p.lag) / doubling, p.most_doublings)
    passages = np.maximum(1, np.ceil(doublings / p.passage_doublings - 1e-9).astype(int))
    gross = attached * 2.0**doublings
    cells = gross * p.passage_recovery**passages
    return Growth(attached, doublings, passages, gross - cells, cells)


def potency(doublings: Values, p: CultureParameters) -> Values:
    r"""Return the share of grown cells that are still progenitors [-].

    .. math:: e^{-\kappa n}

    Whether culture takes anything from the cells is open: as printed :math:`\kappa = 0`, and
    its spread reaches up to what would halve them in a dozen doublings.

    Parameters
    ----------
    doublings
        Population doublings :math:`n` [-].
    p
        Loss :math:`\kappa` per doubling.
    """
    left: Values = np.exp(-p.potency_loss * doublings)
    return left
