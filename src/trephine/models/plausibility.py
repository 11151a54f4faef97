"""What numbers of a real procedure can be: identity, time, volumes, and all checks in order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from trephine.case.document import Document
from trephine.case.measurement import Measurement
from trephine.models.findings import (
    Check,
    Finding,
    Judgement,
    PlausibilityParameters,
    Verdict,
    lasting,
    millilitres,
    rising,
)
from trephine.models.plausible_counts import balances, counts, device, reports

SHARES = ("haematocrit", "viability")
ARITHMETIC = 1e-9
"""What the arithmetic of units may add to a volume."""
MINUTE = 60.0
"""Times are noted to the minute [s]."""
LIKE_PERCENT = (10.0, 100.0)
"""A share within is taken for one in per cent, written without its sign."""


def checked(noted: Measurement, p: PlausibilityParameters) -> tuple[Finding, ...]:
    """Return what every check finds in a measurement, in the order of the procedure."""
    themes = (identities, clock, volumes, counts, balances, reports, device)
    asked = [check for theme in themes for check in theme(noted, p)]
    return (*signs(noted), *(check.ask(noted) for check in asked))


# Signs and shares


def signs(noted: Measurement) -> Iterator[Finding]:
    """Yield whether amounts lie above zero and shares between zero and one."""
    amounts = dict(numbers(noted))
    shares = {place: x for place, x in amounts.items() if place.split(".")[-1] in SHARES}
    below = {place: x for place, x in amounts.items() if x < 0.0}
    above = {place: x for place, x in shares.items() if x > 1.0}
    for name, every, wrong, expected, needs in (
        ("amounts are not below zero", amounts, below, "0 or more", "any number"),
        ("shares are not above one", shares, above, "at most 1", "a haematocrit or a viability"),
    ):
        if not every:
            yield Finding(name, "unchecked", "", f"needs {needs}", ())
            continue
        verdict: Verdict = "impossible" if wrong else "possible"
        found = f"{len(wrong)} of {len(every)} are" if wrong else f"none of {len(every)} is"
        hint = ""
        if wrong is above:
            meant = [x for x in wrong.values() if LIKE_PERCENT[0] <= x <= LIKE_PERCENT[1]]
            told = " and ".join(f"'{x:g} %' or {x / 100.0:g}" for x in meant)
            hint = f"; did you mean {told}?" if told else ""
        yield Finding(name, verdict, found, expected + hint, tuple(wrong or every))


def numbers(noted: Document, inside: str = "") -> Iterator[tuple[str, float]]:
    """Yield the place and the value of every number of a document."""
    for key, value in noted:
        if isinstance(value, Document):
            yield from numbers(value, f"{inside}{key}.")
        elif isinstance(value, float):
            yield f"{inside}{key}", value


# Identity and time


def identities(noted: Measurement, p: PlausibilityParameters) -> Iterator[Check]:
    """Yield whether every scan of the procedure read the same code."""
    del p  # a code has no tolerance
    codes = noted.identity.scans

    def same(scans: list[str]) -> Judgement:
        others = sorted({code.strip() for code in scans[1:]} - {scans[0].strip()})
        if others:
            return "impossible", f"{scans[0]}, then {', '.join(others)}", "one code at every scan"
        return "possible", f"{len(scans)} scans alike", "one code at every scan"

    yield Check(
        "identity is one at every scan",
        ("identity.scans",) if len(codes) > 1 else ("a second scan",),
        same,
    )


def clock(noted: Measurement, p: PlausibilityParameters) -> Iterator[Check]:
    """Yield whether the steps follow each other, last long enough and end in time."""
    given = [name for name, moment in noted.times if moment is not None and name != "expiry"]

    def ordered(earlier: datetime, later: datetime) -> Judgement:
        minutes = (later - earlier).total_seconds() / MINUTE
        verdict: Verdict = "impossible" if minutes < 0 else "possible"
        return verdict, f"{minutes:.4g} min between", "0 min or more"

    steps = list(pairwise(given)) or [("draw_start", "injection")]
    for earlier, later in (*steps, ("injection", "expiry")):
        yield Check(
            f"{later.replace('_', ' ')} follows {earlier.replace('_', ' ')}",
            (f"times.{earlier}", f"times.{later}"),
            ordered,
        )
    if noted.processing.spins:
        least = sum(spin.duration for spin in noted.processing.spins)

        def long_enough(start: datetime, end: datetime, _: object) -> Judgement:
            lasted = (end - start).total_seconds()
            verdict: Verdict = "impossible" if lasted < least - MINUTE else "possible"
            return (
                verdict,
                f"{lasted / MINUTE:.4g} min",
                f"{least / MINUTE:.4g} min of spinning or more",
            )

        yield Check(
            "the spins fit between their start and end",
            ("times.spin_start", "times.spin_end", "processing.spins"),
            long_enough,
        )
    if not noted.processing.cultured:

        def held(start: datetime, end: datetime) -> Judgement:
            time, most = (end - start).total_seconds(), p.longest_hold
            expected = f"at most {lasting(most)} was studied"
            return rising(time, most, math.inf), lasting(time), expected

        yield Check("cells were held for a time", ("times.draw_start", "times.injection"), held)


# Volumes


def volumes(noted: Measurement, p: PlausibilityParameters) -> Iterator[Check]:
    """Yield whether the volumes of pool, product and what is left of them add up."""
    less, more = 1.0 - p.closing, 1.0 + p.closing

    def below(part: float, whole: float) -> Judgement:
        verdict: Verdict = "possible" if part < whole else "impossible"
        return verdict, millilitres(part), f"less than {millilitres(whole)}"

    def drawn(pool: float, marrow: float, agent: float) -> Judgement:
        verdict: Verdict = "possible" if less <= pool / (marrow + agent) <= more else "doubtful"
        return verdict, millilitres(pool), f"about {millilitres(marrow + agent)}"

    def within(product: float, pool: float, added: float = 0.0) -> Judgement:
        most = pool + added
        verdict: Verdict = "possible" if product <= most * (1.0 + ARITHMETIC) else "impossible"
        return verdict, millilitres(product), f"at most {millilitres(most)}"

    def closed(product: float, rest: float, pool: float, added: float = 0.0) -> Judgement:
        ratio = (product + rest) / (pool + added)
        verdict: Verdict = "impossible" if ratio > more else "doubtful"
        told = f"{millilitres(product + rest)}", f"about {millilitres(pool + added)}"
        return ("possible", *told) if less <= ratio <= more else (verdict, *told)

    def used(injected: float, product: float, left: float = 0.0) -> Judgement:
        ratio = (injected + left) / product
        verdict = rising(ratio, 1.0 + ARITHMETIC, more)
        return verdict, millilitres(injected + left), f"at most {millilitres(product)}"

    added = ("processing.added",) if noted.processing.added is not None else ()
    left = ("delivery.residual",) if noted.delivery.residual is not None else ()
    yield Check("anticoagulant is a part of the pool", ("pool.anticoagulant", "pool.volume"), below)
    yield Check(
        "marrow and anticoagulant make the pool",
        ("pool.volume", "pool.drawn", "pool.anticoagulant"),
        drawn,
    )
    if added or not noted.processing.cultured:
        yield Check(
            "the product is no larger than the pool",
            ("product.volume", "pool.volume", *added),
            within,
        )
        yield Check(
            "product and discarded fluid make the pool",
            ("product.volume", "discarded.volume", "pool.volume", *added),
            closed,
        )
    yield Check(
        "no more is injected than was made",
        ("delivery.volume", "product.volume", *left),
        used,
    )
