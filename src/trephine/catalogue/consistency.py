"""Whether a published study agrees with itself: counts, sizes, spreads, courses, doses, sums."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

from trephine.catalogue.cohorts import Dose, Endpoint, Study, endpoints
from trephine.catalogue.contradiction import ACTUARIAL, RATIOS, Contradiction, agrees, each
from trephine.catalogue.effects import Effects
from trephine.catalogue.printed import DAYS, Printed, days, rounding
from trephine.catalogue.vocabulary import MEANINGS, Outcome

FAR_OUT = 4.0
"""Standard deviations that the ends of a small series do not reach."""
TOLERANCE = 0.05
"""How far products and means of rounded means may be off."""
MEAN_OF_RATIOS = 0.25
"""How far a mean of ratios may be off the ratio of the means before it is told."""


def counts(studies: Mapping[str, Study], effects: Effects) -> Iterator[Contradiction]:
    """Yield percentages that are not those of their counts."""
    told: dict[str, tuple[Printed, int, int | None]] = {
        key: (e, sum(e.events), e.total) for key, e in endpoints(studies).items() if e.events
    }
    told |= {
        f"harms {key}": (h, h.events, h.total)
        for key, h in effects.harms.items()
        if h.events is not None
    }
    for key, (value, events, total) in told.items():
        if value.printed is None or value.unit != "%" or not total:
            continue
        share = 100 * events / total
        if not agrees(share, value.printed):
            why = f"printed {value.printed} %, but {events} of {total} is {share:.1f} %"
            yield Contradiction("count", "cannot both be", key, key, why)


def whole_patients(studies: Mapping[str, Study]) -> Iterator[Contradiction]:
    """Yield percentages that no whole number of the arm's patients gives."""
    for name, arm, key, e in each(studies):
        n = e.total or studies[name].arms[arm].n
        if e.measure != "share" or e.unit != "%" or e.events or e.printed is None or n is None:
            continue
        near = {round(e.printed * n / 100 + step) for step in (-0.5, 0, 0.5)}
        if e.outcome not in ACTUARIAL and not any(agrees(100 * k / n, e.printed) for k in near):
            why = f"printed {e.printed} %, which no whole number of {n} is"
            yield Contradiction("whole patients", "cannot both be", key, f"{name}.{arm}", why)


def sizes(studies: Mapping[str, Study]) -> Iterator[Contradiction]:
    """Yield arms that do not add up to the study, parts above their whole, counts above an arm."""
    for name, study in studies.items():
        parents = {arm.part_of for arm in study.arms.values()}
        leaves = [arm.n for key, arm in study.arms.items() if key not in parents]
        tops = [arm.n for arm in study.arms.values() if not arm.part_of]
        whole = study.sizes.get(study.counted)
        parts = leaves if None not in leaves else tops
        if whole and None not in parts and sum(filter(None, parts)) != whole:
            why = f"the arms hold {sum(filter(None, parts))} {study.counted}, the study {whole}"
            yield Contradiction("arms add up", "cannot both be", name, f"{name}.arms", why)
        for key, arm in study.arms.items():
            parts = [a.n for a in study.arms.values() if a.part_of == key]
            if arm.n and None not in parts and sum(filter(None, parts)) > arm.n:
                why = f"its parts hold {sum(filter(None, parts))}, itself {arm.n}"
                yield Contradiction("arms add up", "cannot both be", f"{name}.{key}", name, why)
            for own, e in arm.endpoints.items():
                if arm.n and e.total and e.total > arm.n:
                    why = f"{e.total} were counted in an arm of {arm.n}"
                    place = f"{name}.{key}.{own}"
                    yield Contradiction("arms add up", "cannot both be", place, name, why)


def spreads(studies: Mapping[str, Study], effects: Effects) -> Iterator[Contradiction]:
    """Yield spreads that miss their value, are lopsided, or go further than their sd allows."""
    told: list[tuple[str, Printed, str]] = [
        (f"{name}.{arm}.{key}", value, value.measure)
        for name, study in studies.items()
        for arm, key, value in study.values()
    ]
    told += [(f"risk_factors {k}", v, v.measure) for k, v in effects.risk_factors.items()]
    told += [(f"harms {k}", v, "share") for k, v in effects.harms.items()]
    for place, value, measure in told:
        x = value.printed
        if x is None:
            continue
        if value.scale and not value.scale[0] <= abs(x) <= value.scale[1]:
            why = f"{x} is not on the scale {value.scale[0]} to {value.scale[1]}"
            yield Contradiction("scale", "cannot both be", place, place, why)
        sd = next((s.value for s in value.spread if s.value is not None), None)
        if sd is not None and sd > x > 0:
            why = f"mean {x}, sd {sd}, of what cannot be negative: a few carry the mean"
            yield Contradiction("spread", "hard to believe", place, place, why)
        for s in value.spread:
            if s.low is None or s.high is None:
                continue
            if not s.low <= x <= s.high:
                why = f"{x} lies outside its own {s.kind}, {s.low} to {s.high}"
                yield Contradiction("spread", "cannot both be", place, place, why)
            elif s.kind.startswith("interval") and not middle(s.low, s.high, x, measure):
                why = f"{x} is not in the middle of {s.low} to {s.high}, as its kind has it"
                yield Contradiction("spread", "hard to believe", place, place, why)
            if sd and s.kind == "range" and min(x - s.low, s.high - x) > FAR_OUT * sd:
                low, high = (x - s.low) / sd, (s.high - x) / sd
                why = f"the range reaches {low:.1f} sd below the mean and {high:.1f} above it"
                yield Contradiction("spread", "hard to believe", place, place, why)


def middle(low: float, high: float, x: float, measure: str) -> bool:
    """Return whether a value may be the middle of its interval, all three being rounded.

    The middle is that of the logarithms for a ratio; of a share it is not known.
    """
    if measure == "share":
        return True
    ends = [(v - rounding(v), v + rounding(v)) for v in (low, high)]
    if measure in RATIOS and low > 0:
        reach = [math.sqrt(max(a, 0.0) * b) for a, b in zip(*ends, strict=True)]
    else:
        reach = [(a + b) / 2 for a, b in zip(*ends, strict=True)]
    return reach[0] <= x + rounding(x) and x - rounding(x) <= reach[1]


def courses(studies: Mapping[str, Study]) -> Iterator[Contradiction]:
    """Yield shares that fall with time where they can only grow, or the other way round."""
    for name, study in studies.items():
        for arm, entry in study.arms.items():
            timed = sorted(
                (at, key, e)
                for key, e in entry.endpoints.items()
                if e.measure == "share"
                and e.printed is not None
                and MEANINGS[e.outcome].grows is not None
                and (at := days(e.time)) is not None
            )
            for (_, key, early), (_, other, late) in itertools.combinations(timed, 2):
                if early.outcome != late.outcome or early.printed is None or late.printed is None:
                    continue
                step = late.printed - early.printed
                if step < 0 if MEANINGS[early.outcome].grows else step > 0:
                    why = f"{early.printed} % at {early.time}, {late.printed} % at {late.time}"
                    places = (f"{name}.{arm}.{key}", f"{name}.{arm}.{other}")
                    yield Contradiction("course", "cannot both be", *places, why)


def doses(studies: Mapping[str, Study]) -> Iterator[Contradiction]:
    """Yield doses that are not volume times concentration, and folds that are not their ratio."""
    for name, study in studies.items():
        yield from pooled(name, study)
        for arm, entry in study.arms.items():
            place = f"{name}.{arm}"
            known = {(d.measure, d.of): (k, d) for k, d in entry.doses.items()}
            plain = [d for d in entry.doses.values() if d.measure == "volume injected"]
            volume = next((d.printed for d in plain if d.sign in {"", "~"}), None)
            for of in ("graft", "concentrate"):
                key, per = known.get(("progenitors per volume", of), ("", None))
                whole, total = named(entry.doses, "progenitors")
                if not (per and total and volume and per.printed and total.printed):
                    continue
                product = per.printed * volume
                is_low = total.printed < product * (1 - TOLERANCE)
                is_high = total.printed > product * (1 + TOLERANCE) and per.sign != ">"
                if is_low or is_high:
                    why = (
                        f"{per.printed} per mL in {volume} mL is {product:.0f}, "
                        f"but {total.printed} is printed"
                    )
                    places = (f"{place}.{key}", f"{place}.{whole}")
                    yield Contradiction("dose", "cannot both be", *places, why)
            yield from folds(place, entry.doses, entry.endpoints)


def folds(
    place: str, given: Mapping[str, Dose], seen: Mapping[str, Endpoint]
) -> Iterator[Contradiction]:
    """Yield concentration factors far from the ratio of the means before and after."""
    pairs = (
        (Outcome.PROGENITOR_FOLD, "progenitors_concentrate", "progenitors_pooled"),
        (Outcome.NUCLEATED_FOLD, "nucleated_concentrate", "nucleated_pooled"),
        (
            Outcome.PROGENITOR_FOLD,
            "progenitors_per_volume_concentrate",
            "progenitors_per_volume_aspirate",
        ),
    )
    values: dict[str, Printed] = {**given, **seen}
    for outcome, after, before in pairs:
        fold = next(((k, e) for k, e in seen.items() if e.outcome == outcome), None)
        if fold is None or after not in values or before not in values:
            continue
        key, told = fold
        high, low = values[after].printed, values[before].printed
        if not (told.printed and high and low):
            continue
        ratio = high / low
        if abs(math.log(ratio / told.printed)) > math.log1p(MEAN_OF_RATIOS):
            why = (
                f"{high} over {low} is {ratio:.1f}, but {told.printed} is printed; a mean of "
                "ratios and a ratio of means need not agree, yet seldom differ so much"
            )
            places = (f"{place}.{key}", f"{place}.{after}")
            yield Contradiction("dose", "hard to believe", *places, why)


def pooled(name: str, study: Study) -> Iterator[Contradiction]:
    """Yield mean doses of a whole that are not those of its parts, weighed by their patients."""
    for arm, entry in study.arms.items():
        key, whole = named(entry.doses, "progenitors")
        parts = [
            (a.n, named(a.doses, "progenitors")[1]) for a in study.arms.values() if a.part_of == arm
        ]
        told = [(n, d.printed) for n, d in parts if n and d is not None and d.printed]
        if not parts or len(told) != len(parts) or whole is None or not whole.printed:
            continue
        mean = sum(n * x for n, x in told) / sum(n for n, _ in told)
        if sum(n for n, _ in told) == entry.n and abs(mean / whole.printed - 1) > TOLERANCE:
            why = f"the parts make a mean of {mean:.0f}, but {whole.printed} is printed"
            place = f"{name}.{arm}.{key}"
            yield Contradiction("dose", "cannot both be", place, name, why)


def named(given: Mapping[str, Dose], measure: str) -> tuple[str, Dose | None]:
    """Return the first dose of a kind that is no bound, with its name."""
    return next(
        ((k, d) for k, d in given.items() if d.measure == measure and d.sign in {"", "~"}),
        ("", None),
    )


def differences(studies: Mapping[str, Study]) -> Iterator[Contradiction]:
    """Yield changes that are not after less before, and differences that are not arm less arm."""
    for name, study in studies.items():
        for arm, entry in study.arms.items():
            for key, e in entry.endpoints.items():
                if e.printed is None or e.measure not in {"change", "difference"}:
                    continue
                if e.measure == "change":
                    a = matching(entry.endpoints, e, "level", e.time)
                    b = matching(entry.endpoints, e, "level", "baseline")
                elif e.against in study.arms:
                    a = matching(entry.endpoints, e, "change", e.time)
                    b = matching(study.arms[e.against].endpoints, e, "change", e.time)
                else:
                    continue
                if a is None or b is None:
                    continue
                slack = rounding(a) + rounding(b) + rounding(e.printed)
                if abs(a - b - e.printed) > slack + 1e-9:
                    why = f"{a} less {b} is {a - b:.3g}, but {e.printed} is printed"
                    place = f"{name}.{arm}.{key}"
                    yield Contradiction("difference", "cannot both be", place, place, why)


def matching(
    among: Mapping[str, Endpoint], like: Endpoint, measure: str, time: str
) -> float | None:
    """Return the number of the same outcome in another measure or at another time."""
    return next(
        (
            e.printed
            for e in among.values()
            if (e.outcome, e.unit, e.scale) == (like.outcome, like.unit, like.scale)
            and (e.measure, e.time) == (measure, time)
        ),
        None,
    )


def complements(studies: Mapping[str, Study]) -> Iterator[Contradiction]:
    """Yield united and not united above a hundred together, and a whole outside its parts."""
    for name, study in studies.items():
        for arm, entry in study.arms.items():
            shares = {e.outcome: e for e in entry.endpoints.values() if e.measure == "share"}
            union, rest = shares.get(Outcome.UNION), shares.get(Outcome.NONUNION)
            if union and rest and union.printed is not None and rest.printed is not None:
                slack = rounding(union.printed) + rounding(rest.printed)
                if union.time == rest.time and union.printed + rest.printed > 100 + slack:
                    why = f"{union.printed} % united and {rest.printed} % did not"
                    yield Contradiction(
                        "complement", "cannot both be", f"{name}.{arm}", f"{name}.{arm}", why
                    )
            parts = [a for a in study.arms.values() if a.part_of == arm]
            for key, e in entry.endpoints.items():
                inside = [length(m) for a in parts for m in a.endpoints.values() if is_part(m, e)]
                whole = length(e)
                if len(inside) == len(parts) > 1 and whole is not None and None not in inside:
                    ends = [x for x in inside if x is not None]
                    if not min(ends) <= whole <= max(ends):
                        why = f"the whole lies outside its parts, {min(ends):g} to {max(ends):g} d"
                        place = f"{name}.{arm}.{key}"
                        yield Contradiction("complement", "cannot both be", place, name, why)


def is_part(part: Endpoint, whole: Endpoint) -> bool:
    """Return whether two are the same outcome in the same measure and at the same time."""
    own = (part.outcome, part.measure, part.time)
    return own == (whole.outcome, whole.measure, whole.time)


def length(e: Endpoint) -> float | None:
    """Return a duration in days, or nothing for what is none."""
    return e.printed * DAYS[e.unit] if e.printed is not None and e.unit in DAYS else None
