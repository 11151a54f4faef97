"""From a published value to rows of the fit: numbers, differences and words, each its own way."""

from __future__ import annotations

import math
from collections.abc import Mapping

from trephine.catalogue.cohorts import Study
from trephine.catalogue.vocabulary import Condition, Product
from trephine.models.symptoms import SymptomLaws
from trephine.study.symptom_evidence import Evidence, Found, Kind, Row, Treated
from trephine.study.symptom_values import (
    BETTER,
    SAME,
    change_error,
    comparators,
    interval_between,
    interval_error,
    is_open,
    is_randomised,
    least_z,
    size,
    stage_of,
)

SITES: Mapping[Condition, str] = {
    Condition.KNEE: "knee",
    Condition.DISC: "lumbar disc",
    Condition.CUFF: "rotator cuff",
}
"""Sites by published condition: those whose treatment is judged by pain and function."""
ALONE: Mapping[str, Kind] = {
    "yes": "halved",
    "not significant": "same",
    "still lower": "better",
}
"""What words tell of one arm against its own beginning; ``yes`` answers to more than half."""


def add(one: Found, found: list[Found], laws: SymptomLaws, result: Evidence) -> str:
    """Add the rows of a value to the result, or return why there are none.

    Parameters
    ----------
    one
        The value.
    found
        All values that may be used, for the one before treatment.
    laws
        What studies do not print.
    result
        What the rows are added to.
    """
    value = one.value
    group = result.index(_group(one.name, one.study, one.key, one.arm.product))
    if value.words:
        return _add_words(one, group, laws, result)
    if value.printed is None:
        return "neither a number nor words"
    if value.measure in {"standardised difference", "difference"}:
        return _add_contrast(one, group, laws, result)
    if value.measure == "improvement":
        return _add_improvement(one, group, laws, result)
    if value.measure == "change":
        return _add_change(one, group, laws, result)
    return _add_levels(one, found, group, laws, result)


def _add_improvement(one: Found, group: int, laws: SymptomLaws, result: Evidence) -> str:
    """Add a change that is told as a share of what was there before."""
    patients, share = size(one.study, one.key), float(one.value.printed or 0.0) / 100.0
    if patients is None:
        return "of no told size"
    error = change_error(laws, one.instrument, patients)
    result.rows.append(Row("improvement", group, None, one.instrument, one.day, share, error))
    return ""


def _add_levels(
    one: Found,
    found: list[Found],
    group: int,
    laws: SymptomLaws,
    result: Evidence,
) -> str:
    """Add the change from the level before treatment to a later one."""
    patients = size(one.study, one.key)
    first = next((f for f in found if f.day == 0.0 and _same_series(f, one)), None)
    if first is None or first.value.printed is None or one.value.printed is None:
        return "no value before treatment to set it against"
    if patients is None:
        return "of no told size"
    ends = one.value.scale
    before = one.instrument.burden(first.value.printed, ends)
    after = one.instrument.burden(one.value.printed, ends)
    error = change_error(laws, one.instrument, patients, levels=(first.value, one.value))
    result.rows.append(
        Row("change", group, None, one.instrument, one.day, after - before, error, before)
    )
    return ""


def _same_series(first: Found, later: Found) -> bool:
    return (first.name, first.key, first.instrument) == (later.name, later.key, later.instrument)


def _add_change(one: Found, group: int, laws: SymptomLaws, result: Evidence) -> str:
    value, patients = one.value, size(one.study, one.key)
    if patients is not None or interval_error(value) is not None:
        error = change_error(laws, one.instrument, patients or math.nan, change=value)
    else:
        other = one.study.arms[one.arm.against].endpoints if one.arm.against else {}
        beside = [v for v in other.values() if v.outcome == value.outcome and v.role == value.role]
        errors = [interval_error(v) for v in beside]
        if not errors or errors[0] is None:
            return "of no told size"
        error = abs(one.instrument.burden_of_change(errors[0], value.scale))
    moved = one.instrument.burden_of_change(float(value.printed or 0.0), value.scale)
    result.rows.append(Row("change", group, None, one.instrument, one.day, moved, error))
    return ""


def _add_contrast(one: Found, group: int, laws: SymptomLaws, result: Evidence) -> str:
    value = one.value
    error = interval_error(value)
    others = list(comparators(one.study, one.arm, value))
    if error is None or not others:
        return "a difference without error or comparator"
    if value.measure == "standardised difference":
        moved, wide = float(value.printed or 0) * laws.level_sd_pain, error * laws.level_sd_pain
    else:
        moved = one.instrument.burden_of_change(float(value.printed or 0), value.scale)
        wide = abs(one.instrument.burden_of_change(error, value.scale))
    product, arm = others[0]
    against = result.index(_group(one.name, one.study, arm, product))
    result.rows.append(Row("contrast", group, against, one.instrument, one.day, moved, wide))
    return ""


def _add_words(one: Found, group: int, laws: SymptomLaws, result: Evidence) -> str:
    value = one.value
    least, own = least_z(value, laws), size(one.study, one.key)
    sd = laws.change_sd(one.instrument.domain)
    told = value.words.lower()
    if own is None:
        return "of no told size"
    if not (value.against or one.arm.against):
        kind = ALONE.get(told)
        if kind is None:
            return "in words that tell no direction"
        error = sd / math.sqrt(own)
        result.rows.append(Row(kind, group, None, one.instrument, one.day, 0.0, error, least=least))
        return ""
    if told not in SAME | BETTER:
        return "in words that tell no direction"
    for product, arm in comparators(one.study, one.arm, value):
        other = size(one.study, arm) or own
        pair = "other knee" in value.against
        shrink = 1.0 - laws.knee_correlation if pair else 1.0
        error = sd * math.sqrt((1.0 / own + 1.0 / other) * shrink)
        pooled = [interval_error(v) for v in one.arm.endpoints.values() if v.unit == "sd"]
        if pooled and pooled[0] is not None:  # a review prints how sure its differences are
            error = pooled[0] * laws.level_sd_pain
        against = result.index(_group(one.name, one.study, arm, product))
        result.rows.append(
            Row(
                "same" if told in SAME else "better",
                group,
                against,
                one.instrument,
                one.day,
                0.0,
                error,
                least=least,
            )
        )
    return ""


def _group(name: str, study: Study, key: str, product: Product) -> Treated:
    arm = study.arms.get(key)
    cells = None
    if arm is not None:
        counts = [d for d in arm.doses.values() if d.measure == "stromal cells" and d.printed]
        cells = float(counts[0].printed or 0.0) if counts else None
    return Treated(
        study=name,
        arm=key,
        site=SITES[study.condition],
        product=product,
        randomised=is_randomised(study),
        open=is_open(study),
        stage=stage_of(study.population),
        cells=cells,
        interval=None if arm is None else interval_between(arm.label),
        patients=size(study, key) if arm is not None else None,
    )
