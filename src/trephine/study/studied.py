"""What has been studied of a problem like this one: arms, in whom, with what result, how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from trephine.case.course_case import CourseCase
from trephine.catalogue.cohorts import Arm, Endpoint, Study, cohorts
from trephine.catalogue.vocabulary import Condition, Outcome, Product
from trephine.study.symptom_values import comparators

Design = Literal["randomised", "pooled trials", "compared", "uncompared", "pooled"]

DESIGNS: dict[Design, str] = {
    "randomised": "chance decided who got what",
    "pooled trials": "a review of randomised trials, which may hold trials that are listed singly",
    "compared": "a comparison that chance did not decide",
    "uncompared": "a series without comparison",
    "pooled": "a review of several studies, mostly without comparison",
}
"""What each design means, the surest first."""
REVIEWS: tuple[Design, ...] = ("pooled trials", "pooled")
"""Designs that tell of studies which may be listed singly too."""
BY_CHANCE: tuple[Design, ...] = ("randomised", "pooled trials")
"""Designs in which chance decided who got what."""
HELD_BY = {
    "Gangji2004": "Gangji2011",
    "Pettine2015": "Pettine2016",
    "Palombella_ref15": "Palombella2019",
    "Palombella_ref18": "Palombella2019",
    "Palombella_ref19": "Palombella2019",
    "Palombella_ref20": "Palombella2019",
    "Palombella_ref23": "Palombella2019",
}
"""Studies whose people all stand in another one, which is counted for both.

Source: that the two hip trials of Gangji, and the two disc series of Pettine, tell of one series
after a shorter and a longer time is recalled; the evidence tables print the same first author,
problem and procedure, and for Pettine 26 people twice. The rows of Palombella are taken from that
meta-analysis, as the design of each says.
"""

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
    arm, product, n, counted
        Which arm, what it got, how many, of what: patients, hips, knees.
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
    n: int | None
    counted: str
    population: str
    against: str
    beside: tuple[str, ...]
    results: tuple[str, ...]
    role: str
    access: str
    source: str
    held_by: str = ""
    """Another study that holds all these people and is counted for both."""

    @property
    def got(self) -> str:
        """The product and how many got it."""
        return f"{self.product}, {self.n} {self.counted}" if self.n else self.product


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
            n=arm.n,
            counted=study.counted,
            population=study.population,
            against=against,
            beside=_beside(arm, study),
            results=tuple(_said(e, study) for e in told[-SHOWN:]),
            role=_least(arm, "role", ("holdout", "context", "calibrate")),
            access=_least(arm, "access", ("recalled", "seen_secondary", "seen")),
            source=study.source,
            held_by=HELD_BY.get(name, ""),
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
    by_chance = any(word in words for word in ("rct", "randomised", "cochrane"))
    by_chance &= not any(word in words for word in ("not randomised", "non-randomised"))
    is_review = any(w in words for w in ("review", "meta-analysis", "cochrane", "pooled"))
    if is_review and "study row" not in words:
        return "pooled trials" if by_chance else "pooled"
    if by_chance:
        return "randomised"
    if "randomised" in words:
        return "compared"
    beside = any(a.against or any(e.against for e in a.endpoints.values()) for a in arms(study))
    told = any(w in words for w in ("controlled", "comparative", "comparison", "case-control"))
    return "compared" if told or beside else "uncompared"


def arms(study: Study) -> list[Arm]:
    """Return the arms of a study whose people do not stand in another of the same product."""
    return [arm for arm in study.arms.values() if not _is_counted_elsewhere(arm, study)]
