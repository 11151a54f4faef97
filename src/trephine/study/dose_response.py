"""Owns what a series says of its dose: who unites got more, and more cells do more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trephine.case.trial import Endpoint
from trephine.core.rng import Streams
from trephine.study.cells import AS_GIVEN
from trephine.study.endpoints import WITHIN, Told, endpoints
from trephine.study.sampling import dose, drawn, measured, values
from trephine.study.trial import TrialResult

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Statement:
    """One thing that a series says, and what the virtual trial says to it.

    Parameters
    ----------
    words
        What is said.
    published
        As printed, or the quotient of two printed means.
    quantity
        What is set beside it.
    predicted, low, high
        Of all virtual patients, and of 90 % of the trials of the published size; None without.
    agrees
        Share of these trials that agree in the sign; None where no sign is said.
    holds
        Whether it holds: the sign in all virtual patients together, and a published number within
        the interval.
    """

    words: str
    published: str
    quantity: str
    predicted: float | None
    low: float | None
    high: float | None
    agrees: float | None
    holds: bool


def dose_response(result: TrialResult) -> tuple[Statement, ...]:
    """Return what a trial says of dose and union, from the endpoints that its file names.

    Statements are made for a trial that tells apart the progenitors of those who united and of
    those who did not: union itself, the quotient of these doses, and each correlation with a dose.
    """
    told = endpoints(result)
    pairs = {
        one.endpoint.of: one
        for one in told
        if one.endpoint.outcome == "progenitors" and one.endpoint.of != "all"
    }
    if len(pairs) < 2:
        return ()
    found = [_separates(result, pairs["united"], pairs["not united"])]
    found += [_near(one) for one in told if one.endpoint.outcome == "union"]
    numbers = {id(one): number for number, one in enumerate(told)}
    found += [
        _correlates(result, one, numbers[id(one)])
        for one in told
        if one.endpoint.measure == "correlation" and one.published is not None
    ]
    return tuple(found)


def _separates(result: TrialResult, united: Told, others: Told) -> Statement:
    r"""Return whether who unites got more, by the quotient of the mean doses.

    .. math:: q = \frac{\bar d_\text{united}}{\bar d_\text{not united}}
    """
    pool, looked = result.pool(united.endpoint.arm), united.endpoint
    grafted = dose(pool, looked)
    is_united = np.isfinite(values(pool, looked.model_copy(update={"of": "united"}), united.week))

    def quotient(rows: NDArray[np.int64]) -> Array:
        yes, known = is_united[rows], np.isfinite(grafted)[rows]
        given = np.where(known, grafted[rows], 0.0)
        sums = [np.where(who & known, given, 0.0).sum(axis=1) for who in (yes, ~yes)]
        counts = [(who & known).sum(axis=1) for who in (yes, ~yes)]
        has_both = (counts[0] > 0) & (counts[1] > 0) & (sums[1] > 0)
        of = np.where(has_both, sums[1], 1.0) / np.maximum(counts[1], 1)
        return np.where(has_both, sums[0] / np.maximum(counts[0], 1) / of, np.nan)

    rng = Streams(result.asked.seed).named("statement", "separates")
    trials = quotient(drawn(pool, united.n[0], rng))
    whole = float(quotient(np.arange(len(pool))[None, :])[0])
    printed = [one.published for one in (united, others)]
    said, number = "", None
    if printed[0] is not None and printed[1] is not None:
        number = printed[0].low / printed[1].low
        said = f"{number:.2g}"
    return _signed(
        "Who unites got more progenitors than who does not",
        said,
        "quotient of the mean doses",
        whole,
        trials,
        above=1.0,
        number=number,
    )


def _near(one: Told) -> Statement:
    """Return whether the share that unites lies where it was published."""
    seen = one.published
    return Statement(
        words="As many unite as were published",
        published="" if seen is None else f"{seen.shown}",
        quantity=f"{one.endpoint.outcome} [%]",
        predicted=one.predicted,
        low=one.low,
        high=one.high,
        agrees=None,
        holds=one.inside is True,
    )


WORDS = {
    ("callus volume", 1): "Callus grows with the dose",
    ("time to union", -1): "Union comes sooner with a higher dose",
}


def _correlates(result: TrialResult, one: Told, number: int) -> Statement:
    """Return whether a correlation has the sign that was published, and its size."""
    looked, seen = one.endpoint, one.published
    sign = 1 if seen is None else seen.sign or (1 if seen.low >= 0 else -1)
    trials = correlations(result, looked, one, number)
    words = WORDS.get((looked.outcome, sign), f"{looked.outcome} goes with the dose".capitalize())
    return _signed(
        words,
        "" if seen is None else seen.shown,
        f"rank correlation of {looked.outcome} with {looked.dose}",
        np.nan if one.predicted is None else one.predicted,
        trials,
        sign=sign,
        number=None if seen is None or seen.sign else seen.low,
    )


def correlations(result: TrialResult, looked: Endpoint, one: Told, number: int) -> Array:
    """Return the correlation in each of the trials that the endpoint's interval is made of."""
    rng = Streams(result.asked.seed).named("endpoint", number, AS_GIVEN)
    return measured(result.pool(looked.arm), looked, one.week, one.n[0], rng)


def _signed(
    words: str,
    said: str,
    quantity: str,
    whole: float,
    trials: Array,
    *,
    above: float = 0.0,
    sign: int = 1,
    number: float | None = None,
) -> Statement:
    """Return a statement on which side of a value something lies, and how far where printed."""
    real = trials[np.isfinite(trials)]
    ends: Sequence[float | None] = (None, None)
    if real.size:
        ends = [float(end) for end in np.quantile(real, WITHIN)]
    agrees = float(np.mean(sign * (real - above) > 0)) if real.size else None
    is_known = bool(np.isfinite(whole))
    low, high = ends
    is_near = number is None or (low is not None and high is not None and low <= number <= high)
    return Statement(
        words=words,
        published=said,
        quantity=quantity,
        predicted=float(whole) if is_known else None,
        low=low,
        high=high,
        agrees=agrees,
        holds=is_known and sign * (whole - above) > 0 and is_near,
    )
