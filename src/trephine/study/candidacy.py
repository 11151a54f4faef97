"""Whether a person is a candidate: what is known, what speaks against it, what else there is.

It informs and recommends nothing. What a document does not state is asked for, never taken as
absent; where nobody has studied something, that is the answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from trephine.case.course_case import CourseCase
from trephine.catalogue.candidacy import WEIGHTS, Caution, cautions
from trephine.catalogue.evidence_grade import ACCESS, GRADES
from trephine.catalogue.symptom_posterior import symptom_posterior
from trephine.catalogue.vocabulary import Product
from trephine.models.plan_harms import ExpectedHarm, expected, printed_harms, unknown_harms
from trephine.models.symptom_given import SITES
from trephine.study.case_facts import SOFT, facts
from trephine.study.foretold import INSTEAD, PLANNED, UNTREATED, Foretold
from trephine.study.options import GIVEN, Option, nearest, options
from trephine.study.studied import DESIGNS, Result, conditions, results

ASKED = {
    "infection": "an infection",
    "bleeding_disorder": "a disorder of clotting",
    "platelets": "the count of platelets",
    "anticoagulated": "blood thinners",
    "cancer": "cancer",
    "pregnant": "pregnancy",
    "diabetes": "diabetes",
    "smoker": "smoking",
    "age": "age",
    "body_mass_index": "height (for the body mass index)",
    "osteonecrosis_risk": "steroids and alcohol",
}
"""What a caution asks of a person, in words."""
NO_ADVICE = (
    "This page is made by a research program. It says what has been studied and what has not; it "
    "recommends nothing, and whether a procedure is right for a person is for that person and a "
    "physician to decide."
)
PREGNANT_UNTIL = 55.0
"""Age above which nobody is asked whether she is pregnant [years]."""
BILLION_PER_LITRE = 1e12
"""Of a count in blood, as people say it [1/m^3]."""

Standing = Literal["applies", "not stated", "does not apply"]


@dataclass(frozen=True)
class Weighed:
    """A caution and whether it applies to the person.

    Parameters
    ----------
    name
        Its name in the catalogue.
    standing
        Whether it applies; ``not stated`` where the document does not say.
    caution
        The caution itself.
    """

    name: str
    standing: Standing
    caution: Caution


@dataclass(frozen=True)
class Candidacy:
    """What there is to know before a decision.

    Parameters
    ----------
    name, problem, person
        Of the case, in words.
    is_studied
        Whether the catalogue has any study of the condition.
    options
        What the plan does first, then what else was studied.
    results
        Every arm of every study of the condition.
    weighed
        Cautions with their standing, the heaviest first.
    harms
        What the plan may do.
    gaps
        What the catalogue knows nothing of, in sentences.
    foretold
        What the program computes, where it was asked to.
    near, near_options, near_results
        Where nobody has studied the place: the nearest that was studied, how far there each thing
        was studied, and the randomised arms of what is planned.
    """

    name: str
    problem: str
    person: str
    is_studied: bool
    options: tuple[Option, ...]
    results: tuple[Result, ...]
    weighed: tuple[Weighed, ...]
    harms: tuple[ExpectedHarm, ...]
    gaps: tuple[str, ...]
    foretold: tuple[Foretold, ...] = ()
    near: str = ""
    near_options: tuple[Option, ...] = ()
    near_results: tuple[Result, ...] = ()

    def standing(self, standing: Standing) -> tuple[Weighed, ...]:
        """Return the cautions with a standing."""
        return tuple(one for one in self.weighed if one.standing == standing)

    def as_plain(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "name": self.name,
            "problem": self.problem,
            "person": self.person,
            "not_advice": NO_ADVICE,
            "is_studied": self.is_studied,
            "grades": dict(GRADES),
            "designs": dict(DESIGNS),
            "weights": dict(WEIGHTS),
            "options": [asdict(option) for option in self.options],
            "foretold": [one.as_plain() for one in self.foretold],
            "cautions": [
                {
                    "name": one.name,
                    "standing": one.standing,
                    **one.caution.model_dump(mode="json", exclude_none=True, exclude={"when"}),
                }
                for one in self.weighed
            ],
            "harms": [harm.as_plain() for harm in self.harms],
            "results": [asdict(result) for result in self.results],
            "nearest": {
                "place": self.near,
                "options": [asdict(option) for option in self.near_options],
                "results": [asdict(result) for result in self.near_results],
            },
            "gaps": list(self.gaps),
        }


def candidacy(
    case: CourseCase, stated: Collection[str], foretold: tuple[Foretold, ...] = ()
) -> Candidacy:
    """Return what there is to know for the person and the problem of a case.

    Parameters
    ----------
    case
        A case of any kind of site.
    stated
        Keys of the patient that the file itself gives; what it leaves out is not known, whatever
        the document takes for granted in a simulation.
    foretold
        What the program computes of ways to treat the person.
    """
    studied, near = conditions(case), nearest(case)
    place, near_options, near_results = near or ("", (), ())
    gaps = [
        *printed_harms(case),
        *unknown_harms(case),
        *(() if studied else ("No study of this place or diagnosis is in the catalogue.",)),
        *(() if foretold else ("No outcome was computed for this person; --predict asks for it.",)),
    ]
    return Candidacy(
        name=case.name,
        problem=problem(case),
        person=person(case, stated),
        is_studied=bool(studied),
        options=tuple(_with_outcome(case, one, foretold) for one in options(case)),
        results=results(case),
        weighed=weighed(case, stated),
        harms=expected(case),
        gaps=tuple(gaps),
        foretold=foretold,
        near=place,
        near_options=near_options,
        near_results=near_results,
    )


def _with_outcome(case: CourseCase, option: Option, foretold: tuple[Foretold, ...]) -> Option:
    """Return an option with what the program computes of it, where one way is that option."""
    if case.site.kind not in SOFT:
        return option
    option = replace(option, fitted=fitted(case, option.products))
    names = {str(GIVEN[kind]): kind.replace("_", " ") for kind in INSTEAD}
    names[str(Product.NONE)] = UNTREATED
    wanted = PLANNED if option.is_planned else names.get(option.products[0], "")
    found = next((one for one in foretold if one.name == wanted), None)
    return option if found is None else replace(option, computed=" ".join(found.told))


def fitted(case: CourseCase, products: Collection[str]) -> int | None:
    """Return how many studies of some products the model of a painful site was fitted to.

    That is what the report of a run counts, product by product; None where no model is fitted, and
    of arms of several products, which are in it one by one.
    """
    site = SITES.get((case.site.kind, str(case.site.as_written().get("at"))))
    if site is None or str(Product.CELLS_ANY) in products:
        return None
    arms = [a for a in symptom_posterior().arms if a.site == site and a.product in products]
    return len({study for arm in arms for study in arm.studies})


def weighed(case: CourseCase, stated: Collection[str]) -> tuple[Weighed, ...]:
    """Return the cautions that concern a case, each with its standing, the heaviest first."""
    holding = facts(case)
    found = (
        Weighed(name, standing(case, caution, stated), caution)
        for name, caution in cautions().items()
        if set(caution.when) <= holding and not (caution.asks == "pregnant" and _cannot(case))
    )
    order = ("applies", "not stated", "does not apply")
    return tuple(sorted(found, key=lambda one: order.index(one.standing)))


def _cannot(case: CourseCase) -> bool:
    """Return whether pregnancy need not be asked about."""
    return case.patient.sex == "male" or case.patient.age_years > PREGNANT_UNTIL


def standing(case: CourseCase, caution: Caution, stated: Collection[str]) -> Standing:
    """Return whether a caution applies to the patient of a case, or that nobody has said so."""
    patient = case.patient
    if caution.asks == "body_mass_index":
        value = patient.body_mass_index
    elif caution.asks == "platelets":
        value = None if patient.platelets is None else patient.platelets / BILLION_PER_LITRE
    elif caution.asks == "age":
        value = patient.age_years
    else:
        said = getattr(patient, caution.asks)
        if caution.asks not in stated or said is None:
            return "not stated"
        return "applies" if said else "does not apply"
    if value is None:
        return "not stated"
    is_below = caution.below is not None and value < caution.below
    is_above = caution.above is not None and value > caution.above
    return "applies" if is_below or is_above else "does not apply"


def problem(case: CourseCase) -> str:
    """Return where and what the problem is, in words."""
    site = case.site.as_written()
    where = " ".join(str(site[key]) for key in ("side", "at", "bone") if key in site)
    kind = "" if "at" in site or "bone" in site else str(site["kind"])
    what = str(site.get("diagnosis") or "")
    stage = f"stage {site['stage']}" if "stage" in site else ""
    grade = f"Kellgren-Lawrence {site['kellgren_lawrence']}" if "kellgren_lawrence" in site else ""
    place = " ".join(part for part in (where, kind) if part).replace("_", " ")
    return ", ".join(part for part in (place, what, stage, grade) if part)


def person(case: CourseCase, stated: Collection[str]) -> str:
    """Return who asks, in words; only what the file states."""
    patient = case.patient
    told = [f"{patient.age_years:.0f} years", patient.sex, f"{patient.mass:.0f} kg"]
    if patient.body_mass_index is not None:
        told.append(f"body mass index {patient.body_mass_index:.0f}")
    words = {
        "smoker": ("smokes", "does not smoke"),
        "diabetes": ("diabetes", "no diabetes"),
        "anticoagulated": ("anticoagulated", "not anticoagulated"),
        "infection": ("an infection", "no infection"),
        "cancer": ("cancer", "no cancer"),
        "pregnant": ("pregnant", "not pregnant"),
        "bleeding_disorder": ("a disorder of clotting", "no disorder of clotting"),
    }
    for key, (has, has_not) in words.items():
        if key in stated and getattr(patient, key) is not None:
            told.append(has if getattr(patient, key) else has_not)
    return ", ".join(told)


def grounds(one: Caution) -> str:
    """Return on what grounds a caution stands, in words."""
    access = ACCESS[one.access] if one.access else ""
    told = [f"{one.grade}: {GRADES[one.grade]}", ", ".join(one.sources), access]
    return "; ".join(part for part in told if part)
