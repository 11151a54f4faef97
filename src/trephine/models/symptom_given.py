"""From a plan to what it gives, in the words of the evidence, and what no study has given."""

from __future__ import annotations

from collections.abc import Sequence

from trephine.case.comparator import (
    CordCellInjection,
    CorticosteroidInjection,
    Exercise,
    HyaluronicAcidInjection,
    Operation,
    PlateletInjection,
    SalineInjection,
)
from trephine.case.document import Document
from trephine.case.plan import Injection
from trephine.case.symptom import SymptomCase
from trephine.catalogue.symptom_posterior import SymptomPosterior
from trephine.catalogue.vocabulary import Product
from trephine.models.symptom_group import Given
from trephine.models.symptom_words import NAMES, plural
from trephine.models.symptoms import DAY

SITES = {
    ("joint", "knee"): "knee",
    ("disc", "lumbar"): "lumbar disc",
    ("tendon", "rotator_cuff"): "rotator cuff",
}
"""Sites of which any study tells pain or function, in numbers or in words; of others none does."""
OF_STEP = {
    SalineInjection: Product.SALINE,
    CorticosteroidInjection: Product.CORTICOSTEROID,
    HyaluronicAcidInjection: Product.HYALURONATE,
    PlateletInjection: Product.PLATELETS,
    CordCellInjection: Product.CORD,
    Exercise: Product.EXERCISE,
}
OF_METHOD = {
    "none": Product.MARROW,
    "concentrate": Product.CONCENTRATE,
    "centrifuge": Product.CONCENTRATE,
    "culture": Product.CULTURED,
    "stromal_vascular_fraction": Product.STROMAL_VASCULAR,
}
"""Products by method; of fragmented fat there is no arm anywhere."""
WITH = {
    (Product.CONCENTRATE, Product.PLATELETS): Product.CONCENTRATE_PLATELETS,
    (Product.CULTURED, Product.HYALURONATE): Product.CULTURED_CARRIER,
}
"""Two products of one day, and what studies call them together."""
REPEATED = (Product.CORTICOSTEROID, Product.SALINE)
LEAST_INTERVAL, MOST_TIMES = 84.0, 8
"""Days between the injections of the trials that repeated them in the knee, and how many."""
CELLS = (1e7, 1e8)
"""Cultured cells of the two arms of the one trial with numbers that compared doses."""
METHODS = {"none": "unspun marrow", "microfragmented_fat": "fragmented fat"}


def given_by(case: SymptomCase, cells: float | None = None) -> Given | None:
    """Return what a plan gives, nothing where no study has given the like.

    Parameters
    ----------
    case
        The case; its operations are not looked at.
    cells
        Cultured cells of the first injection, where the plan cultures cells; the effect is that of
        the nearest dose that was given, which :func:`dose_words` tells.
    """
    steps = [step for step in case.plan.steps if not isinstance(step, Operation)]
    if not steps:
        return Given(Product.NONE)
    products = {_product(step) for step in steps}
    if len(products) == 1:
        (product,) = products
        days = _days(steps)
    else:
        found = (whole for pair, whole in WITH.items() if set(pair) == products)
        product, days = next(found, None), _days(steps[:1])
    near = None if cells is None else min(max(cells, CELLS[0]), CELLS[1])
    return None if product is None else Given(product, days, near)


def dose_words(cells: float | None) -> tuple[str, ...]:
    """Return that a dose of cultured cells lies beyond those that were given, in a sentence."""
    if cells is None or CELLS[0] <= cells <= CELLS[1]:
        return ()
    near = CELLS[0] if cells < CELLS[0] else CELLS[1]
    words = (
        f"The plan injects {cells / 1e6:,.0f} million cultured cells, beyond the 10 to 100 million "
        f"that were compared; the effect shown is that of {near / 1e6:.0f} million."
    )
    return (words,)


def called(case: SymptomCase) -> str:
    """Return what a plan gives in words, known to the evidence or not."""
    given = given_by(case)
    if given is not None:
        return NAMES[given.product]
    methods = [s.process.method for s in case.plan.steps if isinstance(s, Injection)]
    return " and ".join(METHODS.get(m, m.replace("_", " ")) for m in dict.fromkeys(methods))


def untold(case: SymptomCase, given: Given | None, found: SymptomPosterior) -> str:
    """Return why no course of a plan is told, or nothing where one is.

    Parameters
    ----------
    case
        Site and plan.
    given
        What the plan gives, where the evidence has a name for it.
    found
        What is known of symptoms.
    """
    site, place = SITES.get((case.site.kind, case.site.at)), case.site.place
    if case.operations:
        named = " and ".join(one.replace("_", " ") for one in case.operations)
        beside = "" if given and given.product is Product.NONE else f" with {called(case)}"
        return (
            f"No study in the evidence tells pain or function after {named}{beside} in the "
            f"{place} apart from other treatments, so no course is told of it."
        )
    if site is None:
        return (
            f"No study of the {place} gives pain or function in numbers over time, of any product: "
            "no course can be told."
        )
    if given is None or found.seen(site, given.product) is None:
        told = called(case)
        if given is not None and given.product is Product.NONE:
            told = "people left untreated"
        known = ", ".join(sorted({NAMES[Product(a.product)] for a in found.arms if a.site == site}))
        return (
            f"No study gives pain or function of {told} in the {place} in numbers over time, so "
            f"nothing is told of it. What has been studied there: {known}."
        )
    if is_in_words(found, site, given):
        return (
            f"{NAMES[given.product].capitalize()} in the {place}: studies there tell pain or "
            "function in words alone, so no course, no benefit and no share of people is told."
        )
    return _repeated(given, site, place)


def is_in_words(found: SymptomPosterior, site: str, given: Given) -> bool:
    """Return whether studies of a site tell what is given in words alone."""
    seen = found.seen(site, given.product)
    return seen is not None and not seen.numbers


def _repeated(given: Given, site: str, place: str) -> str:
    times = len(given.days)
    if times < 2:
        return ""
    name = NAMES[given.product]
    apart = min(b - a for a, b in zip(given.days, given.days[1:], strict=False))
    if site != "knee" or given.product not in REPEATED:
        return (
            f"No study in the evidence gave {name} to the {place} more than once and told pain or "
            f"function, so nothing is told of {plural(times, 'injection', 'injections')}. One "
            "injection is shown beside."
        )
    if apart < LEAST_INTERVAL or times > MOST_TIMES:
        return (
            f"{name.capitalize()} was repeated in the knee every 12 weeks for two years, at most "
            f"{MOST_TIMES} times; nothing is told of {times} injections every {apart:.0f} days. "
            "One injection is shown beside."
        )
    return ""


def _product(step: Document) -> Product | None:
    if isinstance(step, Injection):
        return OF_METHOD.get(step.process.method)
    return OF_STEP.get(type(step))


def _days(steps: Sequence[Document]) -> tuple[float, ...]:
    listed = [getattr(step, "days", [getattr(step, "day", 0.0)]) for step in steps]
    return tuple(sorted(day / DAY for several in listed for day in several))
