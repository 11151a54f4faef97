"""The document of a population: what it accepts, and how it says what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trephine.case import case as case_file
from trephine.case.document import validate
from trephine.case.population import Population, read, with_base
from trephine.core.errors import InputError

AGE = {"law": "normal", "mean": "40 year", "sd": "12 year", "low": "18 year"}
FIXATIONS = [
    {"kind": "nail", "nail_diameter": "9 mm"},
    {"kind": "cast", "axial_stiffness": "200 N/mm"},
]


def made(vary: dict[str, Any] | None = None, **more: Any) -> Population:
    table = {"base": "tibia-nonunion", "vary": vary or {}, **more}
    return validate(Population, with_base(table, Path()), "x.toml")


def told(vary: dict[str, Any] | None = None, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        made(vary, **more)
    return str(caught.value)


def test_a_population_holds_its_base_and_comes_back_from_what_it_writes() -> None:
    one = made({"patient.age": AGE, "fact.open": {"law": "share", "share": "20 %"}})
    again = validate(Population, one.as_written(), "again")
    assert again.base.site.bone == "tibia"
    assert again.digest == one.digest


def test_a_base_is_an_example_or_a_case_file_beside_the_population(tmp_path: Path) -> None:
    base = made().base
    case_file.write(base, tmp_path / "mine.toml")
    text = 'base = "mine.toml"\n[vary]\n"patient.mass" = { law = "uniform", '
    (tmp_path / "who.toml").write_text(f'{text}low = "60 kg", high = "80 kg" }}\n')
    assert read(tmp_path / "who.toml").base == base
    (tmp_path / "lost.toml").write_text('base = "yours.toml"\n')
    with pytest.raises(InputError, match=r"yours\.toml: there is no such file"):
        read(tmp_path / "lost.toml")
    said = "base: there is no example 'tibia-nonuion'; did you mean 'tibia-nonunion'?"
    assert said in told(base="tibia-nonuion")


WRONG: dict[str, tuple[str, Any, str]] = {
    "unknown place": ("patient.agee", AGE, "no such place; did you mean 'patient.age'?"),
    "unknown entry": (
        "plan.steps.9.day",
        AGE,
        "no such place; did you mean 'plan.steps.3.day'?",
    ),
    "another kind": ("site.gap.width", AGE, ".mean: '40 year' is not a length; write for"),
    "no unit": ("patient.age", {**AGE, "sd": 12}, ".sd: write the unit, for example '10 year'"),
    "unknown key": ("patient.age", {**AGE, "lo": 1}, ".lo: unknown key; did you mean 'low'?"),
    "unknown law": ("patient.age", {"law": "norml"}, ".law: 'norml' is unknown; did you mean"),
    "no spread": ("patient.age", {**AGE, "sd": "0 year"}, ".sd: must be more than 0 year"),
    "out of bounds": (
        "site.biology.perfusion",
        {"law": "uniform", "low": 0.5, "high": 1.5},
        ".high: must be at most 1",
    ),
    "ends swapped": (
        "patient.mass",
        {"law": "uniform", "low": "80 kg", "high": "60 kg"},
        ".low: must be less than high",
    ),
    "nothing within": ("patient.age", {**AGE, "low": "90 year"}, "of the law lies between"),
    "two ways": (
        "site.gap.width",
        {"law": "lognormal", "median": "3 mm", "sd": "1 mm"},
        "write either median and factor, or mean and sd",
    ),
    "a law for a flag": ("patient.smoker", AGE, ".law: there is no quantity at this place"),
    "a share of a quantity": (
        "patient.age",
        {"law": "share", "share": 0.5},
        ".law: a share is for what is true or false",
    ),
    "a value of a choice": (
        "patient.sex",
        {"law": "choice", "values": ["male", "fem"]},
        ".values.1: 'fem' is not accepted; write 'female' or 'male'",
    ),
    "a table of a choice": (
        "site.fixation",
        {"law": "choice", "values": [{"kind": "nail"}]},
        ".values.0: a nail needs nail_diameter",
    ),
    "weights": (
        "patient.sex",
        {"law": "choice", "values": ["male", "female"], "weights": [1]},
        ".weights: write one weight for each of the 2 values",
    ),
    "name of a fact": ("fact.Open", {"law": "share", "share": 1}, "write a fact as fact.open"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_is_told_with_place_and_remedy(case: tuple[str, Any, str]) -> None:
    place, law, said = case
    message = told({place: law})
    assert f"  vary.{place}" in message
    assert said in message


def test_every_problem_is_told_at_once_even_beside_a_law_that_cannot_be_read() -> None:
    broken = {place: law for place, law, _ in WRONG.values()}
    message = told(broken, lost_per_year=0.2)
    assert all(f"  vary.{place}" in message for place in broken)


def test_links_name_two_facts_with_laws_once() -> None:
    vary = {"patient.age": AGE, "fact.open": {"law": "share", "share": 0.3}}
    pair = {"places": ["patient.age", "fact.open"], "rank": 0.2}
    assert made(vary, link=[pair]).link[0].rank == 0.2
    again = {"places": ["fact.open", "patient.age"], "rank": 0.1}
    for links, said in (
        ([{"places": ["patient.age", "fact.opne"], "rank": 0.2}], "did you mean 'fact.open'?"),
        ([{"places": ["patient.age", "patient.age"], "rank": 0.2}], "two different places"),
        ([pair, again], "link.1.places: these two are linked already"),
        ([{**pair, "rank": 1}], "link.0.rank: must be at most 0.99"),
    ):
        assert said in told(vary, link=links)


def test_nothing_varies_within_a_table_that_varies_as_a_whole() -> None:
    whole = {"law": "choice", "values": FIXATIONS}
    within = {"law": "choice", "values": ["nail"]}
    message = told({"site.fixation": whole, "site.fixation.kind": within})
    assert "vary.site.fixation.kind: lies within 'site.fixation'" in message
