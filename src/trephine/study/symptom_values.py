"""Reading symptom studies: times, errors, comparators and verdicts as studies tell them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from scipy.stats import norm

from trephine.catalogue.cohorts import Arm, Endpoint, Study
from trephine.catalogue.printed import DAYS, days
from trephine.catalogue.vocabulary import Product
from trephine.models.instruments import Instrument
from trephine.models.symptoms import SymptomLaws

QUARTILES = 2.0 * float(norm.ppf(0.75))
"""Distance of the quartiles of a normal law in standard deviations."""
INTERVAL = 2.0 * float(norm.ppf(0.975))
"""Width of an interval of 95 % in standard errors."""
REPEATED = re.compile(r"\bq(?P<weeks>\d+)\s?wk\b|\bq(?P<months>\d+)\s?mo\b")
SPAN = re.compile(r"(?P<first>\d+)-(?P<last>\d+) (?P<unit>wk|weeks|mo|months)\b")
WITHIN = re.compile(r"\((?P<time>\d+ (?:mo|wk)) per paper\)")
LIMIT = re.compile(r"p\s?(?:[<>=])\s?(?P<level>0?\.\d+)")
NAMED = (
    ("PRP", Product.PLATELETS),
    ("HA", Product.HYALURONATE),
    ("saline", Product.SALINE),
    ("sham", Product.SALINE),
    ("placebo", Product.SALINE),
    ("corticosteroid", Product.CORTICOSTEROID),
)
"""What a comparator that is named in words was."""

SAME = frozenset({"none", "no benefit", "not significant", "difference not significant"})
BETTER = frozenset({"better", "still lower"})


def time_in_days(time: str) -> float | None:
    """Return a printed time in days, a span of times at its middle, or nothing [d]."""
    single = days(time)
    if single is not None:
        return single
    span = SPAN.match(time)
    if span is not None:
        unit = "weeks" if span["unit"].startswith("w") else "months"
        return 0.5 * (float(span["first"]) + float(span["last"])) * DAYS[unit]
    told = WITHIN.search(time)
    return None if told is None else days(told["time"])


def interval_between(label: str) -> float | None:
    """Return the days between repeated injections where a label tells them: ``q12wk`` [d]."""
    found = REPEATED.search(label)
    if found is None:
        return None
    if found["weeks"]:
        return float(found["weeks"]) * DAYS["weeks"]
    return float(found["months"]) * DAYS["months"]


def stage_of(population: str) -> float:
    """Return -1 for mild, 1 for severe and 0 for mixed or untold disease, by its own words."""
    words = population.lower()
    if "severe" in words or "moderate to advanced" in words:
        return 1.0
    return -1.0 if "mild" in words else 0.0


def is_randomised(study: Study) -> bool:
    """Return whether a study's treatment was dealt out by chance, by its own words."""
    words = study.design.lower()
    refused = ("not randomised", "retrospective", "registry", "open label", "single-arm")
    drawn = ("rct", "randomised", "meta-analysis", "cochrane")
    return any(w in words for w in drawn) and not any(w in words for w in refused)


def is_open(study: Study) -> bool:
    """Return whether the patients of a randomised study knew what they got, by its own words.

    A study that does not tell of blinding is held to be open; reviews pool trials against sham.
    """
    words = study.design.lower()
    return is_randomised(study) and not any(w in words for w in ("blind", "review", "meta-"))


def comparators(study: Study, arm: Arm, endpoint: Endpoint) -> Iterator[tuple[Product, str]]:
    """Yield product and arm of each comparator of a value; the arm is empty where none is told."""
    against = endpoint.against or arm.against
    if against in study.arms:
        yield study.arms[against].product, against
        return
    for word, product in NAMED:
        if re.search(rf"\b{word}\b", against):
            arms = [key for key, other in study.arms.items() if other.product == product]
            yield product, arms[0] if arms else ""


def spread_sd(value: Endpoint) -> float | None:
    """Return the standard deviation between patients that a value prints, if any."""
    for spread in value.spread:
        if spread.kind == "sd" and spread.value is not None:
            return float(spread.value)
        if spread.kind == "quartiles" and spread.low is not None and spread.high is not None:
            return (float(spread.high) - float(spread.low)) / QUARTILES
    return None


def interval_error(value: Endpoint) -> float | None:
    """Return the standard error that a value's interval tells; an untold level is 95 %."""
    for spread in value.spread:
        if spread.kind.startswith("interval") and spread.low is not None:
            return (float(spread.high or 0.0) - float(spread.low)) / INTERVAL
    return None


def change_error(
    laws: SymptomLaws,
    instrument: Instrument,
    patients: float,
    levels: tuple[Endpoint, Endpoint] | None = None,
    change: Endpoint | None = None,
) -> float:
    r"""Return the standard error of a mean change, from what is printed or from a stated law.

    .. math:: \sigma_\Delta^2 = \sigma_0^2 + \sigma_1^2 - 2 r\,\sigma_0 \sigma_1,
              \qquad e = \sigma_\Delta/\sqrt n

    Parameters
    ----------
    laws
        Standard deviation of changes, and correlation of visits, where none is printed.
    instrument
        The score.
    patients
        How many were measured.
    levels
        Values before and after, where the change is their difference.
    change
        The value of the change itself.
    """
    printed = None
    if levels is not None:
        first, last = spread_sd(levels[0]), spread_sd(levels[1])
        if first is not None and last is not None:
            shared = 2.0 * laws.visit_correlation * first * last
            printed = math.sqrt(first**2 + last**2 - shared)
        ends = levels[1].scale
    else:
        ends = change.scale if change is not None else None
        printed = spread_sd(change) if change is not None else None
        error = interval_error(change) if change is not None else None
        if error is not None:
            return abs(instrument.burden_of_change(error, ends))
    if printed is None:
        return laws.change_sd(instrument.domain) / math.sqrt(patients)
    return abs(instrument.burden_of_change(printed, ends)) / math.sqrt(patients)


def least_z(value: Endpoint, laws: SymptomLaws) -> float:
    """Return how many standard errors a difference must have to be called one [-]."""
    found = LIMIT.search(value.p)
    level = float(found["level"]) if found else laws.significance
    return float(norm.ppf(1.0 - 0.5 * level))


def size(study: Study, arm: str, arms: Mapping[str, Arm] | None = None) -> float | None:
    """Return how many an arm counts; an even share of the study where it does not say."""
    known = (arms or study.arms).get(arm)
    if known is not None and known.n is not None:
        return float(known.n)
    whole = study.sizes.get("patients")
    return None if whole is None else whole / 2.0
