"""Owns the rows of a scorecard: an endpoint, what was published, what each column predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from trephine.case.trial import Endpoint, Trial
from trephine.core.shares import clopper_pearson
from trephine.study.endpoints import in_words
from trephine.study.published import Published, published

Verdict = Literal["inside", "outside", "no value", "refused", ""]
"""Where a published value lies; ``no value`` where no drawn trial had one that it could be held
against, ``refused`` where a way of predicting does not know the course, empty where nothing was
published."""
MISSED = ("outside", "no value")


class Said(Protocol):
    """What a way of predicting says of an endpoint: :class:`trephine.study.endpoints.Told` has it.

    One that was fitted has ``fitted`` besides, whether to this endpoint, ``reason``, why it
    says nothing, ``left_out``, the share of patients that it does not count, and ``alone``,
    whether the published value lies within without an allowance for a model that is off.
    """

    @property
    def endpoint(self) -> Endpoint:
        """What was looked at."""

    @property
    def week(self) -> float:
        """When [wk]."""

    @property
    def n(self) -> tuple[int, ...]:
        """Patients of each arm."""

    @property
    def unit(self) -> str:
        """Of the numbers."""

    @property
    def predicted(self) -> float | None:
        """Mean."""

    @property
    def low(self) -> float | None:
        """Lower end of the predictive interval of 90 %."""

    @property
    def high(self) -> float | None:
        """Upper end."""

    @property
    def inside(self) -> bool | None:
        """Whether the published value lies within; None without either."""

    @property
    def counted(self) -> float:
        """Share of the drawn trials that had a value."""


@dataclass(frozen=True)
class Prediction:
    """What one way of predicting says of an endpoint.

    Parameters
    ----------
    predicted, low, high
        Mean, and predictive interval of 90 % of a trial of the published size; None without value.
    counted
        Share of the drawn trials that had a value.
    verdict
        Where the published value lies.
    reason
        Why nothing is predicted.
    left_out
        Share of the virtual patients that no way of predicting knows, who count for nothing [-].
    alone
        Where the published value lies without an allowance for a model that is off; as ``verdict``
        where there is none.
    """

    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    counted: float = 0.0
    verdict: Verdict = ""
    reason: str = ""
    left_out: float = 0.0
    alone: Verdict = ""

    @classmethod
    def of(cls, told: Said, found: Published | None) -> Prediction:
        """Return a prediction with where the published value lies.

        Raises
        ------
        ValueError
            If it was fitted to what was kept aside.
        """
        if getattr(told, "fitted", False) and (found is None or found.role != "calibrate"):
            looked = in_words(told.endpoint)
            raise ValueError(f"the prediction of {looked} was fitted to what may not be fitted")
        reason = getattr(told, "reason", "")
        verdicts: dict[bool | None, Verdict] = {True: "inside", False: "outside", None: "no value"}
        lies: list[Verdict] = [
            "" if found is None else "refused" if reason else verdicts[one]
            for one in (told.inside, getattr(told, "alone", told.inside))
        ]
        return cls(
            told.predicted, told.low, told.high, told.counted, lies[0], reason,
            getattr(told, "left_out", 0.0), lies[1],
        )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An endpoint of a trial, what was published of it, and every prediction.

    Parameters
    ----------
    trial
        Stem of the trial's file.
    key
        Name of the endpoint within the trial, by which an explanation finds it.
    endpoint, published
        What was looked at, and what was found.
    name, week, n, unit
        In words, with the arm where the trial has several, when [wk], in trials of which size,
        and the unit of the numbers.
    columns
        Predictions by the name of the column.
    why
        Why a prediction misses, where somebody wrote it down.
    """

    trial: str
    key: str
    endpoint: Endpoint
    published: Published | None
    name: str
    week: float | None
    n: tuple[int, ...]
    unit: str
    columns: Mapping[str, Prediction]
    why: str = ""

    @property
    def is_fitted(self) -> bool:
        """Whether the published value may have set a number of the model."""
        return self.published is not None and self.published.role == "calibrate"

    def misses(self, column: str) -> bool:
        """Return whether the prediction of a column misses what was published."""
        return column in self.columns and self.columns[column].verdict in MISSED

    @property
    def is_missed(self) -> bool:
        """Whether the prediction of any column misses."""
        return any(self.misses(column) for column in self.columns)


@dataclass(frozen=True)
class Coverage:
    """How many published values lie within the intervals of 90 %.

    Parameters
    ----------
    inside, of
        Counts.
    low, high
        Interval of the share, 95 % (Clopper and Pearson), as if the endpoints were independent.
    """

    inside: int
    of: int
    low: float
    high: float


def keys(trial: Trial) -> list[str]:
    """Return a name of each endpoint that no other of the trial has."""
    found: list[str] = []
    for endpoint in trial.endpoints:
        key = endpoint.published or f"{endpoint.arm}.{endpoint.outcome}"
        same = sum(other == key or other.startswith(f"{key}#") for other in found)
        found.append(f"{key}#{same + 1}" if same else key)
    return found


def scored(
    stem: str,
    trial: Trial,
    columns: Mapping[str, Sequence[Said] | None],
    explained: Mapping[str, str],
) -> list[Row]:
    """Return every endpoint of a trial with what each column says of it.

    Parameters
    ----------
    stem, trial
        The trial and its name.
    columns
        Endpoints as told, one of each in their order; None where a column has no outcome, so that
        every published value is missed.
    explained
        Why endpoints are missed, by key.

    Raises
    ------
    ValueError
        If a column does not tell every endpoint.
    """
    rows = []
    for number, (key, endpoint) in enumerate(zip(keys(trial), trial.endpoints, strict=True)):
        found = published(trial, endpoint)
        lies: Verdict = "" if found is None else "no value"
        nothing = Prediction(verdict=lies, alone=lies)
        predictions: dict[str, Prediction] = {}
        first: Said | None = None
        for name, told in columns.items():
            if told is not None and len(told) != len(trial.endpoints):
                raise ValueError(f"{stem}: the column {name} leaves out endpoints")
            predictions[name] = nothing if told is None else Prediction.of(told[number], found)
            first = first or (None if told is None else told[number])
        looked = endpoint if first is None else first.endpoint
        rows.append(
            Row(
                trial=stem,
                key=key,
                endpoint=looked,
                published=found,
                name=in_words(looked) + (f", {looked.arm}" if len(trial.arms) > 1 else ""),
                week=None if first is None else first.week,
                n=() if first is None else first.n,
                unit="" if first is None else first.unit,
                columns=predictions,
                why=explained.get(key, ""),
            )
        )
    return rows


def coverage(
    rows: Sequence[Row], column: str, *, is_fitted: bool, is_alone: bool = False
) -> Coverage:
    """Return how many published values a column's intervals hold, of those fitted or not.

    Alone, the intervals have no allowance for a model that is off, which can hide misses.

    A value that no drawn trial gave counts, and is not held; what was refused does not count, and
    is listed. Nor does a correlation of which the sign alone was published: chance gives that sign
    in half of the trials, so it would lie inside whatever the model says.
    """
    told = [
        row.columns[column].alone if is_alone else row.columns[column].verdict
        for row in rows
        if row.is_fitted == is_fitted
        and column in row.columns
        and not (row.published and row.published.sign)
    ]
    inside, of = told.count("inside"), sum(one in {"inside", *MISSED} for one in told)
    return Coverage(inside, of, *clopper_pearson(inside, of))
