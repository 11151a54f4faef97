"""The case of a painful joint, disc, tendon or bursa: where it hurts and how much."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from trephine.case.course_case import CourseCase, CourseSite
from trephine.case.document import Document

PLACES: dict[str, tuple[str, ...]] = {
    "joint": ("knee", "hip", "ankle", "shoulder", "facet", "sacroiliac"),
    "disc": ("lumbar",),
    "tendon": ("rotator_cuff", "tennis_elbow", "achilles", "patellar"),
    "bursa": ("subacromial", "trochanteric"),
}
"""Where a site of each kind may be."""

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

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        places = PLACES[self.kind]
        if self.at not in places:
            raise ValueError(f"a {self.kind} is at one of {', '.join(places)}, not at '{self.at}'")
        if (self.side is None) != (self.kind == "disc"):
            told = (
                "has no side; leave it out" if self.kind == "disc" else "needs side, left or right"
            )
            raise ValueError(f"a {self.kind} {told}")
        belongs = (
            ("kellgren_lawrence", "joint"),
            ("pfirrmann", "disc"),
            ("endplate_open", "disc"),
            ("tear", "tendon"),
        )
        for name, kind in belongs:
            if getattr(self, name) is not None and self.kind != kind:
                raise ValueError(f"{name} belongs to a {kind}, not to a {self.kind}")
        return self

    @property
    def severity(self) -> float:
        """-1 for mild, 0 for moderate or untold, 1 for severe disease.

        Severe are grade 4 of Kellgren and Lawrence, grade 5 of Pfirrmann and a full tear; mild are
        grades up to 2 and up to 3, and a tendon without a tear.
        """
        if self.kellgren_lawrence is not None:
            return -1.0 if self.kellgren_lawrence <= 2 else float(self.kellgren_lawrence == 4)
        if self.pfirrmann is not None:
            return -1.0 if self.pfirrmann <= 3 else float(self.pfirrmann == 5)
        return {"none": -1.0, "full": 1.0}.get(self.tear or "", 0.0)

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
    )

    site: SymptomSite

    @model_validator(mode="after")
    def _one_product_is_given(self) -> Self:
        kinds = {self._what(step) for step in self.plan.steps}
        if len(kinds) > 1:
            raise ValueError(
                f"plan: {' and '.join(sorted(kinds))} in one plan; no study has given both, "
                "so compare plans of one product each"
            )
        return self

    @staticmethod
    def _what(step: Document) -> str:
        kind = str(getattr(step, "kind", ""))
        process = getattr(step, "process", None)
        method = getattr(process, "method", "")
        return f"{kind} ({method})" if method else kind.replace("_", " ")


def _on_scale(score: str, value: float, ends: tuple[float, float]) -> None:
    low, high = ends
    if not low <= value <= high:
        raise ValueError(f"{score} runs from {low:g} to {high:g}, not {value:g}")
