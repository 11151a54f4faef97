"""Every record: valid, sourced, in its right kind and role, used, and with a sane spread."""

from __future__ import annotations

import dataclasses
import importlib
import math
import pkgutil
import re
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.records import Record, Source, Spread
from trephine.core.errors import CatalogueError
from trephine.core.units import Fraction, Unit
from trephine.models.beliefs import Beliefs
from trephine.models.reading import Reading, sampled

FACTS = catalogue()
SOURCES = [
    path
    for path in (Path(__file__).parents[2] / "src").rglob("*")
    if path.suffix in {".py", ".toml"} and path.name != "sources.toml"
]
MAY_SET_A_PARAMETER = {"calibrate", "prior", "definition"}


def modules() -> list[ModuleType]:
    """Return the modules that may hold parameter classes."""
    packages = [importlib.import_module(f"trephine.{name}") for name in ("models", "intake")]
    return [
        importlib.import_module(f"{package.__name__}.{entry.name}")
        for package in packages
        for entry in pkgutil.iter_modules(package.__path__)
    ]


PARAMETERS = {
    item.__name__: item
    for module in modules()
    for item in vars(module).values()
    if isinstance(item, type) and dataclasses.is_dataclass(item) and hasattr(item, "SECTION")
}
ROOTS = {f.type for f in dataclasses.fields(Beliefs)}


def used_by(kind: type[Any], rng: np.random.Generator | None = None) -> dict[str, float]:
    """Return the numbers that fill a parameter class, by record id."""
    reading = Reading(FACTS, None if rng is None else lambda _: rng)
    reading.fill(kind)
    return reading.used


def is_a_table(kind: type[Any]) -> bool:
    """Return whether a class is one row of a table of the catalogue, filled by its parent."""
    return any(
        kind in typing.get_args(hint)
        for parent in PARAMETERS.values()
        for hint in typing.get_type_hints(parent).values()
    )


CITED = {record.source for record in FACTS.records.values()} | {
    key
    for path in SOURCES
    for key in re.findall(r"\b[A-Z]\w+\d{4}\w?\b", path.read_text(encoding="utf-8"))
}
WHOLE = {name: kind for name, kind in PARAMETERS.items() if not is_a_table(kind)}


def test_there_is_something_to_check() -> None:
    assert len(FACTS.records) > 200
    assert len(FACTS.sources) > 20
    assert len(WHOLE) > 5


@pytest.mark.parametrize("identifier", FACTS.records)
def test_a_record_says_where_it_comes_from(identifier: str) -> None:
    record = FACTS.records[identifier]
    assert record.source in FACTS.sources
    assert math.isfinite(record.printed)
    if record.source != "design":
        assert record.where, "a number from a source names its place in it"
    if record.kind == "measured":
        assert record.access in {"seen", "seen_secondary", "recalled"}
        if record.source == "design":
            assert record.access == "seen_secondary", "a design choice is not a measurement"
    if record.access == "chosen":
        assert record.kind == "assumed", "what was chosen is assumed"
        assert record.role in {"prior", "definition"}


@pytest.mark.parametrize("key", FACTS.sources)
def test_a_source_is_named_and_used(key: str) -> None:
    source = FACTS.sources[key]
    assert source.where
    assert key in CITED, "nothing cites it"


@pytest.mark.parametrize("name", WHOLE)
def test_units_convert_to_what_the_model_takes(name: str) -> None:
    used = used_by(WHOLE[name])
    assert used
    assert all(math.isfinite(value) for value in used.values())


@pytest.mark.parametrize("name", WHOLE)
def test_only_a_role_that_may_sets_a_parameter(name: str) -> None:
    wrong = {
        identifier: FACTS.records[identifier].role
        for identifier in used_by(WHOLE[name])
        if FACTS.records[identifier].role not in MAY_SET_A_PARAMETER
    }
    assert wrong == {}


def test_no_record_lies_idle() -> None:
    used = {identifier for kind in WHOLE.values() for identifier in used_by(kind)}
    idle = {k for k, r in FACTS.records.items() if r.role in MAY_SET_A_PARAMETER} - used
    assert idle == set()


def test_beliefs_use_what_their_parts_use() -> None:
    beliefs = Beliefs.printed()
    assert set(beliefs.used) <= set(FACTS.records)
    assert beliefs.catalogue_digest == FACTS.digest
    assert set(beliefs.provisional) == set(beliefs.used) & FACTS.provisional


def test_calibration_sees_its_own_role_alone() -> None:
    seen = FACTS.calibration()
    assert seen
    assert {record.role for record in seen.values()} == {"calibrate"}
    held = made({"a.x": record(role="holdout"), "a.y": record(role="calibrate")})
    assert set(held.calibration()) == {"a.y"}


@pytest.mark.parametrize("identifier", [k for k, r in FACTS.records.items() if r.spread])
def test_a_spread_holds_its_printed_number(identifier: str) -> None:
    entry = FACTS.records[identifier]
    spread = entry.spread
    assert spread is not None
    if spread.low is not None and spread.high is not None:
        assert spread.low <= entry.printed <= spread.high
    elif spread.law == "lognormal":
        assert entry.printed > 0
        assert spread.sd is not None
        assert spread.sd < 2.5, "more than a factor of twelve in one sd"


@pytest.mark.parametrize("name", WHOLE)
def test_parameters_sampled_from_their_spreads_are_accepted(name: str) -> None:
    # A sample outside the bounds of its parameter raises; forty draws reach two sd and more.
    printed = used_by(WHOLE[name])
    for seed in range(40):
        drawn = used_by(WHOLE[name], np.random.default_rng(seed))
        assert drawn.keys() == printed.keys()


def test_samples_follow_their_law() -> None:
    luck = np.random.default_rng(5)
    laws = {
        "normal": (Spread(law="normal", sd=0.5), 4.0, 0.5),
        "lognormal": (Spread(law="lognormal", sd=0.1), 4.0 * math.exp(0.005), 0.4 * 1.01),
        "uniform": (Spread(law="uniform", low=2, high=8), 5.0, 6 / math.sqrt(12)),
        "range": (Spread(law="range", low=2, high=9), 4.5, math.sqrt(13 / 6)),
    }
    for law, (spread, mean, sd) in laws.items():
        drawn = np.array([sampled(record(spread=spread), luck) for _ in range(20_000)])
        assert drawn.mean() == pytest.approx(mean, abs=5 * sd / math.sqrt(20_000)), law
        assert drawn.std() == pytest.approx(sd, rel=0.03), law
    assert sampled(record(spread=laws["normal"][0]), None) == 4.0


@pytest.mark.parametrize(("low", "high", "below"), [(2, 9, 0.5), (4, 9, 0.0), (2, 4, 1.0)])
def test_a_range_keeps_its_printed_number_in_the_middle(
    low: float, high: float, below: float
) -> None:
    spread = Spread(law="range", low=low, high=high)
    drawn = sampled(record(spread=spread), np.random.default_rng(6), 20_000)
    assert np.mean(drawn < 4.0) == pytest.approx(below, abs=0.02)
    assert np.min(drawn) >= low
    assert np.max(drawn) <= high


def record(**changes: Any) -> Record:
    """Return a record of 4 mL."""
    plain: dict[str, Any] = {
        "about": "a volume",
        "printed": 4,
        "unit": "mL",
        "kind": "assumed",
        "source": "design",
        "access": "chosen",
        "role": "prior",
    }
    return Record(**{**plain, **changes})


def made(records: dict[str, Record]) -> Catalogue:
    return Catalogue(records, {"design": Source(title="t", where="w")}, {})


BROKEN = [
    {"law": "normal"},
    {"law": "normal", "sd": 0},
    {"law": "normal", "sd": 1, "low": 0},
    {"law": "lognormal", "low": 1, "high": 2},
    {"law": "uniform", "low": 1},
    {"law": "range", "low": 2, "high": 1},
    {"law": "range", "sd": 1, "low": 0, "high": 1},
    {"law": "beta", "sd": 1},
]


@pytest.mark.parametrize("spread", BROKEN, ids=str)
def test_a_broken_spread_is_refused(spread: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        Spread(**spread)


@pytest.mark.parametrize(
    "change",
    [{"kind": "guessed"}, {"role": "any"}, {"access": "heard"}, {"typo": 1}, {"about": ""}],
    ids=str,
)
def test_a_broken_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        record(**change)


@dataclasses.dataclass(frozen=True)
class Share:
    """A parameter class for the tests below."""

    SECTION: typing.ClassVar[str] = "a"
    share: Fraction


def test_a_number_out_of_bounds_or_of_another_kind_is_refused_by_its_id() -> None:
    for entry, said in (
        (record(unit="1"), r"a\.share: must be at most 1"),
        (record(unit="mL"), r"a\.share: 'mL' is not a plain number"),
    ):
        with pytest.raises(CatalogueError, match=said):
            Reading(made({"a.share": entry})).fill(Share)


def test_a_missing_record_is_told_with_the_nearest() -> None:
    with pytest.raises(CatalogueError, match=r"no record 'a\.share'; did you mean 'a\.shape'"):
        Reading(made({"a.shape": record()})).fill(Share)


def test_a_record_converts_what_is_printed() -> None:
    assert record().si("m^3") == pytest.approx(4e-6, rel=1e-15)
    with pytest.raises(ValueError, match="'mL' is not a length"):
        record().si("m")


def test_every_parameter_has_a_unit() -> None:
    for name, kind in PARAMETERS.items():
        for hint in typing.get_type_hints(kind, include_extras=True).values():
            if typing.get_origin(hint) is typing.ClassVar:
                continue
            has_unit = any(isinstance(m, Unit) for m in getattr(hint, "__metadata__", ()))
            holds_parameters = any(
                hasattr(inner, "SECTION") for inner in (hint, *typing.get_args(hint))
            )
            assert has_unit or holds_parameters, f"{name} has a number without a unit"
