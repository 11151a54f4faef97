"""What is said of pain and its treatments: benefits shown or not, borrowed numbers, no evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trephine.catalogue.cohorts import Study, cohorts
from trephine.catalogue.symptom_posterior import ArmsSeen, SymptomPosterior
from trephine.catalogue.vocabulary import Condition, Outcome, Product, Role
from trephine.models.symptom_group import Given
from trephine.models.symptom_layout import CULTURED, PRODUCTS, SITES

NAMES = {
    Product.NONE: "no injection",
    Product.SALINE: "saline",
    Product.CORTICOSTEROID: "corticosteroid",
    Product.HYALURONATE: "hyaluronic acid",
    Product.PLATELETS: "platelet-rich plasma",
    Product.EXERCISE: "exercise",
    Product.MARROW: "unspun marrow",
    Product.CONCENTRATE: "marrow concentrate",
    Product.CONCENTRATE_PLATELETS: "marrow concentrate with platelets",
    Product.CULTURED: "cultured cells",
    Product.CULTURED_CARRIER: "cultured cells with a carrier",
    Product.STROMAL_VASCULAR: "stromal vascular fraction of fat",
    Product.CORD: "cord tissue cells",
}
"""What a report calls each product."""

SPUN = (Product.CONCENTRATE, Product.CONCENTRATE_PLATELETS)
"""Products that are counted as one where studies compared them with others."""
MARROW = (*SPUN, Product.MARROW)
"""Products of marrow that are not grown."""


CONDITIONS = dict(zip(SITES, (Condition.KNEE, Condition.DISC, Condition.CUFF), strict=True))
BARELY = 1.0
"""Points of benefit below which two fits tell the same, the error of their sampling."""


@dataclass(frozen=True)
class Cartilage:
    """Cartilage that repeated corticosteroid costs.

    Parameters
    ----------
    loss_mm, interval_mm
        Thickness lost beyond saline, and its interval [mm].
    sentences
        The same in words.
    """

    loss_mm: float | None = None
    interval_mm: tuple[float, float] | None = None
    sentences: tuple[str, ...] = ()


def signed(points: float) -> str:
    """Return whole points with their sign; nought has none."""
    whole = round(points)
    return f"{whole:+d}".replace("-", "\u2212") if whole else "0"


def plural(count: int, one: str, several: str) -> str:
    """Return a count with its noun."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    told = words[count] if count < len(words) else str(count)
    return f"{told} {one if count == 1 else several}"


def studied_together(found: SymptomPosterior, site: str, product: Product, other: Product) -> int:
    """Return how many randomised studies at a site compared two products.

    Concentrate is counted with or without platelets.
    """
    family = SPUN if product in SPUN else (product,)
    kin = SPUN if other in SPUN else (other,)
    theirs = {s for p in kin if (a := found.seen(site, p)) for s in a.studies}
    return len(
        {
            study
            for p in family
            if (arm := found.seen(site, p)) and any(str(k) in arm.against for k in kin)
            for study in arm.studies
            if study in theirs
        }
    )


def compared_words(
    product: Product,
    other: Product,
    *,
    site: str,
    months: float,
    gain: tuple[float, float, float],
    together: int,
) -> str:
    """Return a sentence on one treatment against another.

    Parameters
    ----------
    product, other
        The two.
    site
        Joint, disc or tendon.
    months
        When the difference is told [month].
    gain
        Points of 100 by which the first is better, with the interval of nine tenths [points].
    together
        Randomised studies that compared them there.
    """
    middle, low, high = gain
    called, beside = NAMES[product], NAMES[other]
    interval = f"90 % interval {signed(low)} to {signed(high)}"
    moved = f"{abs(middle):.0f} points of 100 {'less' if middle >= 0 else 'more'} pain"
    if low > 0.0:
        verdict = f"{called} brings more relief"
    elif high < 0.0:
        verdict = f"{called} brings less relief"
    else:
        verdict = f"no benefit of {called} over {beside} is shown"
    basis = (
        f"from {plural(together, 'randomised study', 'randomised studies')} that compared "
        f"them{', with platelets or without' if product in SPUN else ''}, and all others"
        if together
        else f"no randomised study with numbers compared the two in the {site}; this rests on "
        "other comparisons"
    )
    return f"Against {beside}, at {months:.0f} months: {moved} ({interval}); {verdict} ({basis})."


def about_benefit(site: str, given: Given, seen: ArmsSeen | None) -> tuple[str, ...]:
    """Return what must be said of a plan: how it was studied, its dose, its repetition."""
    called, told = NAMES[given.product], []
    if seen is not None and not seen.randomised:
        told += _series_words(called, site, given.product, seen)
    elif seen is not None:
        patients = (
            f"{seen.patients} patients where the number is told"
            if seen.patients
            else "of patients whose number is not told"
        )
        told.append(
            f"{called.capitalize()} in the {site}: "
            f"{plural(seen.randomised, 'randomised study', 'randomised studies')} and "
            f"{plural(seen.alone, 'other', 'others')}, {patients}."
        )
    if given.product in MARROW and not given.alone:
        told.append(
            f"The dose is not in the effect: studies of the {site} with numbers on pain do not "
            "tell it, and a registry that found less pain above 400 million nucleated "
            "cells gives no baseline."
        )
    if given.product in CULTURED:
        told.append("The effect of dose rests on one trial of 10 beside 100 million cells.")
    if not given.alone:
        told.append(
            "The flare of the first days is a belief: no published curve of those days was found."
        )
    return tuple(told)


def _series_words(called: str, site: str, product: Product, seen: ArmsSeen) -> list[str]:
    """Return that nobody compared a product at a site, what its series told, and when."""
    known = cohorts("calibrate")
    every = [
        value
        for name in seen.studies
        for arm in known[name].arms.values()
        if arm.product is product and arm.part_of == ""
        for value in arm.endpoints.values()
    ]
    times = dict.fromkeys(e.time for e in every if e.printed is not None and e.time != "baseline")
    when = f"{', '.join(times)}" if times else "at times that are not told"
    patients = f" of {seen.patients} patients" if seen.patients else ""
    words = (
        f"{plural(seen.alone, 'series', 'series').capitalize()}{patients} with {called} in the "
        f"{site} ({', '.join(seen.studies)}) told numbers, at {when}; nobody compared it with "
        "anything by chance. The course is what a group like that one would go through, with who "
        "was chosen, what would have come anyway and the hope of a treatment in it. What of it "
        f"{called} did is not known: no benefit, no comparison and no share of people who gain is "
        "told. Between those visits the curve is the model's."
    )
    return [words]


def stage_words(stage: str) -> tuple[str, ...]:
    """Return that the stage of disease changes nothing, where a case tells one."""
    if not stage:
        return ()
    return (f"No study compares stages of disease, so {stage} changes nothing that is told.",)


def beyond_chance_words(found: SymptomPosterior, product: Product) -> tuple[str, ...]:
    """Return whether series raise the benefit in the knee above that of randomised arms.

    Parameters
    ----------
    found
        The posterior, with the benefits of a fit to randomised arms alone.
    product
        What is given.
    """
    alone = found.randomised_only.get(str(product))
    seen = found.seen("knee", str(product))
    if alone is None or seen is None or not seen.randomised:
        return ()
    draws = found.draws["benefit_of"][:, SITES.index("knee"), PRODUCTS.index(product)]
    low, middle, high = (float(x) for x in np.quantile(draws, (0.05, 0.5, 0.95)))
    more = middle - alone[1]
    if abs(more) <= BARELY:
        verdict = "series without a comparison add nothing to what the randomised arms show"
    elif more > 0.0:
        verdict = f"{more:.0f} points of that come from series without a comparison"
    else:
        verdict = f"series without a comparison take {-more:.0f} points from it"
    words = (
        f"At full effect the benefit of {NAMES[product]} over saline in the knee is "
        f"{signed(middle)} points of 100 ({signed(low)} to {signed(high)}) fitted to all arms, and "
        f"{signed(alone[1])} ({signed(alone[0])} to {signed(alone[2])}) fitted to randomised arms "
        f"alone: {verdict}."
    )
    return (words,)


def studies_of(site: str, role: Role | None = None) -> Mapping[str, Study]:
    """Return the published studies of a site by name, or what of them has one role."""
    wanted = CONDITIONS[site]
    return {name: one for name, one in cohorts(role).items() if one.condition is wanted}


def surgery_words(site: str, product: Product) -> tuple[str, ...]:
    """Return how many had no surgery after a product at a site, where a study counted them."""
    told = []
    for name, study in studies_of(site, "calibrate").items():
        for arm in study.arms.values():
            counts = [
                f"{sum(e.events)} of {e.total} had none after {e.time}"
                for e in arm.endpoints.values()
                if e.outcome is Outcome.NO_SURGERY and e.events and e.total
            ]
            if arm.product is product and counts:
                alone = "" if arm.against else ", without a comparison"
                told.append(f"Of surgery one study tells ({name}{alone}): {'; '.join(counts)}.")
    return tuple(told)


def cartilage(site: str, given: Given) -> Cartilage:
    """Return what repeated corticosteroid costs a knee in cartilage, in proportion to one trial.

    The trial gave it every 12 weeks for two years; a share of its injections is taken to cost that
    share of its difference from saline.
    """
    if given.product is not Product.CORTICOSTEROID or len(given.days) < 2:
        return Cartilage()
    if site != "knee":
        words = f"What repeated corticosteroid costs the cartilage of the {site} was not studied."
        return Cartilage(sentences=(words,))
    trial = cohorts()["McAlindon2017"].arms["triamcinolone"]
    value = trial.endpoints["cartilage_thickness_difference_24_months"]
    spread = value.spread[0]
    if value.printed is None or spread.low is None or spread.high is None:
        return Cartilage()
    share = len(given.days) / TRIAL_INJECTIONS
    loss, low, high = (-share * float(x) for x in (value.printed, spread.high, spread.low))
    words = (
        f"{plural(len(given.days), 'injection', 'injections').capitalize()} of corticosteroid "
        f"would cost {loss:.2f} mm of cartilage beyond saline ({low:.2f} to {high:.2f}), in "
        f"proportion to {TRIAL_INJECTIONS} injections in two years of one trial; another trial of "
        "two years saw no narrowing of the joint space."
    )
    return Cartilage(loss, (low, high), (words,))


TRIAL_INJECTIONS = 8
"""Injections of the trial of cartilage: every 12 weeks for two years."""
