"""What has been studied of a problem like this one: arms, in whom, with what result, how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from trephine.case.comparator import Operation
from trephine.case.course_case import CourseCase
from trephine.case.plan import Injection
from trephine.catalogue.cohorts import Arm, Endpoint, Study, cohorts
from trephine.catalogue.vocabulary import Condition, Outcome, Product
from trephine.study.case_facts import facts
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

GIVEN: dict[str, Product] = {
    "saline_injection": Product.SALINE,
    "corticosteroid_injection": Product.CORTICOSTEROID,
    "hyaluronic_acid_injection": Product.HYALURONATE,
    "platelet_injection": Product.PLATELETS,
    "cord_cell_injection": Product.CORD,
    "exercise": Product.EXERCISE,
    "core_decompression": Product.CORE_DECOMPRESSION,
    "autograft": Product.AUTOGRAFT,
    "exchange_nail": Product.SURGERY,
    "revision_plating": Product.SURGERY,
    "operation": Product.SURGERY,
}
"""The product that a step of a plan gives."""

MADE: dict[str, tuple[Product, ...]] = {
    "none": (Product.MARROW, Product.MARROW_CARRIER, Product.MARROW_EITHER),
    "concentrate": (
        Product.CONCENTRATE,
        Product.CONCENTRATE_CARRIER,
        Product.CONCENTRATE_PLATELETS,
        Product.MONONUCLEAR,
        Product.MARROW_EITHER,
    ),
    "culture": (Product.CULTURED, Product.CULTURED_CARRIER, Product.CULTURED_PLATELETS),
    "stromal_vascular_fraction": (Product.STROMAL_VASCULAR,),
}
"""The products that a way of processing comes nearest to, the nearest first."""

CALLED = {
    "none": "marrow as drawn",
    "concentrate": "marrow concentrate",
    "centrifuge": "marrow concentrate",
    "culture": "cultured cells",
    "stromal_vascular_fraction": "stromal vascular fraction",
    "microfragmented_fat": "fragmented fat",
}
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
BESIDES: dict[str, tuple[Product, ...]] = {
    "soft_site": (
        Product.SALINE,
        Product.CORTICOSTEROID,
        Product.HYALURONATE,
        Product.PLATELETS,
        Product.EXERCISE,
        Product.SURGERY,
        Product.NONE,
    ),
    "bone_site": (Product.AUTOGRAFT, Product.SURGERY, Product.NONE),
}
"""What a person could choose instead, shown also where the catalogue holds no study of it."""
SAID = {
    str(Product.NONE): "no treatment (or none with cells)",
    str(Product.SURGERY): "surgery without cells",
}
"""Products whose standard name tells a person who asks too little."""
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


NEAREST: dict[str, tuple[str, Condition]] = {
    "joint": ("knee", Condition.KNEE),
    "tendon": ("rotator cuff", Condition.CUFF),
    "bursa": ("rotator cuff", Condition.CUFF),
}
"""The best studied place of the same kind of site, for one of which there is no study."""


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


@dataclass(frozen=True)
class Option:
    """Something that could be done, with how far it has been studied for this problem.

    Parameters
    ----------
    name
        What it is.
    is_planned
        Whether it is what the plan of the case does.
    products
        Published products that count as it.
    studies
        Studies of it or against it, by design.
    patients
        Patients in those arms, of those that say how many.
    certainty
        How far it has been studied, in words.
    """

    name: str
    is_planned: bool
    products: tuple[str, ...]
    studies: dict[Design, int]
    patients: int
    certainty: str
    computed: str = ""
    """What the program computes of it for the person, where it was asked to."""
    fitted: int | None = None
    """Of these studies those that the model of pain and function was fitted to; None where no such
    model is."""


def nearest(case: CourseCase) -> tuple[str, tuple[Option, ...], tuple[Result, ...]] | None:
    """Return what was studied of another place, where nobody has studied that of a case.

    Returns
    -------
    tuple
        The other place, how far there each thing that was given has been studied, and every arm
        of what the plan gives; None where the place itself was studied or nothing lies near.
    """
    kind = case.site.kind
    if conditions(case) or kind not in NEAREST:
        return None
    place, condition = NEAREST[kind]
    found = of_conditions((condition,))
    planned = _planned(case)
    taken = {p for _, products in planned for p in products}
    groups = [(name, products, True) for name, products in planned]
    rest = dict.fromkeys(r.product for r in found)
    groups += [(name, (name,), False) for name in rest if name not in taken]
    told = tuple(_option(n, products, found, is_planned=own) for n, products, own in groups)
    own = {*taken, str(Product.CELLS_ANY)}
    arms_told = tuple(r for r in found if r.product in own and r.design == "randomised")
    return place, told, arms_told


def options(case: CourseCase) -> tuple[Option, ...]:
    """Return what the plan does first, then what else was studied for the same problem.

    What the plan does is an option even where nobody has studied it.
    """
    found = results(case)
    planned = _planned(case)
    holding = facts(case)
    besides = [str(p) for fact, those in BESIDES.items() if fact in holding for p in those]
    rest = dict.fromkeys([*(r.product for r in found), *besides])
    taken = {p for _, products in planned for p in products}
    groups = [(name, products, True) for name, products in planned]
    groups += [(name, (name,), False) for name in rest if name not in taken]
    return tuple(
        _option(SAID.get(name, name), products, found, is_planned=is_planned)
        for name, products, is_planned in groups
    )


def _planned(case: CourseCase) -> list[tuple[str, tuple[str, ...]]]:
    """Return what the plan of a case gives, in words and by published products."""
    given: dict[str, tuple[str, ...]] = {}
    for step in case.plan.steps:
        if isinstance(step, Injection):
            method = step.process.method
            as_made = MADE.get("concentrate" if method == "centrifuge" else method, ())
            given[CALLED.get(method, method)] = tuple(str(p) for p in as_made)
        elif step.kind in GIVEN:
            named = step.what if isinstance(step, Operation) else step.kind
            given[named.replace("_", " ")] = (str(GIVEN[step.kind]),)
    return list(given.items()) or [("no treatment", (str(Product.NONE),))]


def _option(
    name: str, products: tuple[str, ...], found: tuple[Result, ...], *, is_planned: bool
) -> Option:
    both = [r for r in found if {r.product, *r.beside} & set(products)]
    studies = {design: len({r.study for r in both if r.design == design}) for design in DESIGNS}
    studies = {design: number for design, number in studies.items() if number}
    patients = sum(
        arm.n or 0
        for name in {r.study for r in both}
        for arm in arms(cohorts()[name])
        if str(arm.product) in products
    )
    return Option(name, is_planned, products, studies, patients, certainty(studies, patients))


def certainty(studies: dict[Design, int], patients: int) -> str:
    """Return how far something has been studied, in a sentence without a verdict on it."""
    if not studies:
        return (
            "Not in this catalogue: no study of it for this problem; there may be some elsewhere."
        )
    words = {
        "randomised": ("randomised study", "randomised studies"),
        "compared": ("other comparison", "other comparisons"),
        "uncompared": ("series without comparison", "series without comparison"),
        "pooled": ("review", "reviews"),
    }
    told = ", ".join(f"{n} {words[d][n > 1]}" for d, n in studies.items())
    people = f", at least {patients} patients" if patients else ""
    if "randomised" in studies:
        return f"Compared by chance ({told}{people})."
    if "compared" in studies:
        return f"Never compared by chance ({told}{people}); what differs may be who was chosen."
    if "uncompared" in studies:
        return f"Never compared with anything ({told}{people}); what comes without it is unknown."
    return f"Told by reviews alone ({told}{people}), mostly of studies without comparison."
