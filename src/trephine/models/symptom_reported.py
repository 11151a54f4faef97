"""What studies tell of pain and function in words alone, as they tell it."""

from __future__ import annotations

from collections.abc import Iterator

from trephine.catalogue.cohorts import Arm, Endpoint, Study, cohorts
from trephine.catalogue.vocabulary import Product
from trephine.models.instruments import instrument_of
from trephine.models.symptom_words import CONDITIONS, NAMES

SAID = {"yes": "more than halved", "better": "better", "still lower": "still less than before"}
"""What the words of the evidence mean; all others mean that no difference was found."""
NAMED = {"PRP": Product.PLATELETS, "HA": Product.HYALURONATE, "saline": Product.SALINE}


def reported(site: str, product: Product) -> tuple[str, ...]:
    """Return what studies of a site tell of a product in words, a sentence for each study.

    Parameters
    ----------
    site
        Joint, disc or tendon.
    product
        What was given.
    """
    told = []
    for name, study in cohorts().items():
        if study.condition is not CONDITIONS[site]:
            continue
        said = list(dict.fromkeys(_said(study, product)))
        if said:
            told.append(f"{name} ({_of(study, product)}) tells in words: {'; '.join(said)}.")
    return tuple(told)


def _said(study: Study, product: Product) -> Iterator[str]:
    for arm in study.arms.values():
        for value in arm.endpoints.values():
            is_score = instrument_of(value.outcome, value.about) is not None
            if value.role != "calibrate" or not value.words or not is_score:
                continue
            others = _others(study, arm, value)
            if arm.product is product:
                yield _words(value, others)
            elif product in others:
                yield f"under {NAMES[arm.product]} {_words(value, [product])}"


def _others(study: Study, arm: Arm, value: Endpoint) -> list[Product]:
    """Return what a value is compared with, by an arm of the study or by its name."""
    against = value.against or arm.against
    if against in study.arms:
        return [study.arms[against].product]
    return [product for word, product in NAMED.items() if word in against.split()]


def _words(value: Endpoint, others: list[Product]) -> str:
    """Return one value: ``pain at 3 months better than under exercise``."""
    said = SAID.get(value.words.lower())
    beside = " and ".join(NAMES[one] for one in others)
    if said is None:
        said = f"no different from {beside}" if beside else "not changed beyond chance"
    elif beside:
        said = f"{said} than under {beside}"
    return f"{value.outcome} after {value.time} {said}"


def _of(study: Study, product: Product) -> str:
    """Return how a study was made and how many got the product, where told."""
    counted = [a.n for a in study.arms.values() if a.product is product and a.n and not a.part_of]
    patients = f", {sum(counted):g} patients" if counted else ""
    return f"{study.design}{patients}"
