"""Published series and trials: studies with their arms, doses and outcomes, as printed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Annotated, Any, Self, TypeVar, get_args

from pydantic import Field, ValidationError, model_validator

from trephine.catalogue.printed import Frozen, Printed
from trephine.catalogue.vocabulary import Condition, DoseMeasure, Measure, Outcome, Product, Role
from trephine.core import digest
from trephine.core.errors import CatalogueError, did_you_mean

Kind = TypeVar("Kind", bound=Frozen)
Count = Annotated[int, Field(ge=0)]

FOLDER = "cohorts"
DEFAULTS = ("source", "access", "confidence", "role")
"""What a value takes from its study unless it says otherwise."""


class Dose(Printed):
    """How much of a product the patients of an arm got or gave.

    Parameters
    ----------
    measure
        What was counted or measured.
    of
        Of what: the aspirate, the pool, the concentrate, the graft.
    """

    measure: DoseMeasure
    of: str = ""

    @property
    def what(self) -> str:
        """What was counted, in one piece of text."""
        return f"{self.measure}, {self.of}" if self.of else str(self.measure)


class Endpoint(Printed):
    """An outcome of an arm.

    Parameters
    ----------
    outcome
        Its standard name.
    measure
        How the outcome is put into a value.
    about
        What the study calls it, where that tells more.
    time
        When, as printed.
    events
        Patients with the outcome; several numbers where the study splits them.
    total
        Patients who were counted.
    against
        With what it is compared: another arm of the study, or words.
    """

    outcome: Outcome
    measure: Measure
    about: str = ""
    time: str = ""
    events: tuple[Count, ...] = ()
    total: Annotated[int, Field(gt=0)] | None = None
    against: str = ""

    @model_validator(mode="after")
    def _counts_are_possible(self) -> Self:
        if self.total is not None and sum(self.events) > self.total:
            raise ValueError("there are more events than patients")
        return self

    @property
    def what(self) -> str:
        """What was looked at, in one piece of text."""
        measure = "" if self.measure in {"share", "level", "comparison"} else f", {self.measure}"
        about = f": {self.about}" if self.about else ""
        return f"{self.outcome}{measure}{about}"

    @property
    def certainty(self) -> str:
        """Counts, spread and test, in one piece of text."""
        counts = " and ".join(str(n) for n in self.events)
        if counts and self.total:
            counts += f" of {self.total}"
        return "; ".join(part for part in (counts, super().certainty) if part)


class Arm(Frozen):
    """Patients who were treated alike, or a part of them that is told apart.

    Parameters
    ----------
    label
        As the study calls it.
    product
        What they got, by its standard name.
    product_printed
        What they got, in the words of the source.
    n
        How many there were, in what the study counts.
    part_of
        Arm that holds these patients too.
    against
        Arm that is the comparator.
    doses, endpoints
        By name.
    """

    label: str
    product: Product
    product_printed: str = ""
    n: Annotated[int, Field(gt=0)] | None = None
    part_of: str = ""
    against: str = ""
    doses: Mapping[str, Dose] = {}
    endpoints: Mapping[str, Endpoint] = {}


class Study(Frozen):
    """A published series, trial or review.

    Parameters
    ----------
    year
        Year of publication, where known.
    design
        As its source tells it.
    condition
        By its standard name.
    site
        Bone, joint or tissue.
    population
        Who was in it, in the words of the evidence table.
    counted
        What ``n`` counts: patients, hips, nonunions.
    sizes
        How large the whole study is, by what is counted.
    source
        Identifiers and addresses.
    arms
        By name.
    inconsistencies
        What does not fit in the source itself, in words.
    notes
        What else belongs to it.
    """

    year: int | None = None
    design: str
    condition: Condition
    site: str
    population: str
    counted: str = "patients"
    sizes: Mapping[str, Annotated[int, Field(gt=0)]] = {}
    source: str
    arms: Mapping[str, Arm]
    inconsistencies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _arms_know_each_other(self) -> Self:
        if not self.arms:
            raise ValueError("a study needs an arm")
        for key, arm in self.arms.items():
            for field in ("part_of", "against"):
                other = getattr(arm, field)
                if other and (other == key or other not in self.arms):
                    hint = did_you_mean(other, set(self.arms) - {key})
                    raise ValueError(f"arms.{key}.{field}: no other arm '{other}'; {hint}")
        return self

    def values(self) -> Iterator[tuple[str, str, Dose | Endpoint]]:
        """Yield each value with the name of its arm and its own."""
        for arm, entry in self.arms.items():
            for name, dose in entry.doses.items():
                yield arm, name, dose
            for name, endpoint in entry.endpoints.items():
                yield arm, name, endpoint

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of its values, in their order of use."""
        own = {value.role for _, _, value in self.values()}
        return tuple(role for role in get_args(Role) if role in own)


def cohorts(role: Role | None = None) -> Mapping[str, Study]:
    """Return the published studies by name, or what of them has one role and nothing else.

    A fit takes ``cohorts("calibrate")``: values of other roles, arms that keep no value, studies
    that keep no arm, and every remark are left out, so that nothing held out can reach it.

    Raises
    ------
    CatalogueError
        If a data file is malformed; says the place.
    """
    return _shipped() if role is None else only(_shipped(), role)


def only(studies: Mapping[str, Study], role: Role) -> Mapping[str, Study]:
    """Return what of the studies has a role; see ``cohorts``."""
    if role not in get_args(Role):
        raise CatalogueError(f"'{role}' is no role; {did_you_mean(role, get_args(Role))}")
    kept = {}
    for name, study in studies.items():
        arms = {}
        for key, arm in study.arms.items():
            doses = {k: _silent(v) for k, v in arm.doses.items() if v.role == role}
            endpoints = {k: _silent(v) for k, v in arm.endpoints.items() if v.role == role}
            if doses or endpoints:
                arms[key] = arm.model_copy(update={"doses": doses, "endpoints": endpoints})
        arms = {
            key: arm.model_copy(
                update={f: "" for f in ("part_of", "against") if getattr(arm, f) not in arms}
            )
            for key, arm in arms.items()
        }
        if arms:
            kept[name] = study.model_copy(
                update={"arms": arms, "notes": (), "inconsistencies": (), "sizes": {}}
            )
    return MappingProxyType(kept)


def endpoints(studies: Mapping[str, Study]) -> dict[str, Endpoint]:
    """Return every outcome by its id, ``study.arm.name``."""
    return {i: v for i, v in values(studies).items() if isinstance(v, Endpoint)}


def values(studies: Mapping[str, Study]) -> dict[str, Dose | Endpoint]:
    """Return every dose and outcome by its id, ``study.arm.name``."""
    return {
        f"{key}.{arm}.{name}": value
        for key, study in studies.items()
        for arm, name, value in study.values()
    }


def study_of(name: str, studies: Mapping[str, Study]) -> Study:
    """Return a study, or raise CatalogueError that names the nearest known one."""
    if name not in studies:
        raise CatalogueError(f"there is no published study '{name}'; {did_you_mean(name, studies)}")
    return studies[name]


def fingerprint(studies: Mapping[str, Study]) -> str:
    """Return the content name of studies, for what was fitted to them or tested on them."""
    return digest.of_document({k: s.model_dump(mode="json") for k, s in sorted(studies.items())})


def parsed(data: Mapping[str, Any], place: str) -> Study:
    """Return a study from the tables of its file.

    A value takes source, access, confidence and role from the top of the file unless it says
    otherwise.
    """
    top = dict(data)
    common = {key: top.pop(key) for key in DEFAULTS if key in top and key != "source"}
    common["source"] = top.get("source", "")
    arms = {}
    for key, arm in dict(top.pop("arms", {})).items():
        arms[key] = dict(arm)
        for group in ("doses", "endpoints"):
            entries = arm.get(group, {})
            arms[key][group] = {k: {**common, **v} for k, v in entries.items()}
    return checked(Study, {**top, "arms": arms}, place)


def checked(kind: type[Kind], data: object, place: str) -> Kind:
    """Return validated data, or raise CatalogueError with every place that is wrong."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        what = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise CatalogueError(f"{place}: {what}") from None


def files(*folders: str) -> list[tuple[str, Traversable]]:
    """Return the data files in a folder of the catalogue by name."""
    folder = resources.files("trephine.catalogue").joinpath("data", *folders)
    if not folder.is_dir():
        return []
    found = [(e.name.removesuffix(".toml"), e) for e in folder.iterdir()]
    return sorted((n, e) for n, e in found if e.name.endswith(".toml"))


def read(entry: Traversable, place: str) -> dict[str, Any]:
    """Return the tables of a data file, or raise CatalogueError."""
    try:
        return tomllib.loads(entry.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{place}: {error}") from None


def _silent(value: Dose | Endpoint) -> Dose | Endpoint:
    return value.model_copy(update={"note": ""})


@cache
def _shipped() -> Mapping[str, Study]:
    return MappingProxyType(
        {
            name: parsed(read(entry, f"{FOLDER}/{name}.toml"), f"{FOLDER}/{name}.toml")
            for name, entry in files(FOLDER)
        }
    )
