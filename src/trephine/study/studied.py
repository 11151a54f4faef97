"""What has been studied of a problem like this one: arms, in whom, with what result, how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from trephine.case.course_case import CourseCase
from trephine.catalogue.cohorts import Arm, Endpoint, Study, cohorts
from trephine.catalogue.vocabulary import Condition, Outcome, Product
from trephine.study.symptom_values import comparators

Design = Literal["randomised", "compared", "uncompared", "pooled"]

DESIGNS: dict[Design, str] = {
    "randomised": "chance decided who got what",
    "compared": "a comparison that chance did not decide",
    "uncompared": "a series without comparison",
    "pooled": "a review of several studies, mostly without comparison",
}
"""What each design means, the surest first."""

CONDITIONS: dict[str, tuple[Condition, ...]] = {
    "atrophic non-union": (Condition.NONUNION, Condition.DELAYED_OR_NONUNION),
    "fracture": (Condition.FRACTURE,),
    "femoral_head": (Condition.OSTEONECROSIS,),
    "regenerate": (Condition.LENGTHENING, Condition.BONE_DEFECT),
    "knee": (Condition.KNEE,),
    "lumbar": (Condition.DISC,),
    "rotator_cuff": (Condition.CUFF,),
}
"""Published conditions of a diagnosis of a shaft, of a kind of site, or of a place."""
BESIDE = frozenset(
    {
        Outcome.WAIT,
        Outcome.REPEATS,
        Outcome.NUCLEATED,
        Outcome.PROGENITORS,
        Outcome.NUCLEATED_FOLD,
        Outcome.PROGENITOR_FOLD,
        Outcome.PROGENITOR_RATIO,
    }
)
"""Outcomes that say nothing on how a patient fared."""
SHOWN = 3
"""Results shown of an arm; the last in time are taken."""


@dataclass(frozen=True)
class Result:
    """One arm of a study, with what came of it.

    Parameters
    ----------
    study, year, design, design_printed
        Which study, and how it was made, by its kind and in its own words.
    arm, product, patients
        Which arm, what it got, how many.
    population
        In whom.
    against, beside
        With what it is compared, in the words of the study, and by published products.
    results
        Outcomes, values and times, as printed.
    role, access
        What the program may use it for, and how it was read; the least direct of its values.
    source
        Where to find it.
    """

    study: str
    year: int | None
    design: Design
    design_printed: str
    arm: str
    product: str
    patients: int | None
    population: str
    against: str
    beside: tuple[str, ...]
    results: tuple[str, ...]
    role: str
    access: str
    source: str


def conditions(case: CourseCase) -> tuple[Condition, ...]:
    """Return the published conditions of a case's site; empty where none was studied."""
    site = case.site.as_written()
    keys = [site.get("diagnosis"), site.get("at"), site["kind"]]
    if site["kind"] in {"joint", "disc", "tendon", "bursa"}:
        keys = [site.get("at")]
    return next((CONDITIONS[key] for key in keys if key in CONDITIONS), ())


def results(case: CourseCase) -> tuple[Result, ...]:
    """Return every arm of people with the condition of a case, the surest designs first."""
    return of_conditions(conditions(case))


def of_conditions(those: tuple[Condition, ...]) -> tuple[Result, ...]:
    """Return every arm of people with some conditions, the surest designs first."""
    wanted = set(those)
    order = list(DESIGNS)
    found = [
        result
        for name, study in cohorts().items()
        if study.condition in wanted and "animal" not in study.design.lower()
        for result in _arms(name, study)
    ]
    unique = {(r.study, r.arm): r for r in found}
    return tuple(sorted(unique.values(), key=lambda r: (order.index(r.design), -(r.year or 0))))


def _arms(name: str, study: Study) -> Iterator[Result]:
    for key, arm in study.arms.items():
        told = [
            e for e in arm.endpoints.values() if e.outcome not in BESIDE and e.time != "baseline"
        ]
        if not told or _is_counted_elsewhere(arm, study):
            continue
        against = study.arms[arm.against].label if arm.against else ""
        yield Result(
            study=name,
            year=study.year,
            design=design_of(study),
            design_printed=study.design,
            arm=key,
            product=str(arm.product),
            patients=arm.n,
            population=study.population,
            against=against,
            beside=_beside(arm, study),
            results=tuple(_said(e, study) for e in told[-SHOWN:]),
            role=_least(arm, "role", ("holdout", "context", "calibrate")),
            access=_least(arm, "access", ("recalled", "seen_secondary", "seen")),
            source=study.source,
        )


def _is_counted_elsewhere(arm: Arm, study: Study) -> bool:
    """Return whether people of an arm stand in another of the same product already.

    A part that alone got a product, of a whole that got several, is not.
    """
    return bool(arm.part_of) and study.arms[arm.part_of].product == arm.product


def _beside(arm: Arm, study: Study) -> tuple[str, ...]:
    """Return the published products that an arm is compared with, told of on their own or not."""
    named = [arm.against, *(e.against for e in arm.endpoints.values())]
    found = [str(p) for e in arm.endpoints.values() for p, _ in comparators(study, arm, e)]
    for name in filter(None, named):
        if name in study.arms:
            found.append(str(study.arms[name].product))
        else:
            words = name.lower()
            found += [str(p) for p in Product if words in str(p) or str(p) in words]
    return tuple(dict.fromkeys(found))


def _least(arm: Arm, field: str, order: tuple[str, ...]) -> str:
    """Return the first of some words that any value of an arm has."""
    had = {str(getattr(e, field)) for e in arm.endpoints.values()}
    return next(word for word in order if word in had)


def _said(endpoint: Endpoint, study: Study) -> str:
    time = f" at {endpoint.time}" if endpoint.time and endpoint.time != "final" else ""
    certainty = f" ({endpoint.certainty})" if endpoint.certainty else ""
    against = study.arms[endpoint.against].label if endpoint.against in study.arms else ""
    beside = f", against {against or endpoint.against}" if endpoint.against else ""
    return f"{endpoint.what}{time}: {endpoint.value}{certainty}{beside}"


def design_of(study: Study) -> Design:
    """Return how a study was made, by its own words."""
    words = study.design.lower()
    if "not randomised" in words or "non-randomised" in words:
        return "compared"
    if any(word in words for word in ("rct", "randomised", "cochrane")):
        return "randomised"
    if any(w in words for w in ("review", "meta-analysis")) and "study row" not in words:
        return "pooled"
    beside = any(a.against or any(e.against for e in a.endpoints.values()) for a in arms(study))
    told = any(w in words for w in ("controlled", "comparative", "comparison", "case-control"))
    return "compared" if told or beside else "uncompared"


def arms(study: Study) -> list[Arm]:
    """Return the arms of a study whose people do not stand in another of the same product."""
    return [arm for arm in study.arms.values() if not _is_counted_elsewhere(arm, study)]
