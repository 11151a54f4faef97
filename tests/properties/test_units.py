"""Units for all inputs: what is written is read back to the last bit; nothing else gets in."""

from __future__ import annotations

import math

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trephine.core.units import KINDS, Unit, factor, in_unit, to_si

UNITS = [
    Unit("m", "mm"),
    Unit("m^2", "mm^2"),
    Unit("m^3", "mL"),
    Unit("m^3/s", "mL/min"),
    Unit("m^2/s", "mm^2/d"),
    Unit("s", "d"),
    Unit("s", "year"),
    Unit("1/s", "1/d"),
    Unit("1/m^3", "1/mL"),
    Unit("kg/m^3", "g/cm^3"),
    Unit("rad", "deg"),
    Unit("N/m", "N/mm"),
    Unit("Pa", "mmHg"),
    Unit("1", "1"),
    Unit("1", "%"),
]
NUMBERS = st.floats(min_value=-1e30, max_value=1e30).filter(lambda x: x == 0 or abs(x) > 1e-30)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.shown)
@given(value=NUMBERS)
def test_what_is_written_is_read_back_to_the_last_bit(unit: Unit, value: float) -> None:
    assert unit.read(unit.write(value)) == value


@given(number=st.integers(-999_999, 999_999), places=st.integers(0, 6))
def test_a_number_as_a_person_writes_it_comes_back_as_written(number: int, places: int) -> None:
    typed = f"{number / 10**places:.{places}f}"
    unit = Unit("m^3", "mL")
    again = unit.write(unit.read(f"{typed} mL"))
    assert float(again.removesuffix(" mL")) == float(typed)
    assert len(again) <= len(f"{typed} mL") + 1


@given(value=NUMBERS)
def test_percent_is_a_hundredth(value: float) -> None:
    assert to_si(f"{value!r} %", "1") == pytest.approx(value / 100, rel=1e-15, abs=0)


@given(value=NUMBERS, unit=st.sampled_from(UNITS))
def test_in_unit_undoes_the_factor(value: float, unit: Unit) -> None:
    if unit.is_plain:
        return
    there = value * factor(unit.shown, unit.si)
    assert in_unit(there, unit.si, unit.shown) == pytest.approx(value, rel=1e-15, abs=0)


@given(value=st.floats(allow_nan=False, allow_infinity=False), si=st.sampled_from(sorted(KINDS)))
def test_a_bare_number_is_taken_for_a_plain_number_only(value: float, si: str) -> None:
    if si == "1":
        assert Unit("1", "1").read(value) == value
        return
    for bare in (value, repr(value)):
        with pytest.raises(ValueError, match="write the unit"):
            Unit(si, si).read(bare)


@given(mine=st.sampled_from(sorted(KINDS)), other=st.sampled_from(sorted(KINDS)))
def test_an_example_of_one_kind_is_refused_by_every_other(mine: str, other: str) -> None:
    if mine != other:
        with pytest.raises(ValueError, match=r"is not|write the unit"):
            to_si(KINDS[other][1], mine)


@hypothesis.settings(max_examples=300)
@given(text=st.text(max_size=40))
def test_any_text_is_a_finite_value_or_refused_in_words(text: str) -> None:
    value, said = 1.0, "for example"
    try:
        value = Unit("m^3", "mL", gt=0).read(text)
    except ValueError as refusal:
        said = str(refusal)
    assert "for example" in said or "must be" in said
    assert math.isfinite(value)
    assert value > 0


@given(
    number=st.sampled_from(["4", "4.5", "1e3", ".5", "-1", "4,5", "1_000", "0x1"]),
    unit=st.text(alphabet="mLk^*/ 1.,+()%°", max_size=8),
)
def test_a_unit_made_of_odd_signs_never_changes_the_number(number: str, unit: str) -> None:
    # Whatever is accepted is the typed number times a factor of its unit, nothing computed.
    text = f"{number} {unit}"
    try:
        value = to_si(text, "m^3")
    except ValueError:
        return
    assert value == pytest.approx(float(number) * factor(unit.strip(), "m^3"), rel=1e-15)
