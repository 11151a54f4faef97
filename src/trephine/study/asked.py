"""What a planner is asked for, and what it remembers of the way there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import trephine
from trephine.case.brief import Brief
from trephine.case.case import Case
from trephine.case.prescription import REFERENCE, Prescription
from trephine.catalogue.load import catalogue
from trephine.core import digest
from trephine.core.errors import InputError
from trephine.models.burden import Burden
from trephine.study.choices import template
from trephine.study.search import Gains

Array = NDArray[np.floating[Any]]
Aim = Literal["dose", "union"]
Axis = Literal["minutes", "marrow", "punctures", "risk", "cost"]

SEARCHED = 512
"""Samples of the search; all plans meet the same."""
TARGET = 0.8
"""Chance that the plan of least burden is asked to reach."""


def axis(burden: Burden, name: Axis) -> float:
    """Return a burden on one axis: minutes, mL, punctures, g/L of haemoglobin, or cost.

    A cost that is not known is above every other.
    """
    return {
        "minutes": burden.theatre / 60.0,
        "marrow": round(burden.marrow * 1e6, 6),  # as much drawn in other parts is as much
        "punctures": float(burden.punctures),
        "risk": burden.haemoglobin_fall,
        "cost": np.inf if burden.cost is None else burden.cost,
    }[name]


def by_turns(burdens: Sequence[Burden], first: Axis) -> list[Array]:
    """Return the burdens that decide, the chosen axis first; the others break ties in turn."""
    order: list[Axis] = ["minutes", "marrow", "punctures", "risk", "cost"]
    order.remove(first)
    return [np.array([axis(each, name) for each in burdens]) for name in (first, *order)]


@dataclass(frozen=True)
class Asked:
    """What a planner is asked for.

    Parameters
    ----------
    case
        Patient, site and plan.
    brief
        Limits, prices and choices.
    prescription
        What the dose should reach; None only where union is the aim.
    aim
        Chance of reaching the prescription, or of union.
    axis
        Which burden is laid against the chance.
    count, seed
        Samples for the chances that are told, and the user's seed.
    """

    case: Case
    brief: Brief
    prescription: Prescription | None
    aim: Aim = "dose"
    axis: Axis = "minutes"
    count: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.aim == "dose" and self.prescription is None:
            raise InputError(
                "nothing is prescribed; give --prescription 'at least 30,000 progenitors in the "
                'lesion\', or the same sentence as prescription = "..." in the brief'
            )
        if self.axis == "cost" and self.brief.prices is None:
            raise InputError("no cost is known; give [prices] in the brief, or another --burden")
        if self.brief.limits.cost is not None and self.brief.prices is None:
            raise InputError("limits.cost needs [prices] in the brief")
        if not 100 <= self.count <= 1_000_000:
            raise InputError(f"{self.count} samples cannot be made; ask for 100 to 1,000,000")

    @property
    def assay(self) -> str:
        """Laboratory in whose colonies progenitors are told."""
        return REFERENCE if self.prescription is None else self.prescription.assay

    @property
    def choices(self) -> Brief:
        """The brief with what the aim holds fixed unless it is asked for.

        The healing engine is climbed anew for each carrier and schedule, so that by themselves
        the case's own are taken.
        """
        if self.aim == "dose":
            return self.brief
        given, own = self.brief.choices, template(self.case)
        changes = {
            "injections": given.injections or [1],
            "carriers": given.carriers or [own.deliver.carrier],
        }
        return self.brief.model_copy(update={"choices": given.model_copy(update=changes)})

    @property
    def digest(self) -> str:
        """Content name of all that the search depends on; the axis is none of it."""
        return digest.of_document(
            {
                "case": self.case.as_written(),
                "brief": self.brief.as_written(),
                "prescription": self.prescription and self.prescription.as_written(),
                "aim": self.aim,
                "count": self.count,
                "seed": self.seed,
                "searched": SEARCHED,
                "catalogue": catalogue().digest,
                "version": trephine.__version__,
            }
        )


@dataclass
class Memory:
    """What a search has found so far; kept on disk it lets a killed one go on.

    Parameters
    ----------
    gains
        What the plans of each harvest gain.
    ladders
        Healing runs by the name of their arm and by dose.
    keep
        Writes all of it down.
    """

    gains: Gains
    ladders: dict[str, dict[str, dict[str, Any]]]
    keep: Callable[[], None]

    @classmethod
    def fresh(cls) -> Memory:
        """Return a memory of nothing that is kept nowhere."""
        return cls({}, {}, lambda: None)
