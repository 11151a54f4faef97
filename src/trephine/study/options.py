"""What could be done for a problem, and how far each thing has been studied for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from trephine.case.comparator import Operation
from trephine.case.course_case import CourseCase
from trephine.case.plan import Injection
from trephine.catalogue.cohorts import Study, cohorts
from trephine.catalogue.vocabulary import Condition, Product
from trephine.study.case_facts import facts
from trephine.study.studied import (
    BY_CHANCE,
    DESIGNS,
    HELD_BY,
    REVIEWS,
    Design,
    Result,
    arms,
    conditions,
    of_conditions,
    results,
)

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
NEAREST: dict[str, tuple[str, Condition]] = {
    "joint": ("knee", Condition.KNEE),
    "tendon": ("rotator cuff", Condition.CUFF),
    "bursa": ("rotator cuff", Condition.CUFF),
}
"""The best studied place of the same kind of site, for one of which there is no study."""

WORDS: dict[Design, tuple[str, str]] = {
    "randomised": ("randomised study", "randomised studies"),
    "compared": ("other comparison", "other comparisons"),
    "uncompared": ("series without comparison", "series without comparison"),
}
"""One single study of a design, and several."""


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
        Studies of it or against it, by design; one whose people another holds is not counted.
    patients
        Patients in those arms, of single studies that say how many.
    certainty
        How far it has been studied, in words.
    """

    name: str
    is_planned: bool
    products: tuple[str, ...]
    studies: dict[Design, int]
    patients: int
    certainty: str
    others: dict[str, int] = field(default_factory=dict)
    """Hips, knees or nonunions of further arms that do not say in how many patients they were."""
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
    arms_told = tuple(r for r in found if r.product in own and r.design in BY_CHANCE)
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
    both = {r.study: r.design for r in found if {r.product, *r.beside} & set(products)}
    counted = {name: design for name, design in both.items() if HELD_BY.get(name) not in both}
    numbers = Counter(counted.values())
    studies = {design: numbers[design] for design in DESIGNS if numbers[design]}
    single = [cohorts()[name] for name, design in counted.items() if design not in REVIEWS]
    people: Counter[str] = Counter()
    for study in single:
        people.update(given_to(study, products))
    patients = people.pop("patients", 0)
    reviews = [cohorts()[name] for name, design in counted.items() if design == "pooled trials"]
    said = certainty(
        studies,
        patients,
        others=people,
        trials=tuple(study.sizes.get("trials", 0) for study in reviews),
        is_nothing=str(Product.NONE) in products,
    )
    return Option(name, is_planned, products, studies, patients, said, dict(people))


def given_to(study: Study, products: Collection[str]) -> dict[str, int]:
    """Return how many people of a study got any of some products; hips where no more is told.

    A study that counts hips may say how many patients had them, but not of each arm: its patients
    are taken where every arm got the product, and the hips of the arm otherwise.

    Returns
    -------
    dict
        Number by what is counted, ``patients`` or the study's own unit; empty where none is told.
    """
    every = arms(study)
    got = [arm for arm in every if str(arm.product) in products]
    number = sum(arm.n or 0 for arm in got)
    if not number:
        return {}
    if study.counted != "patients" and len(got) == len(every) and "patients" in study.sizes:
        return {"patients": min(number, study.sizes["patients"])}
    return {study.counted: number}


def certainty(
    studies: Mapping[Design, int],
    patients: int,
    *,
    others: Mapping[str, int] | None = None,
    trials: tuple[int, ...] = (),
    is_nothing: bool = False,
) -> str:
    """Return how far something has been studied, in a sentence without a verdict on it.

    Parameters
    ----------
    studies
        Studies by design.
    patients
        Patients in the single ones, of those that say how many.
    others
        Hips and the like of those that say no number of patients.
    trials
        Trials in each review of randomised trials; 0 where it does not say.
    is_nothing
        Whether it is no treatment, of which nobody asks what comes without it.
    """
    if not studies:
        return (
            "Not in this catalogue: no study of it for this problem; there may be some elsewhere."
        )
    singly = [f"{n} {WORDS[d][n > 1]}" for d, n in studies.items() if d not in REVIEWS]
    reviews = " and ".join(_reviews(d, n, trials) for d, n in studies.items() if d in REVIEWS)
    told = ", ".join([*singly, *_people(patients, others or {})]) if singly else reviews
    if singly and reviews:
        told += f"; apart from them {reviews}, which may hold the same studies"
    if "randomised" in studies:
        return f"Compared by chance ({told})."
    if "pooled trials" in studies:
        return f"Compared by chance, as reviews alone tell ({told})."
    if "compared" in studies:
        return f"Never compared by chance ({told}); what differs may be who was chosen."
    if not singly:
        return f"Told by reviews alone ({told}), mostly of studies without comparison."
    opening = (
        "Followed, and compared with nothing" if is_nothing else "Never compared with anything"
    )
    return f"{opening} ({told}){'' if is_nothing else '; what comes without it is unknown'}."


def _reviews(design: Design, number: int, trials: tuple[int, ...]) -> str:
    """Return how many reviews there are, with the trials in each where they say so."""
    word = "review" if number == 1 else "reviews"
    if design == "pooled":
        return f"{number} {word}"
    those = " and ".join(str(n) for n in trials if n)
    of = f"{those} randomised trials" if those and all(trials) else "randomised trials"
    return f"{number} {word} of {of}"


def _people(patients: int, others: Mapping[str, int]) -> list[str]:
    """Return how many people were in studies, then what is counted by hips and the like."""
    told = [f"{patients} patients"] if patients else []
    more = "more " if patients else ""
    told += [f"{number} {more}{counted}" for counted, number in others.items()]
    return [f"at least {' and '.join(told)}"] if told else []
