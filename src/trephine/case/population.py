"""A population: patients who differ from a base case as stated laws say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from trephine.case import case as case_file
from trephine.case.case import Case
from trephine.case.document import Document, table, validate
from trephine.case.laws import Choice, Law, Said, Share, settled
from trephine.case.places import is_flag_at, put, unit_at, value_at
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.units import Fraction, Unit

FACT = re.compile(r"fact\.[a-z][a-z0-9_]*")
"""Names of facts that no case holds."""
PLAIN = Unit("1", "1")
Rank = Annotated[float, Unit("1", "1", ge=-0.99, le=0.99)]
Lost = Annotated[float, Unit("1", "1", ge=0, le=0.99)]
Wrong = list[tuple[tuple[str | int, ...], str]]


class Link(Said):
    """A correlation between two facts.

    Parameters
    ----------
    places
        Both facts, each with a law of its own.
    rank
        Spearman's rank correlation between them [-]. Yes ranks above no, and a later value of a
        choice above an earlier one; ties share their rank.
    """

    places: tuple[str, str]
    rank: Rank


class Population(Document):
    """Patients who differ from a base case as stated laws say.

    Parameters
    ----------
    about
        Who they are, in words.
    base
        The case that all of them are but for what varies: in a file the name of an example, the
        path of a case file, or the case itself as a table.
    vary
        A law for each place of the case that varies, written as ``--set`` takes it:
        ``site.gap.width``. A name such as ``fact.open`` is a fact that no case holds; scores of
        risk count it, the healing model does not see it.
    link
        Correlations; what no link names is independent.
    lost_per_year
        Share of the patients lost to follow-up in a year, evenly over time [-].
    missed_visits
        Share of the visits that are missed, each by itself [-].
    """

    about: str = ""
    base: Case
    vary: dict[str, Law] = Field(default_factory=dict)
    link: list[Link] = Field(default_factory=list)
    lost_per_year: Lost = 0.0
    missed_visits: Fraction = 0.0

    @model_validator(mode="wrap")
    @classmethod
    def _told_all_at_once(cls, given: Any, made: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401
        """Check laws against the base case even where another law cannot be read."""
        if isinstance(given, dict) and isinstance(given.get("base"), str):
            _tell([(("base",), _no_case(given["base"]))])
        try:
            found = made(given)
        except ValidationError as error:
            told = error.errors(include_url=False)
            rest = _without(given, [item["loc"] for item in told])
            if rest is None:
                raise
            wrong = made(rest)._misfits()  # noqa: SLF001  (its own class)
            _tell([(where, text) for where, text in wrong if where[0] != "link"], told)
        _tell(found._misfits())  # noqa: SLF001  (its own class)
        return found

    def _misfits(self) -> Wrong:
        """Return what does not fit together, each with its place."""
        wrong: Wrong = []
        for place, law in self.vary.items():
            wrong += [(("vary", place, *where), text) for where, text in self._unfit(place, law)]
        wrong += self._nested()
        for number, link in enumerate(self.link):
            wrong += [(("link", number, *where), text) for where, text in self._unknown(link)]
        pairs = [frozenset(link.places) for link in self.link]
        for number, pair in enumerate(pairs):
            if pair in pairs[:number]:
                wrong.append((("link", number, "places"), "these two are linked already"))
        return wrong

    def _unfit(self, place: str, law: Law) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what keeps a law from standing at its place, each with where in the law."""
        is_fact = place.startswith("fact.")
        if is_fact and not FACT.fullmatch(place):
            yield (), "write a fact as fact.open: small letters, digits and underscores"
            return
        try:
            unit = PLAIN if is_fact else unit_at(self.base, place)
        except LookupError as error:
            yield (), str(error.args[0])
            return
        if isinstance(law, Share):
            if not is_fact and not is_flag_at(self.base, place):
                yield ("law",), "a share is for what is true or false; write another law"
        elif isinstance(law, Choice):
            yield from self._unfit_choice(place, law, is_fact=is_fact)
        elif unit is None:
            accepted = "share or choice" if is_flag_at(self.base, place) else "choice"
            yield ("law",), f"there is no quantity at this place; write {accepted}"
        else:
            yield from ((((key,) if key else ()), text) for key, text in settled(law, unit)[1])

    def _unfit_choice(
        self, place: str, law: Choice, *, is_fact: bool
    ) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if law.weights is not None:
            if len(law.weights) != len(law.values):
                yield ("weights",), f"write one weight for each of the {len(law.values)} values"
            elif sum(law.weights) == 0:
                yield ("weights",), "at least one must be more than 0"
        if is_fact:
            if len({str if isinstance(v, str) else float for v in law.values}) > 1 or not all(
                isinstance(value, (str, int, float)) for value in law.values
            ):
                yield ("values",), "write texts alone or plain numbers alone"
            return
        for number, value in enumerate(law.values):
            try:
                self.with_values({place: value})
            except InputError as error:
                for problem in error.problems:
                    below = problem.place.removeprefix(place).strip(".")
                    yield (
                        ("values", number, *below.split("."))
                        if below
                        else (
                            "values",
                            number,
                        ),
                        problem.message,
                    )

    def _nested(self) -> Wrong:
        """Return the places that lie within another one that varies as a whole."""
        return [
            (("vary", place), f"lies within '{whole}', which varies as a whole; drop one of them")
            for place in self.vary
            for whole in self.vary
            if place.startswith(f"{whole}.")
        ]

    def _unknown(self, link: Link) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for number, place in enumerate(link.places):
            if place not in self.vary:
                yield ("places", number), f"has no law; {did_you_mean(place, self.vary)}"
        if link.places[0] == link.places[1]:
            yield ("places",), "write two different places"

    def with_values(
        self,
        values: dict[str, Any],
        plan: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> Case:
        """Return the base case with values put at places, checked.

        Parameters
        ----------
        values
            What a case file would hold, by place.
        plan
            Keys of the plan that replace those of the base, before the values are put.
        name
            What the case is called; as the base unless given.

        Raises
        ------
        InputError
            If the case is not valid, or a place is not in it.
        """
        document = deepcopy(self.base.as_written())
        document["plan"] = {**document["plan"], **(plan or {})}
        document["name"] = name or self.base.name
        problems = []
        for place, value in values.items():
            try:
                put(document, place, deepcopy(value))
            except LookupError as error:
                problems.append(Problem(place, str(error.args[0])))
        if problems:
            raise InputError(f"{document['name']} lacks what varies in the population", problems)
        return validate(Case, document, document["name"])

    def held(self, place: str) -> Any:  # noqa: ANN401  (whatever a case holds)
        """Return what the base case holds at a place, quantities in SI, or raise LookupError."""
        return value_at(self.base, place)


def _tell(wrong: Wrong, told: Sequence[Any] = ()) -> None:
    """Raise every problem of a population at once, each at its own place; return if none is."""
    problems: list[Any] = [*told]
    for where, text in wrong:
        said = PydanticCustomError("population", "{said}", {"said": text})
        problems.append(InitErrorDetails(type=said, loc=where, input=None))
    if problems:
        raise ValidationError.from_exception_data("Population", problems)


def _without(given: Any, told: Sequence[tuple[int | str, ...]]) -> dict[str, Any] | None:  # noqa: ANN401
    """Return a population's table less the laws that cannot be read and all links.

    None where something else is wrong, so that the rest cannot be checked.
    """
    if any(len(where) < 2 or where[0] not in {"vary", "link"} for where in told):
        return None
    bad = {where[1] for where in told}
    laws = {place: law for place, law in given["vary"].items() if place not in bad}
    return {**given, "vary": laws, "link": []}


def _examples() -> list[str]:
    folder = resources.files("trephine") / "cli" / "examples"
    return sorted(e.name.removesuffix(".toml") for e in folder.iterdir() if ".toml" in e.name)


def _no_case(base: str) -> str:
    hint = did_you_mean(base, _examples())
    return f"there is no example '{base}'; {hint} (the path of a case file ends in .toml)"


def with_base(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the table of a population with its base case itself in place of its name.

    A population is then whole: it needs no other file, wherever it is computed.

    Parameters
    ----------
    data
        The table as read from a file.
    folder
        Where that file lies; a case file is looked for from there.

    Raises
    ------
    InputError
        If a case file cannot be read or is not valid, or its site is no shaft.
    """
    base = data.get("base")
    if not isinstance(base, str):
        return data
    if base.endswith(".toml"):
        return {**data, "base": _shaft(folder / base).as_written()}
    if base not in _examples():
        return data  # told by the document, together with its other problems
    entry = resources.files("trephine") / "cli" / "examples" / f"{base}.toml"
    with resources.as_file(entry) as path:
        return {**data, "base": _shaft(path).as_written()}


def _shaft(path: Path) -> Case:
    return case_file.need_shaft(case_file.read(path), "a population")


def read(path: str | Path) -> Population:
    """Return the population that a TOML file describes.

    Raises
    ------
    InputError
        If the file cannot be read, is not TOML, or is not a valid population.
    """
    path = Path(path)
    return validate(
        Population, with_base(table(path, "a file of a population"), path.parent), path.name
    )
