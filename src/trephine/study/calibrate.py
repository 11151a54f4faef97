"""Bayesian calibration: the unknowns of healing and product, fitted to what may set a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.trial import Trial
from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.load import catalogue
from trephine.catalogue.posterior import Diagnostics, MadeFrom, Posterior, of, of_records
from trephine.core import digest
from trephine.core.errors import InputError, TrephineError
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.models.aspiration import AspirationParameters
from trephine.models.discrepancy import DiscrepancyParameters
from trephine.models.reading import Reading
from trephine.study import unknowns
from trephine.study.arm_inputs import dose_numbers
from trephine.study.emulate import Emulator
from trephine.study.importance import Weighted, sampled
from trephine.study.likelihood import Expected, log_likelihood
from trephine.study.targets import LeftOut, Target, targets
from trephine.study.virtual_series import Predicts, Series, series

Array = NDArray[np.floating[Any]]

STAGE = "Calibrating"
HALVES = 2
"""Independent repetitions that are compared, and joined."""
LEAST_EFFECTIVE, MOST_TAIL, MOST_APART = 200.0, 0.7, 0.35
"""What the diagnostics must keep to: independent draws, shape of the tail of the weights, and
difference of the halves in spreads."""
DIGITS = 6
"""Significant digits that are kept of a draw."""
ABOUT = (
    "Draws of the numbers of healing and product that were fitted together to published series "
    "of shaft lesions; a row of all is one draw"
)


@dataclass(frozen=True)
class Effort:
    """How much is computed.

    Parameters
    ----------
    patients
        Virtual patients of each series.
    first, each, rounds
        Points of the prior, of each round and how many rounds, in each half.
    draws
        Draws of equal weight that are kept.
    """

    patients: int = 64
    first: int = 512
    each: int = 384
    rounds: int = 6
    draws: int = 400

    @property
    def points(self) -> int:
        """Points in all."""
        return HALVES * (self.first + self.rounds * self.each)


@dataclass(frozen=True)
class Fit:
    """A fit, with everything that it rests on.

    Parameters
    ----------
    targets
        The published values it was fitted to.
    left_out
        Those that might have been and were not, and why.
    series
        The virtual series.
    law
        Weighted points of the posterior, as deviates of the prior.
    halves
        The two repetitions.
    expected
        What is expected of each target at each point; not a number where a point is impossible.
    numbers
        How far a right model may lie off a series, and the spread of laboratories.
    seed
        The user's seed.
    """

    targets: tuple[Target, ...]
    left_out: tuple[LeftOut, ...]
    series: tuple[Series, ...]
    law: Weighted
    halves: tuple[Weighted, ...]
    expected: tuple[Expected, ...]
    numbers: tuple[DiscrepancyParameters, float]
    seed: int

    @property
    def diagnostics(self) -> Diagnostics:
        """How well the posterior is sampled."""
        spread = np.sqrt(np.diag(self.law.covariance))
        one, other = self.halves
        apart = np.abs(one.mean - other.mean) / spread
        return Diagnostics(
            points=len(self.law.logs),
            effective=round(self.law.effective, 1),
            tail=round(self.law.tail, 3),
            apart=round(float(apart.max()), 3),
        )

    def log_likelihood(self, some: Sequence[int]) -> Array:
        """Return the log likelihood of some targets alone at every point, (sample,)."""
        told = log_likelihood(
            [self.targets[n] for n in some], [self.expected[n] for n in some], *self.numbers
        )
        return np.where(np.isfinite(told), told, -np.inf)

    def draws(self, count: int) -> dict[str, Array]:
        """Return draws of equal weight by record id, (draw,) each, in the unit of the record."""
        rows = self.law.drawn(count, Streams(self.seed).named("calibrate", "draws"))
        found = unknowns.values(self.law.points[rows])
        return {
            name: np.array([float(f"{value:.{DIGITS}g}") for value in column])
            for name, column in found.items()
        }


@dataclass
class _Likelihood:
    """The likelihood of points, which keeps what was expected at each."""

    targets: tuple[Target, ...]
    series: tuple[Series, ...]
    emulator: Predicts
    numbers: tuple[DiscrepancyParameters, float]
    watch: Watch
    whole: int
    met: list[list[Expected]] = field(default_factory=list)
    count: int = 0

    def __call__(self, points: Array) -> Array:
        found = unknowns.values(points)
        possible = unknowns.possible(found)
        some = {name: column[possible] for name, column in found.items()}
        told: dict[str, Expected] = {}
        for one in self.series:
            if possible.any():
                expected = one.expected(some, self.emulator)
                told |= {t.identifier: e for t, e in zip(one.targets, expected, strict=True)}
        ordered = [_spread_out(told.get(target.identifier), possible) for target in self.targets]
        self.met.append(ordered)
        self.count += len(points)
        self.watch.progress(STAGE, self.count, self.whole, f"{self.count} of {self.whole} points")
        logs = log_likelihood(self.targets, ordered, *self.numbers)
        return np.where(possible, np.broadcast_to(logs, possible.shape), -np.inf)


def _spread_out(told: Expected | None, possible: NDArray[np.bool_]) -> Expected:
    """Return what is expected with places for the impossible points."""
    fields = []
    for name in ("mean", "variance", "counted"):
        whole = np.full(possible.shape, np.nan)
        if told is not None:
            whole[possible] = getattr(told, name)
        fields.append(whole)
    return Expected(*fields)


def fit(
    trials: Sequence[Trial],
    *,
    seed: int = 0,
    effort: Effort | None = None,
    emulator: Predicts | None = None,
    told: Sequence[Target] | None = None,
    watch: Watch | None = None,
) -> Fit:
    """Return the unknowns fitted to what may set a parameter of some trials.

    The prior is the spread that the catalogue states for each number, cut to what is jointly
    possible: an untreated non-union stays one and some dose tips it. All other numbers are as
    printed. Every draw meets the same virtual patients with the same luck.

    Parameters
    ----------
    trials
        Virtual trials that stand for the published ones; values of other roles are not read.
    seed
        Luck.
    effort
        How much is computed.
    emulator
        What tells of healing; the emulator that comes with the program unless given.
    told
        Targets in place of those of the trials, for what was made up to test the fit.
    watch
        Hears the progress.
    """
    size = effort or Effort()
    found, left = targets(trials)
    met = tuple(found if told is None else told)
    lines, unknown = series(trials, met, seed=seed, count=size.patients)
    missing = {(one.trial, one.identifier) for one in unknown}
    met = tuple(one for one in met if (one.trial, one.identifier) not in missing)
    if met and not lines:
        raise InputError("no trial stands for a published value that may set a parameter")
    numbers = discrepancy()
    like = _Likelihood(
        met, lines, emulator or Emulator.load(), numbers, watch or Watch(), size.points
    )
    halves = tuple(
        sampled(
            like,
            len(unknowns.IDENTIFIERS),
            Streams(seed).named("calibrate", "points", half),
            first=size.first,
            each=size.each,
            rounds=size.rounds,
        )
        for half in range(HALVES)
    )
    expected = tuple(
        Expected(
            *(
                np.concatenate([getattr(part[n], name) for part in like.met])
                for name in ("mean", "variance", "counted")
            )
        )
        for n in range(len(met))
    )
    law = halves[0].joined(halves[1])
    return Fit(met, (*left, *unknown), lines, law, halves, expected, numbers, seed)


def discrepancy() -> tuple[DiscrepancyParameters, float]:
    """Return how far a right model may lie off a series, and the spread of laboratories."""
    reading = Reading(catalogue())
    spread = reading.fill(AspirationParameters).laboratory_spread
    return reading.fill(DiscrepancyParameters), float(spread)


def posterior_of(found: Fit, trials: Sequence[Trial], emulator: Emulator, draws: int) -> Posterior:
    """Return the posterior of a fit as the catalogue keeps it.

    Raises
    ------
    TrephineError
        If the diagnostics say that it is not sampled well enough to be used.
    """
    said = found.diagnostics
    if not (
        said.effective >= LEAST_EFFECTIVE and said.tail <= MOST_TAIL and said.apart <= MOST_APART
    ):
        raise TrephineError(
            f"the posterior is not sampled well: {said.effective:g} effective draws (at least "
            f"{LEAST_EFFECTIVE:g}), tail {said.tail:g} (at most {MOST_TAIL:g}), halves "
            f"{said.apart:g} spreads apart (at most {MOST_APART:g})"
        )
    told = Posterior(
        about=ABOUT,
        seed=found.seed,
        fitted_to=tuple(one.identifier for one in found.targets),
        made_from=made_from(found.targets, trials, emulator),
        diagnostics=said,
        draws={name: tuple(column.tolist()) for name, column in found.draws(draws).items()},
    )
    return told.model_copy(update={"contents": told.digest})


def made_from(fitted: Sequence[Target], trials: Sequence[Trial], emulator: Emulator) -> MadeFrom:
    """Return the digests of all that a fit to some targets depends on."""
    names = {one.trial for one in fitted}
    p, laboratory = discrepancy()
    others: dict[str, Any] = {
        key: value for key, value in dose_numbers().used.items() if key not in unknowns.IDENTIFIERS
    }
    others |= {"discrepancy": vars(p), "laboratory": laboratory}
    arrays = {**emulator.learned.as_arrays(), **emulator.trained.as_arrays()}
    return MadeFrom(
        published=of([one.identifier for one in fitted], cohorts("calibrate")),
        priors=of_records(unknowns.IDENTIFIERS, catalogue()),
        trials=digest.of_document(
            [
                sorted(digest.canonical(_treated(one)) for one in trials if one.name in names),
                [one.endpoint.model_dump(mode="json") for one in fitted],
            ]
        ),
        numbers=digest.of_document(others),
        emulator=digest.of_arrays({name: np.asarray(value) for name, value in arrays.items()}),
    )


def _treated(trial: Trial) -> dict[str, Any]:
    """Return whom a trial treats and how; nothing that it looks at."""
    written = trial.as_written()
    return {key: written[key] for key in ("name", "population", "arms")}


def stale(found: Posterior, trials: Sequence[Trial], emulator: Emulator) -> list[str]:
    """Return what a posterior was made from that has changed since, by the name of the digest."""
    fitted, _ = targets(trials)
    some = [one for one in fitted if one.identifier in found.fitted_to]
    now = made_from(some, trials, emulator)
    return [name for name, value in now if value != getattr(found.made_from, name)]
