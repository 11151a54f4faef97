"""Owns the emulator of the healing engine: what it says of a course, and how far it is off."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trephine.core import digest
from trephine.core.errors import InputError, StoreError
from trephine.core.rng import Streams
from trephine.store.files import replacing
from trephine.study import inputs
from trephine.study.courses import Runs
from trephine.study.designed import WEEKS, engine
from trephine.study.emulator_error import EmulatorError, Predicted, error
from trephine.study.input_range import Input, Values
from trephine.study.inputs import room
from trephine.study.teaching import Answers, Knowledge, Learned

Array = NDArray[np.floating[Any]]

SHIPPED = Path(__file__).parent / "data" / "emulator.npz"
"""The emulator that comes with the program; ``make emulate`` makes it anew."""
FORMAT = 1
LEAST_SCORE, MOST_SCORE = 4.0, 16.0
"""Bounds of the modified radiographic union score; the least where nothing grew."""
BLOCK = 16_384
"""Samples that are held at once."""


@dataclass(frozen=True)
class Sampled:
    """Outcomes of courses, as the engine tells them of one each.

    Parameters
    ----------
    union_week
        Visit of union, infinite where there was none by the last one, (sample,) [wk].
    callus
        Volume of mineralised new bone at the weeks of :data:`CALLUS`, (week, sample) [m^3].
    mrust
        Score at the same weeks, (week, sample).
    """

    union_week: Array
    callus: Array
    mrust: Array


@dataclass(frozen=True)
class Emulator:
    """The healing engine in an instant, for a shaft held by nail, plate or fixator.

    Parameters
    ----------
    learned
        What it has learned, besides the runs themselves.
    trained, fresh
        The runs that it learned from, and those it is judged by.
    about
        Engine, numerics and versions that it was made with, as plain data.
    """

    learned: Learned
    trained: Runs
    fresh: Runs
    about: dict[str, Any]

    @property
    def ranges(self) -> tuple[Input, ...]:
        """The inputs with their ranges; :data:`trephine.study.inputs.RATIOS` are held besides."""
        return inputs.INPUTS

    @cached_property
    def knowledge(self) -> Knowledge:
        """Its functions, made of the runs."""
        return Knowledge(self.trained, self.learned)

    @cached_property
    def error(self) -> EmulatorError:
        """How far it is off on the fresh runs; to be told with every use."""
        return self.error_on(self.fresh)

    def error_on(self, fresh: Runs) -> EmulatorError:
        """Return how far it is off on some runs that it never saw."""
        values = fresh.values
        return error(self.predict(values), self.answers(values), fresh, self.trained)

    def predict(self, features: Mapping[str, Any]) -> Predicted:
        """Return what is to be expected of courses.

        Parameters
        ----------
        features
            Every input, (sample,) each [SI]; :func:`trephine.study.course_inputs.course_inputs`
            makes them of a case.

        Raises
        ------
        InputError
            If an input is missing or outside its range, every one of them at once.
        """
        week = np.arange(1.0, WEEKS + 1.0)
        parts = [
            _expected(answers, week, size) for _, size, answers in self._blocks(_checked(features))
        ]
        chance, callus, mrust = (np.concatenate(p, axis=-1) for p in zip(*parts, strict=True))
        return Predicted(week, chance, callus, mrust)

    def answers(self, features: Mapping[str, Any]) -> Answers:
        """Return what is known of courses, mean and spread of each function, (sample,) each.

        Parameters and errors as for :meth:`predict`.
        """
        parts = [answers for _, _, answers in self._blocks(_checked(features))]
        return Answers(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def sample(
        self, features: Mapping[str, Any], streams: Streams, who: NDArray[np.int64] | None = None
    ) -> Sampled:
        """Return one outcome of each course.

        The luck is that of the courses' numbers, so that the same patient has the same luck in
        every arm. Growth, week and amounts are drawn as :meth:`predict` expects them, week and
        amounts with the correlations of what is left over of runs left out. So what the emulator
        does not know of a course is luck here.

        Parameters
        ----------
        features
            As for :meth:`predict`.
        streams
            Luck.
        who
            Number of each course, (sample,), by which it has its luck; 0, 1, 2, ... unless given.
        """
        values = _checked(features)
        numbers = np.arange(values[inputs.GAP].size) if who is None else who
        last = int(numbers.max()) + 1
        growth = streams.named("emulator", "growth").random(last)[numbers]
        ties = self.knowledge.ties
        about = streams.named("emulator", "course").standard_normal((last, len(ties)))[numbers]
        union, callus, mrust = [], [], []
        for block, size, answers in self._blocks(values):
            own = about[block] @ ties.T
            grown = growth[block] < answers.growth
            week = np.exp(answers.middle + answers.spread * own[:, 0])
            seen = grown & (week <= WEEKS)
            union.append(np.where(seen, np.maximum(np.ceil(week), 1.0), np.inf))
            amounts = answers.amounts + answers.amounts_spread * own[:, 1:]
            roots, scores = np.split(amounts.T, 2)
            callus.append(np.where(grown, np.maximum(roots, 0.0) ** 2 * size, 0.0))
            score = np.clip(np.round(scores), LEAST_SCORE, MOST_SCORE)
            mrust.append(np.where(grown, score, LEAST_SCORE))
        return Sampled(*(np.concatenate(part, axis=-1) for part in (union, callus, mrust)))

    def _blocks(self, values: Values) -> Iterator[tuple[slice, Array, Answers]]:
        """Yield blocks, the rooms of their sites [m^3], and what is known of them."""
        count = values[inputs.GAP].size
        for start in range(0, count, BLOCK):
            block = slice(start, min(start + BLOCK, count))
            part = {name: value[block] for name, value in values.items()}
            yield block, room(part), self.knowledge.answers(part)

    @cached_property
    def digest(self) -> str:
        """Content name of what it learned and of the runs."""
        return digest.of_arrays(self._arrays())

    def _arrays(self) -> dict[str, Any]:
        return {
            **{f"learned/{name}": value for name, value in self.learned.as_arrays().items()},
            **{f"trained/{name}": value for name, value in self.trained.as_arrays().items()},
            **{f"fresh/{name}": value for name, value in self.fresh.as_arrays().items()},
        }

    def save(self, path: Path = SHIPPED) -> None:
        """Write it as one small file, with the digest of what it holds."""
        head = {"format": FORMAT, "about": self.about, "contents": self.digest}
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part, part.open("wb") as stream:
            np.savez_compressed(stream, head=np.array(json.dumps(head)), **self._arrays())

    @classmethod
    def load(cls, path: Path = SHIPPED, *, made_for: Mapping[str, Any] | None = None) -> Self:
        """Return the emulator in a file.

        Parameters
        ----------
        path
            The file; the one that comes with the program unless given.
        made_for
            The engine it must have been made for; the one of this program unless given.

        Raises
        ------
        InputError
            If there is no such file, or it was made for another engine.
        StoreError
            If the file is damaged.
        """
        if not path.is_file():
            raise InputError(f"there is no emulator at {path}; make one with `make emulate`")
        try:
            with np.load(path, allow_pickle=False) as held:
                arrays = {name: held[name] for name in held.files}
            head = json.loads(str(arrays.pop("head")))
            is_whole = head["contents"] == digest.of_arrays(arrays)
        except (OSError, ValueError, KeyError) as problem:
            raise StoreError(f"{path} is damaged and cannot be read ({problem})") from problem
        if not is_whole or head["format"] != FORMAT:
            raise StoreError(f"{path} does not hold what was written; make it anew")
        now = dict(made_for or engine())
        if head["about"]["engine"] != now:
            raise InputError(
                f"the emulator was made for another healing engine {_differ(head, now)}; make it "
                "anew with `make emulate`, or use the engine itself"
            )

        def below(start: str) -> dict[str, Any]:
            return {
                name.removeprefix(start): value
                for name, value in arrays.items()
                if name.startswith(start)
            }

        return cls(
            Learned.of_arrays(below("learned/")),
            Runs.of_arrays(below("trained/")),
            Runs.of_arrays(below("fresh/")),
            head["about"],
        )


def _checked(features: Mapping[str, Any]) -> Values:
    """Return inputs within their ranges, (sample,) each, or raise InputError."""
    inputs.check(features)
    shape = np.broadcast_shapes((1,), *(np.shape(value) for value in features.values()))
    return {
        name: np.broadcast_to(np.asarray(value, None if name == inputs.CARRIER else float), shape)
        for name, value in features.items()
    }


def _expected(answers: Answers, week: Array, size: Array) -> tuple[Array, Array, Array]:
    """Return chance of union by week, callus [m^3] and score that are expected."""
    chance = np.stack([answers.united_by(w) for w in week])
    roots, scores = np.split(answers.amounts.T, 2)
    spread, _ = np.split(answers.amounts_spread.T, 2)
    callus = answers.growth * size * (np.maximum(roots, 0.0) ** 2 + spread**2)
    score = np.clip(scores, LEAST_SCORE, MOST_SCORE)
    return chance, callus, LEAST_SCORE + answers.growth * (score - LEAST_SCORE)


def _differ(head: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return in words what differs between the engine of a file and that of the program."""
    then = head["about"]["engine"]
    if then["model"] != now["model"]:
        return f"(model {then['model']}, not {now['model']})"
    said = [
        f"{stage} {then['stages'].get(stage)}, now {version}"
        for stage, version in now["stages"].items()
        if then["stages"].get(stage) != version
    ]
    if then["numbers"] != now["numbers"]:
        said.append("numbers of the catalogue that it reads have changed")
    return f"({'; '.join(said)})"
