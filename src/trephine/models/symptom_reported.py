"""What studies tell of pain and function in words, what they do not measure, and by dose."""

from __future__ import annotations

from collections.abc import Iterator

from trephine.catalogue.cohorts import Arm, Endpoint, Study, cohorts
from trephine.catalogue.vocabulary import Product
from trephine.models.instruments import instrument_of
from trephine.models.symptom_words import NAMES, plural, studies_of

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
    for name, study in studies_of(site).items():
        said = list(dict.fromkeys(_said(study, product)))
        if said:
            told.append(f"{name} ({_of(study, product)}) tells in words: {'; '.join(said)}.")
    return tuple(told)


def inferred(site: str, product: Product) -> str:
    """Return that pain is inferred from scores of function, in a sentence; empty where measured.

    Parameters
    ----------
    site
        Joint, disc or tendon.
    product
        What is given.
    """
    told: dict[str, list[Endpoint]] = {}
    scores: dict[str, None] = {}
    for name, study in studies_of(site, "calibrate").items():
        for arm in study.arms.values():
            for value in arm.endpoints.values():
                instrument = instrument_of(value.outcome, value.about)
                if arm.product is not product or value.printed is None or instrument is None:
                    continue
                if instrument.domain == "pain":
                    return ""
                told.setdefault(name, []).append(value)
                scores[instrument.name] = None
    if not told:
        return ""
    medians = all(v.statistic == "median" for values in told.values() for v in values)
    many = plural(len(told), "study", "studies")
    return (
        f"Pain under {NAMES[product]} is inferred, not measured: the {many} with numbers of it in "
        f"the {site} ({', '.join(told)}) {'tells' if len(told) == 1 else 'tell'} "
        f"{' and '.join(scores)} as a whole and no pain{_began(told)}"
        f"{', in medians' if medians else ''}. "
        "Every point of pain told of it is what the model makes of that."
    )


def _began(told: dict[str, list[Endpoint]]) -> str:
    """Return that the arms of a study began apart, where they did."""
    apart = []
    for name in told:
        arms = cohorts("calibrate")[name].arms.values()
        first = [
            v.printed
            for arm in arms
            for v in arm.endpoints.values()
            if v.time == "baseline" and v.outcome is told[name][0].outcome and v.printed is not None
        ]
        if len(set(first)) > 1:
            apart.append(f", of arms that began at {', '.join(f'{one:g}' for one in first)}")
    return "".join(apart)


def by_dose(site: str, product: Product) -> tuple[str, ...]:
    """Return what a study tells of pain in parts of its patients by dose, a sentence for each.

    Parameters
    ----------
    site
        Joint, disc or tendon.
    product
        What is given.
    """
    found = []
    for name, study in studies_of(site, "calibrate").items():
        parts = [
            f"in '{arm.label}' by {value.printed:.0f} %{f' ({value.p})' if value.p else ''}"
            for arm in study.arms.values()
            if arm.product is product and arm.part_of and arm.doses
            for value in arm.endpoints.values()
            if value.measure == "improvement" and value.unit == "%" and value.printed is not None
            if (score := instrument_of(value.outcome, value.about)) and score.domain == "pain"
        ]
        if len(parts) > 1:
            found.append(
                f"By dose, {name} tells of parts of its patients: pain fell "
                f"{' and '.join(parts)}. Groups so parted differ in more than the dose, so it is "
                "told here and moves no number."
            )
    return tuple(found)


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
