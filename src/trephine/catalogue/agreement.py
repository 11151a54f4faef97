"""Whether published studies agree with each other, and whether one is told twice."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from trephine.catalogue.cohorts import Study
from trephine.catalogue.contradiction import ACTUARIAL, RATIOS, Contradiction, each
from trephine.catalogue.effects import Effects
from trephine.catalogue.printed import days, rounding
from trephine.catalogue.records import Source
from trephine.catalogue.vocabulary import Outcome, Product
from trephine.core.shares import wilson

IDENTIFIER = re.compile(r"10\.\d{4,}/[\w.\-]+")


def quoted_twice(studies: Mapping[str, Study], effects: Effects) -> Iterator[Contradiction]:
    """Yield numbers of one source that stand in two tables and differ."""
    per_unit = {"%": 1.0, "% points": 1.0, "1": 100.0}
    for key, risk in effects.risk_factors.items():
        if risk.measure not in {"risk", "risk difference", "proportion"} or risk.printed is None:
            continue
        for name, arm, place, e in each(studies):
            label = set(studies[name].arms[arm].label.lower().split()) - {"max", "gap"}
            is_same = studies[name].source == risk.source and e.unit in per_unit
            is_same = is_same and f"{e.outcome} {e.time}".startswith(risk.outcome)
            if not is_same or not label <= set(risk.factor.lower().split()) or e.printed is None:
                continue
            a, b = e.printed * per_unit[e.unit], risk.printed * per_unit[risk.unit]
            if abs(a - b) > rounding(e.printed) * per_unit[e.unit] + 1e-9:
                why = f"{e.value} in one table, {risk.value} in the other"
                yield Contradiction("quoted twice", "cannot both be", place, key, why)


def two_names(
    studies: Mapping[str, Study], sources: Mapping[str, Source]
) -> Iterator[Contradiction]:
    """Yield publications that go by one name here and by another among the parameters."""
    for name, study in studies.items():
        own = set(IDENTIFIER.findall(study.source))
        for key, source in sources.items():
            if own & set(IDENTIFIER.findall(source.where)) and key != name:
                why = "one publication under two names; its values may be entered twice"
                yield Contradiction("two names", "may be the same", name, f"sources {key}", why)


def same_patients(studies: Mapping[str, Study]) -> Iterator[Contradiction]:
    """Yield series so alike that they may be the same patients told twice."""
    told = [
        (name, place, e)
        for name, arm, place, e in each(studies)
        if e.outcome == Outcome.UNION
        and e.events
        and e.total
        and not studies[name].arms[arm].part_of
    ]
    for (name, place, e), (other, twin, f) in itertools.combinations(told, 2):
        mine, yours = studies[name], studies[other]
        if name == other or (mine.condition, mine.site) != (yours.condition, yours.site):
            continue
        if e.events == f.events and e.total and f.total and abs(e.total - f.total) <= 1:
            why = f"{e.events[0]} of {e.total} and {f.events[0]} of {f.total}, at the same site"
            yield Contradiction("same patients", "may be the same", place, twin, why)


def disagreements(studies: Mapping[str, Study], effects: Effects) -> Iterator[Contradiction]:
    """Yield studies of the same question whose intervals do not touch."""
    ratios = [
        (key, r, s.low, s.high)
        for key, r in effects.risk_factors.items()
        for s in r.spread
        if r.measure in RATIOS and s.low is not None and s.high is not None
    ]
    for (a, r, low, high), (b, q, floor, top) in itertools.combinations(ratios, 2):
        if (r.factor, r.outcome) == (q.factor, q.outcome) and (high < floor or top < low):
            why = f"{r.factor}: {low} to {high} in one, {floor} to {top} in the other"
            yield Contradiction(
                "disagreement", "studies differ", f"risk_factors {a}", f"risk_factors {b}", why
            )
    shares = [
        (name, place, e, studies[name].arms[arm].product, e.total or studies[name].arms[arm].n)
        for name, arm, place, e in each(studies)
        if e.measure == "share" and e.unit == "%" and e.printed is not None
        if e.outcome not in ACTUARIAL and not studies[name].arms[arm].part_of
    ]
    for (n1, p1, e, given, m), (n2, p2, f, also, n) in itertools.combinations(shares, 2):
        one, two = studies[n1], studies[n2]
        if n1 == n2 or not m or not n or e.printed is None or f.printed is None:
            continue
        question = (one.condition, one.site, given, e.outcome, e.about)
        if question != (two.condition, two.site, also, f.outcome, f.about):
            continue
        if given == Product.SURGERY or (days(e.time) != days(f.time)):
            continue
        low, high = wilson(e.printed / 100 * m, m)
        floor, top = wilson(f.printed / 100 * n, n)
        if high < floor or top < low:
            why = f"{e.value} of {m} and {f.value} of {n}: the 95 % intervals do not touch"
            yield Contradiction("disagreement", "studies differ", p1, p2, why)
