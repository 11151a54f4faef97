"""What the fit of symptoms takes from studies: groups of patients and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from trephine.catalogue.cohorts import Arm, Endpoint, Study
from trephine.catalogue.vocabulary import Product
from trephine.models.instruments import Instrument

Kind = Literal["change", "improvement", "contrast", "same", "better", "halved"]
"""How a row tells a change: a number, a share of the baseline, a difference between two arms, or
words: two arms do not differ, the first is better, the burden is halved."""

NUMBERS: tuple[Kind, ...] = ("change", "improvement", "contrast")
"""Kinds of rows that tell a number."""

CONTROLS = frozenset({Product.NONE, Product.EXERCISE})
"""What puts no needle into the joint."""


@dataclass(frozen=True)
class Treated:
    """A group of patients treated alike.

    Parameters
    ----------
    study, arm
        Names in the evidence; a comparator that a study names in words alone has no arm.
    site
        Joint, disc or tendon.
    product
        What they got.
    randomised
        Whether chance decided who got it.
    open
        Whether it was randomised and the patients knew what they got.
    stage
        -1 mild, 0 mixed, 1 severe.
    cells
        Cultured cells, where told.
    interval
        Days between repeated injections, where told [d].
    patients
        How many, where told.
    """

    study: str
    arm: str
    site: str
    product: Product
    randomised: bool
    open: bool
    stage: float
    cells: float | None = None
    interval: float | None = None
    patients: float | None = None

    @property
    def injected(self) -> bool:
        """Whether a needle went in."""
        return self.product not in CONTROLS


@dataclass(frozen=True)
class Row:
    """One thing that the evidence tells of one group, or of two.

    Parameters
    ----------
    kind
        How it tells it.
    group, against
        Indices of the groups; the second where two are compared.
    instrument
        The score.
    day
        Time since the first treatment [d].
    value
        Change or difference of burden, or share of improvement; 0 for words [points or -].
    error
        Standard error of the change or of the difference [points].
    baseline
        Burden before treatment, where printed [points].
    least
        Standard errors that a difference must have to be called one [-].
    """

    kind: Kind
    group: int
    against: int | None
    instrument: Instrument
    day: float
    value: float
    error: float
    baseline: float | None = None
    least: float = 0.0


@dataclass(frozen=True)
class Excluded:
    """A value that is not used, and why."""

    value: str
    why: str


@dataclass
class Evidence:
    """What a fit or a check takes from the studies, and what it leaves and why."""

    groups: list[Treated] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    left: list[Excluded] = field(default_factory=list)

    def index(self, group: Treated) -> int:
        """Return the place of a group, added if new."""
        if group not in self.groups:
            self.groups.append(group)
        return self.groups.index(group)


@dataclass(frozen=True)
class Found:
    """A value that is a score of pain or function at a time, with what it belongs to.

    Parameters
    ----------
    place
        Its id, ``study.arm.name``.
    name, study
        The study.
    key, arm
        The arm.
    value, instrument, day
        The value, its score and its time [d].
    """

    place: str
    name: str
    study: Study
    key: str
    arm: Arm
    value: Endpoint
    instrument: Instrument
    day: float

    @property
    def visit(self) -> tuple[str, str, str, float]:
        """Return what is told once: one score a domain, group and visit."""
        return self.name, self.key, self.instrument.domain, self.day
