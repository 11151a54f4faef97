"""Owns the course of pain: what a plan brings to a joint, disc or tendon, and what else would."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trephine.case.symptom import SymptomCase
from trephine.case.symptom_course import (
    Against,
    PlanCourse,
    ScoreCourse,
    Studied,
    SymptomCourse,
    SymptomEnding,
)
from trephine.case.symptom_structure import Bands
from trephine.catalogue.symptom_posterior import SymptomPosterior
from trephine.catalogue.vocabulary import Product
from trephine.core.rng import Streams
from trephine.models.instruments import DOMAINS, INSTRUMENTS, Domain, Instrument
from trephine.models.least_difference import BELOW, NEAR, least_difference, share_who_gain
from trephine.models.symptom_given import SITES, dose_words, given_by, is_in_words, untold
from trephine.models.symptom_group import Given, Luck, group_change
from trephine.models.symptom_reported import by_dose, inferred, reported
from trephine.models.symptom_words import (
    NAMES,
    about_benefit,
    beyond_chance_words,
    cartilage,
    compared_words,
    signed,
    stage_words,
    studied_together,
    surgery_words,
)
from trephine.models.symptoms import DAY, SymptomLaws, settled

VERSION = 1

Floats = NDArray[np.float64]

SCORES = {
    "knee": ("VAS", "NRS", "KOOS pain", "WOMAC", "KOOS"),
    "lumbar disc": ("VAS", "NRS", "ODI"),
}
"""Scores that are told of each site of which any study gives numbers."""
BESIDE = (Product.SALINE, Product.CORTICOSTEROID, Product.HYALURONATE)
"""Comparators that are shown beside a plan where studies give their numbers."""
EARLY = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 21.0)
"""Days that are always told, for the flare [d]."""
PEOPLE = 16
"""People alike for each draw, for the bands of one person."""
FLARE = 14.0
"""Days in which a rise of pain is looked for [d]."""
JUDGED = (182.0, 364.0)
"""Days at which a difference is judged, where the follow-up reaches them [d]."""


@dataclass(frozen=True)
class _Person:
    """What every course of one call shares: the person, the posterior and the luck."""

    case: SymptomCase
    site: str
    found: SymptomPosterior
    laws: SymptomLaws
    day: Floats
    burden: dict[Domain, float]
    streams: Streams

    def luck(self, given: Given) -> Luck:
        """Return the luck of the study; that of a benefit belongs to its product."""
        count = self.found.count
        return Luck(
            study=self.streams.named("study").normal(size=count),
            benefit=self.streams.named("benefit", given.product).normal(size=count),
            bias=self.streams.named("bias").normal(size=count) if given.alone else np.zeros(count),
        )

    def as_studied(self, given: Given) -> Given:
        """Return what is given as studies of the site gave it: by chance, or in a series alone."""
        seen = self.found.seen(self.site, given.product)
        return replace(given, alone=seen is not None and not seen.randomised)

    def change(self, given: Given, domain: Domain) -> Floats:
        """Return the change of a group's burden, (draw, time).

        No study compares stages of disease, so a person is told of the mixed one.
        """
        return group_change(
            self.found.draws,
            self.laws,
            given,
            site=self.site,
            domain=domain,
            baseline=self.burden[domain],
            severity=0.0,
            day=self.day,
            luck=self.luck(given),
        )


def course_of_symptoms(
    case: SymptomCase,
    found: SymptomPosterior,
    laws: SymptomLaws,
    *,
    seed: int = 0,
    cells: float | None = None,
) -> SymptomCourse:
    """Return what a plan brings to a painful joint, disc or tendon, beside other treatments.

    Parameters
    ----------
    case
        Person, site and plan.
    found
        What is known of symptoms.
    laws
        Levels and spreads that go with it.
    seed
        Luck; the same for every treatment that is compared.
    cells
        Cultured cells of an injection, where the plan cultures cells.
    """
    site = SITES.get((case.site.kind, case.site.at))
    given = given_by(case, cells)
    why = untold(case, given, found)
    follow = case.plan.follow_up
    visits = np.arange(follow.visits + 1) * follow.interval / DAY
    day = np.unique(np.concatenate([visits, [d for d in EARLY if d <= visits[-1]]]))
    if site is None:
        return SymptomCourse(day, SymptomEnding.NO_EVIDENCE, None, (), (), (), (why,))
    studied = tuple(
        Studied(a.product, a.randomised, a.alone, a.numbers, a.patients, a.studies)
        for a in found.arms
        if a.site == site
    )
    luck = Streams(seed).within("pain")
    person = _Person(case, site, found, laws, day, _burden(case, laws), luck)
    others = [p for p in BESIDE if found.in_numbers(site, p)]
    beside = [Given(p) for p in others if given is None or given.product != p]
    if why and given is not None and found.in_numbers(site, given.product):
        beside.insert(0, Given(given.product, cells=given.cells))
    beside = [person.as_studied(one) for one in beside]
    courses = tuple(_plan_course(person, one) for one in beside)
    if why or given is None:
        words = given is not None and not case.operations and is_in_words(found, site, given)
        ending = SymptomEnding.IN_WORDS if words else SymptomEnding.NO_EVIDENCE
        told = (why, *(reported(site, given.product) if words and given else ()))
        return SymptomCourse(day, ending, None, courses, (), studied, told)
    given = person.as_studied(given)
    own = _plan_course(person, given)
    by_chance = [one for one in beside if not one.alone and not given.alone]
    against = tuple(_against(person, given, one) for one in by_chance)
    loss = cartilage(site, given)
    return SymptomCourse(
        day=day,
        ending=_ending(own),
        own=own,
        beside=courses,
        against=against,
        studied=studied,
        sentences=(
            *((first,) if (first := inferred(site, given.product)) else ()),
            *_told_against(person, given, against),
            *(beyond_chance_words(found, given.product) if site == "knee" else ()),
            *about_benefit(site, given, found.seen(site, given.product)),
            *by_dose(site, given.product),
            *stage_words(case.site.stage),
            *dose_words(cells),
            *surgery_words(site, given.product),
            *loss.sentences,
        ),
        cartilage_loss_mm=loss.loss_mm,
        cartilage_interval_mm=loss.interval_mm,
    )


def _ending(own: PlanCourse) -> SymptomEnding:
    """Return how a course ended, of what people in trials gain."""
    if not own.is_compared:
        return SymptomEnding.NOT_COMPARED
    gain = own.score("VAS").responders
    if gain is None:
        return SymptomEnding.TOO_MILD
    return SymptomEnding.RELIEVED if gain.median[-1] >= 0.5 else SymptomEnding.NOT_RELIEVED


def _burden(case: SymptomCase, laws: SymptomLaws) -> dict[Domain, float]:
    """Return pain and loss of function before treatment; unknown function is the usual one."""
    pain, function = case.site.pain, case.site.function
    return {
        "pain": INSTRUMENTS[pain.score].burden(pain.value),
        "function": laws.baseline_function
        if function is None
        else INSTRUMENTS[function.score].burden(function.value),
    }


def _plan_course(person: _Person, given: Given) -> PlanCourse:
    changes = {domain: person.change(given, domain) for domain in DOMAINS}
    told = {domain: _domain(person, domain, changes[domain]) for domain in DOMAINS}
    scores = tuple(
        _score_course(
            person,
            INSTRUMENTS[name],
            told[INSTRUMENTS[name].domain],
            is_compared=not given.alone,
        )
        for name in SCORES[person.site]
    )
    if given.alone:  # a series tells no first days, and no share that a treatment brought
        name = NAMES[given.product]
        return PlanCourse(name, str(given.product), scores, None, None, None, None, None, False)
    middle = np.median(changes["pain"], axis=0)
    gained = _half_of_the_gain(person.day, middle)
    starts = [
        days[0] for one in changes["pain"] if (days := _half_of_the_gain(person.day, one)).size
    ]
    early = changes["pain"][:, (person.day > 0.0) & (person.day <= FLARE)].max(axis=1)
    low, rise, high = (float(x) for x in np.quantile(early, (0.05, 0.5, 0.95)))
    better = person.day[middle < 0.0]
    return PlanCourse(
        name=NAMES[given.product],
        product=str(given.product),
        scores=scores,
        onset_day=float(gained[0]) if gained.size else None,
        until_day=float(gained[-1]) if gained.size else None,
        onset_interval=(float(np.quantile(starts, 0.05)), float(np.quantile(starts, 0.95)))
        if gained.size
        else None,
        flare=(rise, low, high),
        flare_over_day=float(better[0]) if better.size else None,
    )


def _half_of_the_gain(day: Floats, change: Floats) -> Floats:
    """Return the days with half or more of the largest gain; none where nothing is gained."""
    best = float(change.min())
    return day[change <= 0.5 * best] if best < 0.0 else day[:0]


@dataclass(frozen=True)
class _Domain:
    """Burden of one domain over time: of single persons, of the group, and how it spreads."""

    change: Floats
    spread: Floats
    person: Bands
    group: Bands


def _domain(person: _Person, domain: Domain, change: Floats) -> _Domain:
    """Return the burden of a domain from the change of a group, (draw, time)."""
    laws, burden = person.laws, person.burden[domain]
    spread = laws.change_sd(domain) * np.sqrt(
        np.asarray(settled(person.day, laws.regression_days / DAY))
    )
    lasting = laws.lasting_share
    shape = (PEOPLE, *change.shape)
    own = person.streams.named("person", domain).normal(size=(*shape[:2], 1))
    daily = person.streams.named("day", domain).normal(size=shape)
    people = change + spread * (np.sqrt(lasting) * own + np.sqrt(1.0 - lasting) * daily)
    singly = burden + people.reshape(-1, change.shape[1])
    return _Domain(change, spread, Bands.of(_ended(singly)), Bands.of(_ended(burden + change)))


def _ended(burden: Floats) -> Floats:
    """Return a burden that ends where its scale does, as people mark it."""
    return np.clip(burden, 0.0, 100.0)


def _score_course(
    person: _Person, instrument: Instrument, told: _Domain, *, is_compared: bool
) -> ScoreCourse:
    """Return one score: of the group as its mean, of the person with the spread between people."""
    burden = person.burden[instrument.domain]
    baseline = instrument.score(burden)
    least, responders, untold = least_difference(instrument.name, baseline), None, ""
    if least is None:
        untold = "no difference that matters is known"
    elif not is_compared:
        untold = "a series tells of nobody what the treatment brought"
    else:
        points = 100.0 * least / (instrument.high - instrument.low)
        if burden < points:
            untold = NEAR if instrument.better_is_high else BELOW
        else:
            responders = Bands.of(share_who_gain(points, burden, told.change, told.spread))
    return ScoreCourse(
        name=instrument.name,
        low=instrument.low,
        high=instrument.high,
        better_is_high=instrument.better_is_high,
        baseline=baseline,
        person=_on_scale(instrument, told.person),
        group=_on_scale(instrument, told.group),
        least_difference=least,
        responders=responders,
        untold=untold,
    )


def _on_scale(instrument: Instrument, burden: Bands) -> Bands:
    """Return bands of a burden as bands of a score; where high is good they change places."""
    wide = (instrument.high - instrument.low) / 100.0
    ends = [burden.median, burden.low_half, burden.high_half, burden.low, burden.high]
    if not instrument.better_is_high:
        return Bands(*(instrument.low + wide * one for one in ends))
    median, low_half, high_half, low, high = (instrument.high - wide * one for one in ends)
    return Bands(median, high_half, low_half, high, low)


def _against(person: _Person, given: Given, other: Given) -> Against:
    """Return how much less pain the plan's group has, on the luck that both share."""
    gain = Bands.of(person.change(other, "pain") - person.change(given, "pain"))
    told = _judged(person)
    shown = any(gain.low[k] > 0.0 or gain.high[k] < 0.0 for k in told)
    at = told[-1]
    together = studied_together(person.found, person.site, given.product, other.product)
    sentence = compared_words(
        given.product,
        other.product,
        site=person.site,
        months=float(person.day[at]) / 30.4,
        gain=(float(gain.median[at]), float(gain.low[at]), float(gain.high[at])),
        together=together,
    )
    return Against(
        name=NAMES[other.product],
        product=str(other.product),
        score="VAS",
        gain=gain,
        sentence=sentence,
        compared=together,
        is_shown=shown,
    )


def _judged(person: _Person) -> list[int]:
    """Return the places in the course at which a difference is judged."""
    last = person.day[-1]
    days = [d for d in JUDGED if d <= last] or [float(last)]
    return [int(np.argmin(np.abs(person.day - d))) for d in days]


def _told_against(person: _Person, given: Given, against: tuple[Against, ...]) -> tuple[str, ...]:
    """Return a sentence for each difference, and one for all that show none."""
    at = _judged(person)[-1]
    none = [one for one in against if one.gain.low[at] <= 0.0 <= one.gain.high[at]]
    if len(none) < 2:
        return tuple(one.sentence for one in against)
    listed = "; ".join(
        f"{one.name} {signed(float(one.gain.median[at]))} ({signed(float(one.gain.low[at]))} to "
        f"{signed(float(one.gain.high[at]))}; randomised studies of the two: "
        f"{one.compared})"
        for one in none
    )
    words = (
        f"No benefit of {NAMES[given.product]} is shown over {len(none)} other treatments, at "
        f"{float(person.day[at]) / 30.4:.0f} months, in points of 100 of pain less under the plan "
        f"(below zero is more pain), with the 90 % interval: {listed}."
    )
    return (words, *(one.sentence for one in against if one not in none))
