"""What could be done for a problem, and how far each thing has been studied for it."""

from __future__ import annotations

from dataclasses import dataclass

from trephine.case.comparator import Operation
from trephine.case.course_case import CourseCase
from trephine.case.plan import Injection
from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.vocabulary import Condition, Product
from trephine.study.case_facts import facts
from trephine.study.studied import (
    DESIGNS,
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
    is_nothing = str(Product.NONE) in products
    said = certainty(studies, patients, is_nothing=is_nothing)
    return Option(name, is_planned, products, studies, patients, said)


def certainty(studies: dict[Design, int], patients: int, *, is_nothing: bool = False) -> str:
    """Return how far something has been studied, in a sentence without a verdict on it.

    Parameters
    ----------
    studies
        Studies by design.
    patients
        Patients in them, of those that say how many.
    is_nothing
        Whether it is no treatment, of which nobody asks what comes without it.
    """
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
    if is_nothing:
        return f"Followed, and compared with nothing ({told}{people})."
    if "uncompared" in studies:
        return f"Never compared with anything ({told}{people}); what comes without it is unknown."
    return f"Told by reviews alone ({told}{people}), mostly of studies without comparison."
