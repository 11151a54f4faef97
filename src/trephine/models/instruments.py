"""Scores of pain and function, and the one scale of 0 to 100 on which they are pooled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from trephine.catalogue.vocabulary import MEANINGS, Outcome

Domain = Literal["pain", "function"]
DOMAINS: tuple[Domain, ...] = ("pain", "function")


@dataclass(frozen=True)
class Instrument:
    """A score of pain or function.

    Parameters
    ----------
    name
        What a report calls it.
    outcome
        Its standard name in the evidence.
    domain
        What it measures.
    low, high
        Ends of its scale as printed.
    about
        What a value's description must hold for it to be this score; distinguishes parts of one.
    """

    name: str
    outcome: Outcome
    domain: Domain
    low: float
    high: float
    about: str = ""

    @property
    def better_is_high(self) -> bool:
        """Whether a higher score is the better one."""
        return MEANINGS[self.outcome].better == "higher"

    def burden(self, score: float, ends: tuple[float, float] | None = None) -> float:
        r"""Return a score as points of 100, of which more are worse.

        .. math:: b = 100\,\frac{s - s_0}{s_1 - s_0}, \quad\text{or } 100 - b
                  \text{ where a high score is good}

        Parameters
        ----------
        score
            The score as printed.
        ends
            Ends of the scale that a study prints, where they are not the usual ones.
        """
        low, high = ends or (self.low, self.high)
        share = 100.0 * (score - low) / (high - low)
        return 100.0 - share if self.better_is_high else share

    def burden_of_change(self, change: float, ends: tuple[float, float] | None = None) -> float:
        """Return a change of score as a change of points of 100, of which more are worse."""
        low, high = ends or (self.low, self.high)
        points = 100.0 * change / (high - low)
        return -points if self.better_is_high else points

    def score(self, burden: float) -> float:
        """Return the score of a burden in points of 100; undoes :meth:`burden`."""
        share = 100.0 - burden if self.better_is_high else burden
        return self.low + (self.high - self.low) * share / 100.0


def _instruments() -> dict[str, Instrument]:
    o = Outcome
    table = (
        # The order is the rank: of several scores of one domain at one visit the first is taken.
        Instrument("WOMAC pain", o.WOMAC, "pain", 0, 20, about="WOMAC pain"),
        Instrument("VAS", o.VAS, "pain", 0, 100),
        Instrument("NRS", o.NRS, "pain", 0, 10),
        Instrument("pain", o.PAIN, "pain", 0, 100),
        Instrument("KOOS pain", o.KOOS_PAIN, "pain", 0, 100),
        Instrument("WOMAC", o.WOMAC, "function", 0, 96),
        Instrument("ODI", o.ODI, "function", 0, 100),
        Instrument("ASES", o.ASES, "function", 0, 100),
        Instrument("DASH", o.DASH, "function", 0, 100),
        Instrument("PRTEE", o.PRTEE, "function", 0, 100),
        Instrument("AOFAS", o.AOFAS, "function", 0, 100),
        Instrument("KOOS", o.KOOS, "function", 0, 100),
        Instrument("IKDC", o.IKDC, "function", 0, 100),
        Instrument("Oxford knee score", o.OKS, "function", 0, 48),
        Instrument("Knee Society score", o.KSS, "function", 0, 100),
        Instrument("Constant", o.CONSTANT, "function", 0, 100),
        Instrument("UCLA", o.UCLA, "function", 2, 35),
        Instrument("Lequesne index", o.LEQUESNE, "function", 0, 24),
    )
    return {instrument.name: instrument for instrument in table}


INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(_instruments())
"""Every score by its name, in the order in which they are preferred."""


def instrument_of(outcome: Outcome, about: str = "") -> Instrument | None:
    """Return the score that a value of the evidence is of, or nothing where it is no such score."""
    fitting = [i for i in INSTRUMENTS.values() if i.outcome == outcome and i.about in about]
    return fitting[0] if fitting else None


def rank(instrument: Instrument) -> int:
    """Return the place of a score in the order of preference."""
    return list(INSTRUMENTS).index(instrument.name)
