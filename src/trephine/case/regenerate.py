"""The case of a lengthened bone: a shaft cut on day 0, drawn apart, and left to consolidate."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from trephine.case.course_case import CourseCase, CourseSite
from trephine.case.distraction import Distraction
from trephine.case.fixation import Fixation
from trephine.case.site import OF_A_FRACTURE, Biology, Shaft
from trephine.core.units import Unit, written

Cut = Annotated[float, Unit("m", "mm", gt=0, le=0.01)]


def _fresh() -> Biology:
    return Biology.model_validate(OF_A_FRACTURE)


class Regenerate(CourseSite):
    """A shaft that is cut on day 0 and then drawn apart.

    Parameters
    ----------
    bone, side
        Which bone.
    shaft
        The idealised shaft where it is cut.
    fixation
        What holds it and draws it apart; its axial stiffness may be given.
    osteotomy
        Distance between the bone ends after the cut [m].
    biology
        What lives at the osteotomy; by default bone ends, periosteum and marrow are alive and the
        gap holds a fresh clot.
    docking
        What lives where a transported segment docks; sclerotic ends live less.
    """

    kind: Literal["regenerate"]
    bone: Literal["femur", "tibia", "humerus"]
    side: Literal["left", "right"]
    shaft: Shaft
    fixation: Fixation
    osteotomy: Cut = written("1 mm")
    biology: Biology = Field(default_factory=_fresh)
    docking: Biology = Field(default_factory=_fresh)

    @field_validator("fixation")
    @classmethod
    def _it_can_draw_apart(cls, fixation: Fixation) -> Fixation:
        if fixation.kind in ("plate", "cast"):
            raise ValueError(
                f"a {fixation.kind} cannot draw bone ends apart; write ring_fixator, "
                "unilateral_fixator or nail"
            )
        if fixation.locking == "press_fit":
            raise ValueError("a press-fit nail cannot draw bone ends apart; write locked")
        return fixation

    @model_validator(mode="before")
    @classmethod
    def _fresh_unless_told(cls, given: Any) -> Any:  # noqa: ANN401  (whatever the file holds)
        """Let a partly told biology keep the rest of a fresh osteotomy."""
        if not isinstance(given, dict):
            return given
        told = {
            place: {**OF_A_FRACTURE, **given[place]}
            for place in ("biology", "docking")
            if isinstance(given.get(place), dict)
        }
        return {**given, **told}

    @model_validator(mode="after")
    def _the_nail_fits(self) -> Self:
        nail = self.fixation.nail_diameter
        if nail is not None and nail > self.shaft.canal_diameter:
            raise ValueError(
                f"the nail ({nail * 1e3:.3g} mm) is wider than the canal "
                f"({self.shaft.canal_diameter * 1e3:.3g} mm); give a thinner nail_diameter"
            )
        return self


class RegenerateCase(CourseCase):
    """Facts and decisions of one lengthening or bone transport; day 0 is that of the osteotomy."""

    STEPS: ClassVar[tuple[str, ...]] = ("distraction", "injection", "loading", "medication")

    site: Regenerate

    @model_validator(mode="after")
    def _one_distraction_that_ends(self) -> Self:
        steps = [step for step in self.plan.steps if isinstance(step, Distraction)]
        if len(steps) != 1:
            raise ValueError(
                f"plan.steps: a regenerate needs one step of kind 'distraction'; found {len(steps)}"
            )
        end, last = steps[0].end / 86400, self.plan.follow_up.duration / 86400
        if end > last:
            raise ValueError(
                f"plan.follow_up: the distraction ends on day {end:.4g}, after the last visit on "
                f"day {last:g}; lengthen duration"
            )
        for number, step in enumerate(self.plan.steps):
            if step.kind == "injection" and steps[0].day < step.day < steps[0].end - 1.0:
                raise ValueError(
                    f"plan.steps.{number}: an injection falls before the distraction begins (day "
                    f"{steps[0].day / 86400:.4g}) or after it ended (day {end:.4g})"
                )
        return self

    @property
    def distraction(self) -> Distraction:
        """The distraction of the plan."""
        return next(step for step in self.plan.steps if isinstance(step, Distraction))
