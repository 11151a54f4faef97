"""Studies of symptoms beside what a fit without them expects of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trephine.catalogue.symptom_posterior import SymptomPosterior
from trephine.core.rng import Streams
from trephine.models.instruments import Domain
from trephine.models.symptom_group import Given, Luck, group_change
from trephine.models.symptoms import BASELINE_SD, SymptomLaws
from trephine.study.symptom_evidence import NUMBERS, Evidence, Row, Treated

Floats = NDArray[np.float64]

TAILS = 0.1
"""Share of values beyond an interval of nine tenths [-]."""


@dataclass(frozen=True)
class Expected:
    """One published value and what a fit that never saw its study expected of it.

    Parameters
    ----------
    study, site, product, score
        What it is of.
    day
        When [d].
    published
        Change of burden, difference of changes [points], or improvement [%]; negative changes are
        better.
    median, low, high
        What was expected, with the interval of nine tenths of such studies.
    kind
        ``change``, ``improvement`` or ``contrast``.
    randomised
        Whether chance dealt the treatment.
    """

    study: str
    site: str
    product: str
    score: str
    day: float
    published: float
    median: float
    low: float
    high: float
    kind: str
    randomised: bool

    @property
    def is_inside(self) -> bool:
        """Whether the published value lies within the interval."""
        return self.low <= self.published <= self.high


def parted(found: Evidence, studies: Collection[str]) -> tuple[Evidence, Evidence]:
    """Return evidence without some studies, and what those studies alone tell.

    Parameters
    ----------
    found
        Evidence; it is not changed.
    studies
        Names of studies.
    """
    rest, theirs = Evidence(), Evidence()
    for row in found.rows:
        group = found.groups[row.group]
        part = theirs if group.study in studies else rest
        against = None if row.against is None else part.index(found.groups[row.against])
        part.rows.append(replace(row, group=part.index(group), against=against))
    return rest, theirs


def folds(found: Evidence, count: int) -> tuple[tuple[str, ...], ...]:
    """Return the studies that give numbers, dealt out in the order of their names, (fold, study).

    Parameters
    ----------
    found
        Evidence.
    count
        How many folds.
    """
    told = sorted({found.groups[r.group].study for r in found.rows if r.kind in NUMBERS})
    return tuple(tuple(told[k::count]) for k in range(count))


def expected(
    held: Evidence, found: SymptomPosterior, laws: SymptomLaws, seed: int = 0
) -> list[Expected]:
    """Return each number of some studies beside the interval in which nine of ten such lie.

    A study has its own response, benefit, baseline and chance of sampling; groups of one study
    share the first and, where none is printed, the baseline.

    Parameters
    ----------
    held
        Evidence of studies that the posterior was not fitted to.
    found
        The posterior.
    laws
        What studies do not print.
    seed
        Luck.
    """
    streams = Streams(seed).within("left out")
    return [_expected(row, held, found, laws, streams) for row in held.rows if row.kind in NUMBERS]


def coverage(table: list[Expected]) -> float:
    """Return the share of values within their intervals of nine tenths [-]."""
    return sum(one.is_inside for one in table) / len(table)


def interval_score(table: list[Expected]) -> float:
    r"""Return the mean weighted interval score of changes and differences; less is better [points].

    .. math:: S = \frac{1}{1.5}\Bigl[\frac{|y - m|}{2} + \frac{\alpha}{2}(u - l)
              + (l - y)^+ + (y - u)^+\Bigr], \qquad \alpha = 0.1

    with a published value :math:`y`, its median :math:`m` and its interval of nine tenths from
    :math:`l` to :math:`u`. It is least, on average, for the law that values really have.
    Improvements in per cent are left out, for they are on another scale.

    Parameters
    ----------
    table
        Published values beside what was expected.
    """
    scores = [
        0.5 * abs(one.published - one.median)
        + 0.5 * TAILS * (one.high - one.low)
        + max(one.low - one.published, 0.0)
        + max(one.published - one.high, 0.0)
        for one in table
        if one.kind != "improvement"
    ]
    return sum(scores) / (1.5 * len(scores))


def _expected(
    row: Row, held: Evidence, found: SymptomPosterior, laws: SymptomLaws, streams: Streams
) -> Expected:
    group = held.groups[row.group]
    baseline = _baseline(row, group, found, laws, streams)
    change = _change(row, group, baseline, found, laws, streams)
    if row.against is not None:
        change = change - _change(row, held.groups[row.against], baseline, found, laws, streams)
    noise = streams.named("sampling", group.study, group.arm, row.instrument.name, row.day)
    change = change + row.error * noise.normal(size=change.size)
    published = row.value
    if row.kind == "improvement":
        change, published = -100.0 * change / np.maximum(baseline, 1.0), 100.0 * row.value
    low, median, high = np.quantile(change, (0.05, 0.5, 0.95))
    return Expected(
        study=group.study,
        site=group.site,
        product=str(group.product),
        score=row.instrument.name,
        day=row.day,
        published=published,
        median=float(median),
        low=float(low),
        high=float(high),
        kind=row.kind,
        randomised=group.randomised,
    )


def _baseline(
    row: Row, group: Treated, found: SymptomPosterior, laws: SymptomLaws, streams: Streams
) -> Floats:
    """Return the baseline of a group (draw,): as printed, or as studies of its kind have it."""
    if row.baseline is not None:
        return np.full(found.count, row.baseline)
    domain = row.instrument.domain
    middle = laws.baseline_pain if domain == "pain" else laws.baseline_function
    luck = streams.named("baseline", group.study, domain).normal(size=found.count)
    return np.asarray(middle + BASELINE_SD * luck)


def _change(
    row: Row,
    group: Treated,
    baseline: Floats,
    found: SymptomPosterior,
    laws: SymptomLaws,
    streams: Streams,
) -> Floats:
    count = found.count
    domain: Domain = row.instrument.domain
    days: tuple[float, ...] = (0.0,)
    if group.interval is not None:
        days = tuple(float(day) for day in np.arange(0.0, row.day, group.interval))
    given = Given(
        group.product,
        days,
        group.cells,
        alone=group.injected and not group.randomised,
        open=group.open,
    )
    luck = Luck(
        study=streams.named("study", group.study).normal(size=count),
        benefit=streams.named("benefit", group.study, group.arm).normal(size=count),
        bias=streams.named("bias", group.study, group.arm).normal(size=count),
    )
    return group_change(
        found.draws,
        laws,
        given,
        site=group.site,
        domain=domain,
        baseline=baseline,
        severity=group.stage,
        day=np.array([row.day]),
        luck=luck,
    )[:, 0]
