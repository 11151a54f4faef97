"""The case of a painful joint, disc, tendon or bursa: where it hurts and how much."""

from __future__ import annotations

import difflib
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from trephine.case.chondral import CartilageDefect
from trephine.case.comparator import Operation
from trephine.case.course_case import CourseCase, CourseSite
from trephine.case.document import Document

PLACES: dict[str, tuple[str, ...]] = {
    "joint": ("knee", "hip", "ankle", "shoulder", "facet", "sacroiliac"),
    "disc": ("lumbar",),
    "tendon": ("rotator_cuff", "tennis_elbow", "achilles", "patellar"),
    "bursa": ("subacromial", "trochanteric"),
}
"""Where a site of each kind may be."""

OPERATIONS: dict[str, tuple[str, ...]] = {
    "joint": ("arthroscopy", "microfracture", "joint_replacement", "fusion"),
    "disc": ("discectomy", "fusion"),
    "tendon": ("tendon_repair", "arthroscopy"),
    "bursa": ("arthroscopy",),
}
"""Operations that a kind of site knows."""
TOGETHER = (
    ("concentrate", "platelet_injection"),
    ("centrifuge", "platelet_injection"),
    ("culture", "hyaluronic_acid_injection"),
)
"""What studies gave on one day: a way of processing, and what went with it."""

BELONGS = (
    ("kellgren_lawrence", "joint"),
    ("pfirrmann", "disc"),
    ("endplate_open", "disc"),
    ("tear", "tendon"),
    ("defect", "joint"),
)
"""Keys of a site that one kind alone has."""

PAIN_SCORES: dict[str, tuple[float, float]] = {
    "VAS": (0, 100),
    "NRS": (0, 10),
    "KOOS pain": (0, 100),
    "WOMAC pain": (0, 20),
}
FUNCTION_SCORES: dict[str, tuple[float, float]] = {
    "WOMAC": (0, 96),
    "KOOS": (0, 100),
    "ODI": (0, 100),
    "ASES": (0, 100),
    "DASH": (0, 100),
    "PRTEE": (0, 100),
    "AOFAS": (0, 100),
    "Oxford knee score": (0, 48),
    "IKDC": (0, 100),
    "Constant": (0, 100),
}
Points = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Grade = Annotated[int, Field(ge=0, le=4, strict=True)]
DiscGrade = Annotated[int, Field(ge=1, le=5, strict=True)]


class PainScore(Document):
    """Pain before treatment.

    Parameters
    ----------
    score
        Which score.
    value
        Its value on its own scale.
    """

    score: Literal["VAS", "NRS", "KOOS pain", "WOMAC pain"]
    value: Points

    @model_validator(mode="after")
    def _lies_on_its_scale(self) -> Self:
        _on_scale(self.score, self.value, PAIN_SCORES[self.score])
        return self


class FunctionScore(Document):
    """Function before treatment.

    Parameters
    ----------
    score
        Which score.
    value
        Its value on its own scale.
    """

    score: Literal[
        "WOMAC",
        "KOOS",
        "ODI",
        "ASES",
        "DASH",
        "PRTEE",
        "AOFAS",
        "Oxford knee score",
        "IKDC",
        "Constant",
    ]
    value: Points

    @model_validator(mode="after")
    def _lies_on_its_scale(self) -> Self:
        _on_scale(self.score, self.value, FUNCTION_SCORES[self.score])
        return self


class SymptomSite(CourseSite):
    """A painful joint, disc, tendon or bursa.

    Parameters
    ----------
    at
        Which one.
    side
        Left or right; a disc has none.
    diagnosis
        In words, for the report.
    pain, function
        Scores before treatment.
    kellgren_lawrence
        Grade of a worn joint on the film, 0 to 4.
    pfirrmann
        Grade of a disc, 1 to 5.
    tear
        How far a tendon is torn.
    endplate_open
        Share of the endplate of a disc through which it is fed [-].
    defect
        A hole in the cartilage of a joint.
    """

    kind: Literal["joint", "disc", "tendon", "bursa"]
    at: str
    side: Literal["left", "right"] | None = None
    diagnosis: str = ""
    pain: PainScore
    function: FunctionScore | None = None
    kellgren_lawrence: Grade | None = None
    pfirrmann: DiscGrade | None = None
    tear: Literal["none", "partial", "full"] | None = None
    endplate_open: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    defect: CartilageDefect | None = None

    @model_validator(mode="after")
    def _is_a_place_of_its_kind(self) -> Self:
        places = PLACES[self.kind]
        if self.at not in places:
            near = difflib.get_close_matches(self.at.lower().replace(" ", "_"), places, n=1)
            meant = f"did you mean '{near[0]}'? " if near else ""
            raise ValueError(
                f"at = '{self.at}' is no place of a {self.kind}; {meant}write one of "
                f"{', '.join(places)}"
            )
        return self

    @model_validator(mode="after")
    def _has_a_side_or_none(self) -> Self:
        if (self.side is None) != (self.kind == "disc"):
            told = (
                "has no side; leave it out" if self.kind == "disc" else "needs side, left or right"
            )
            raise ValueError(f"a {self.kind} {told}")
        return self

    @model_validator(mode="after")
    def _holds_what_belongs_to_its_kind(self) -> Self:
        wrong = [
            f"{name} belongs to a {kind}, not to a {self.kind}"
            for name, kind in BELONGS
            if self.kind != kind and getattr(self, name) is not None
        ]
        if wrong:
            raise ValueError(*wrong)
        return self

    @property
    def stage(self) -> str:
        """The stage of disease in words, empty where none is told."""
        if self.kellgren_lawrence is not None:
            return f"grade {self.kellgren_lawrence} of Kellgren and Lawrence"
        if self.pfirrmann is not None:
            return f"grade {self.pfirrmann} of Pfirrmann"
        return {None: "", "none": "no tear"}.get(self.tear, f"{self.tear} tear")

    @property
    def place(self) -> str:
        """What a person calls it."""
        name = self.at.replace("_", " ")
        called = {"disc": f"{name} disc", "bursa": f"{name} bursa"}.get(self.kind, name)
        return f"{self.side} {called}" if self.side else called


class SymptomCase(CourseCase):
    """Facts and decisions of one course of treatment of pain."""

    STEPS: ClassVar[tuple[str, ...]] = (
        "injection",
        "saline_injection",
        "corticosteroid_injection",
        "hyaluronic_acid_injection",
        "platelet_injection",
        "cord_cell_injection",
        "exercise",
        "operation",
    )

    site: SymptomSite

    @model_validator(mode="after")
    def _is_what_studies_give(self) -> Self:
        given = [step for step in self.plan.steps if not isinstance(step, Operation)]
        days = {step.day for step in given}
        kinds = sorted({_what(step) for step in given})
        if len(kinds) > 1 and not (len(days) == 1 and len(given) == 2 and is_together(kinds)):
            named = " and ".join(kind.replace("_", " ") for kind in kinds)
            known = "; ".join(f"{a} with {b.replace('_', ' ')}" for a, b in TOGETHER)
            raise ValueError(
                f"plan: {named} in one plan; studies gave on one day {known}, and nothing else "
                "together, so compare plans of one product each"
            )
        return self

    @model_validator(mode="after")
    def _operations_belong_to_the_site(self) -> Self:
        known = OPERATIONS[self.site.kind]
        wrong = [
            f"plan.steps.{number}: {step.what} is no operation on a {self.site.kind}; "
            f"known: {', '.join(known)}"
            for number, step in enumerate(self.plan.steps)
            if isinstance(step, Operation) and step.what not in known
        ]
        if wrong:
            raise ValueError(*wrong)
        return self

    @property
    def operations(self) -> tuple[str, ...]:
        """Operations of the plan, in the order of their days."""
        found = [step for step in self.plan.steps if isinstance(step, Operation)]
        return tuple(step.what for step in sorted(found, key=lambda step: step.day))


def is_together(kinds: list[str]) -> bool:
    """Return whether studies gave two things on one day."""
    return any(set(pair) == set(kinds) for pair in TOGETHER)


def _what(step: Document) -> str:
    """Return what a step gives: how an injection is processed, or the kind of any other step."""
    process = getattr(step, "process", None)
    if process is None:
        return str(getattr(step, "kind", ""))
    return "unspun marrow" if process.method == "none" else str(process.method)


def _on_scale(score: str, value: float, ends: tuple[float, float]) -> None:
    low, high = ends
    if not low <= value <= high:
        raise ValueError(f"{score} runs from {low:g} to {high:g}, not {value:g}")
