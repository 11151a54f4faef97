"""Documents for all inputs: written and read back the same; broken ones are refused in words."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from trephine.case.case import Case, read, write
from trephine.case.document import validate
from trephine.core.errors import InputError, Problem

EXAMPLE = Path(__file__).parents[2] / "src/trephine/cli/examples/femur-nonunion.toml"
WRITTEN = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def lengths(low: int, high: int) -> st.SearchStrategy[str]:
    """Return texts of lengths, in thousandths of a millimetre between two bounds."""
    return st.integers(low * 1000, high * 1000).map(lambda n: f"{n / 1000:.3f} mm")


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Return a valid case as plain data."""
    data = copy.deepcopy(WRITTEN)
    data["patient"]["age"] = f"{draw(st.integers(0, 119))} year"
    data["patient"]["mass"] = f"{draw(st.integers(30, 200))} kg"
    data["patient"]["smoker"] = draw(st.booleans())
    data["site"]["shaft"]["outer_diameter"] = draw(lengths(25, 40))
    data["site"]["shaft"]["canal_diameter"] = draw(lengths(12, 24))
    data["site"]["shaft"]["ovality"] = draw(st.floats(1.0, 1.5))
    data["site"]["gap"]["width"] = draw(lengths(1, 40))
    data["site"]["gap"]["tilt"] = f"{draw(st.floats(0, 59)):.4f} deg"
    data["site"]["biology"]["perfusion"] = draw(st.floats(0, 1))
    steps = data["plan"]["steps"]
    data["plan"]["steps"] = draw(st.permutations(steps))[: draw(st.integers(0, len(steps)))]
    return data


@given(data=cases())
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.too_slow])
def test_a_case_survives_the_file(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.mktemp("case") / "case.toml"
    case = validate(Case, data, "x")
    write(case, path)
    assert read(path) == case
    assert read(path).digest == case.digest


@given(data=cases(), width=lengths(1, 40))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.too_slow])
def test_a_change_changes_that_alone(data: Any, width: str) -> None:
    case = validate(Case, data, "x")
    changed = case.changed({"site": {"gap": {"width": width}}})
    back = changed.changed({"site": {"gap": {"width": case.as_written()["site"]["gap"]["width"]}}})
    assert back == case
    assert changed.plan == case.plan
    assert changed.patient == case.patient
    assert (changed.digest == case.digest) == (changed.site.gap.width == case.site.gap.width)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the place of every value in nested data, tables and lists included."""
    inner = data.items() if isinstance(data, dict) else enumerate(data)
    found = []
    for key, value in inner:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found.extend(places(value, (*path, key)))
    return found


JUNK = st.one_of(
    st.none().map(lambda _: "abc"),
    st.integers(-5, 5),
    st.floats(),
    st.booleans(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(), max_size=2),
    st.sampled_from(["4 mL", "4 mm", "-4 mm", "nan mm", "1e99 mm", "4,5 mm", "%"]),
)


@given(place=st.sampled_from(places(WRITTEN)), junk=JUNK)
@hypothesis.settings(max_examples=300)
def test_junk_anywhere_is_accepted_or_refused_in_words(place: tuple[Any, ...], junk: Any) -> None:
    data: Any = copy.deepcopy(WRITTEN)
    here = data
    for part in place[:-1]:
        here = here[part]
    here[place[-1]] = junk
    problems: tuple[Problem, ...] = ()
    try:
        assert tomli_w.dumps(validate(Case, data, "x").as_written())
    except InputError as refusal:
        problems = refusal.problems
    for problem in problems:
        assert problem.message
        assert "Input should" not in problem.message  # the validator's own words are not ours


@given(place=st.sampled_from(places(WRITTEN)))
def test_an_unknown_key_is_refused_wherever_it_stands(place: tuple[Any, ...]) -> None:
    data: Any = copy.deepcopy(WRITTEN)
    here = data
    for part in place:
        here = here[part]
    if not isinstance(here, dict):
        return
    here["unheard_of"] = "4 mL"
    with pytest.raises(InputError) as refusal:
        validate(Case, data, "x")
    where = ".".join(str(part) for part in (*place, "unheard_of"))
    assert [problem.place for problem in refusal.value.problems] == [where]
