"""Pain and function over time of one person and of people alike, and what else would bring."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from trephine.case.symptom_structure import Bands, DefectFilling, DiscFeed, TendonRepair
from trephine.core.types import Series


class SymptomEnding(Enum):
    """How a course of pain ended."""

    RELIEVED = (
        "Relieved: in the middle of what is known, half of people alike or more have gained the "
        "least difference in pain that matters at the last visit."
    )
    NOT_RELIEVED = (
        "Not relieved: in the middle of what is known, fewer than half of people alike have gained "
        "the least difference in pain that matters at the last visit."
    )
    TOO_MILD = (
        "Cannot be told: the score is below the least difference that matters, so nobody can gain "
        "as much."
    )
    NOT_COMPARED = (
        "Not compared: what is told is what a group in a series went through. Nobody was treated "
        "otherwise by chance, so nobody knows what of it the treatment did."
    )
    IN_WORDS = (
        "Words alone: what studies of this treatment tell of this joint, disc or tendon has no "
        "numbers, so no course is told."
    )
    NO_EVIDENCE = (
        "No evidence: no study with numbers on pain or function has given this to this joint, disc "
        "or tendon, so no course is told."
    )


@dataclass(frozen=True)
class ScoreCourse:
    """One score over time.

    Parameters
    ----------
    name
        The score.
    low, high
        Ends of its scale.
    better_is_high
        Whether a high score is the good one.
    baseline
        Before treatment.
    person
        This person.
    group
        The mean of many people alike in one study.
    least_difference
        The least difference that matters, on the score's scale; none is known of some.
    responders
        Share of people alike who have gained as much (time,); only where that is known.
    untold
        Why no responders are told, in words; empty where they are.
    """

    name: str
    low: float
    high: float
    better_is_high: bool
    baseline: float
    person: Bands
    group: Bands
    least_difference: float | None
    responders: Bands | None
    untold: str = ""


@dataclass(frozen=True)
class PlanCourse:
    """What one plan brings.

    Parameters
    ----------
    name
        The plan, in words.
    product
        What is given, by its standard name in the evidence.
    scores
        Each score.
    onset_day, until_day
        First day with half of the largest gain in pain, and the last; none where nothing is
        gained, or of a series, which tells no such day [d].
    onset_interval
        Nine tenths of groups reach half of their own largest gain between these days [d].
    flare
        Largest rise of the mean pain in the first two weeks, and its interval of nine tenths;
        below zero where pain never rises, none of a series [points of 100].
    flare_over_day
        First day from which the middle group has less pain than before; none where it never has
        [d].
    is_compared
        Whether chance dealt it out at this site in any study; what is told of a series is what
        its people went through, and no responders.
    """

    name: str
    product: str
    scores: tuple[ScoreCourse, ...]
    onset_day: float | None
    until_day: float | None
    onset_interval: tuple[float, float] | None
    flare: tuple[float, float, float] | None
    flare_over_day: float | None
    is_compared: bool = True

    def score(self, name: str) -> ScoreCourse:
        """Return a score by its name."""
        return next(score for score in self.scores if score.name == name)


@dataclass(frozen=True)
class Against:
    """How much less pain the plan brings than another treatment, on the same luck.

    Parameters
    ----------
    name, product
        The other treatment.
    score
        The score.
    gain
        Points by which the plan's group mean is better, negative where worse (time,).
    sentence
        What that says, in words.
    compared
        Randomised studies that compared the two at this site.
    is_shown
        Whether the interval of nine tenths leaves out no difference at a half year or a year.
    """

    name: str
    product: str
    score: str
    gain: Bands
    sentence: str
    compared: int
    is_shown: bool


@dataclass(frozen=True)
class Studied:
    """What has been studied of a product at this site.

    Parameters
    ----------
    product
        By its standard name.
    randomised, alone
        Studies that compared it by chance, and others.
    numbers
        Studies that tell it in numbers; the others tell it in words.
    patients
        How many got it, where told.
    studies
        Their names.
    """

    product: str
    randomised: int
    alone: int
    numbers: int
    patients: int
    studies: tuple[str, ...]


@dataclass(frozen=True)
class SymptomCourse:
    """Everything that is told of a painful site and a plan.

    Parameters
    ----------
    day
        Days since day 0 (time,) [d].
    ending
        How it ended.
    own
        What the plan brings; nothing where there is no evidence.
    beside
        What other treatments would bring the same person.
    against
        The plan beside each of them.
    studied
        What has been studied at this site.
    sentences
        What a reader must be told, the most important first.
    feed
        Of a disc, how many cells it can feed.
    defect
        Of a cartilage defect, how it may fill.
    tendon
        Of a tendon that is sewn, how many stay whole.
    cartilage_loss_mm, cartilage_interval_mm
        Of repeated corticosteroid in a knee, cartilage lost beyond saline, and its interval [mm].
    """

    day: Series
    ending: SymptomEnding
    own: PlanCourse | None
    beside: tuple[PlanCourse, ...]
    against: tuple[Against, ...]
    studied: tuple[Studied, ...]
    sentences: tuple[str, ...]
    feed: DiscFeed | None = None
    defect: DefectFilling | None = None
    tendon: TendonRepair | None = None
    cartilage_loss_mm: float | None = None
    cartilage_interval_mm: tuple[float, float] | None = None
