"""Units at the door: what a text is worth in SI, and what is refused in which words."""

from __future__ import annotations

import math

import pytest

from trephine.core.units import KINDS, Unit, factor, in_unit, to_si


@pytest.mark.parametrize(
    ("text", "si", "value"),
    [
        ("4 mL", "m^3", 4e-6),
        ("4mL", "m^3", 4e-6),
        ("  4  cc ", "m^3", 4e-6),
        ("2 wk", "s", 1_209_600.0),
        ("1 mo", "s", 30.4375 * 86400),
        ("47 year", "s", 47 * 365.25 * 86400),
        ("1e5 cells/mL", "1/m^3", 1e11),
        ("1000 1/mL", "1/m^3", 1e9),
        ("1000/mL", "1/m^3", 1e9),
        ("2e7 CFU", "1", 2e7),
        ("40 %", "1", 0.4),
        ("40%", "1", 0.4),
        ("40 percent", "1", 0.4),
        ("0.4", "1", 0.4),
        ("180 deg", "rad", math.pi),
        ("180°", "rad", math.pi),
        ("0.3 mm^2/d", "m^2/s", 0.3e-6 / 86400),
        ("5 mm²", "m^2", 5e-6),
        ("3 µm", "m", 3e-6),
        ("10 mL/min", "m^3/s", 1e-5 / 60),
        ("2000 N/mm", "N/m", 2e6),
        ("40 mmHg", "Pa", 40 * 133.322387415),
        ("4 mPa*s", "Pa*s", 4e-3),
        ("1.06 g/cm^3", "kg/m^3", 1060.0),
        ("-3 mm", "m", -3e-3),
        ("6.2 G/L", "1/m^3", 6.2e12),
        ("6.2 Gpt/l", "1/m^3", 6.2e12),
        ("4.8 T/L", "1/m^3", 4.8e15),
        ("6.2 K/\u00b5L", "1/m^3", 6.2e12),
        ("4.8 M/uL", "1/m^3", 4.8e15),
        ("6.2 x10^9/L", "1/m^3", 6.2e12),
        ("6.2x10^9/L", "1/m^3", 6.2e12),
        ("6.2 10^9/L", "1/m^3", 6.2e12),
        ("6.2 \u00d7 10\u2079/L", "1/m^3", 6.2e12),
        ("4.8 x10E12/L", "1/m^3", 4.8e15),
        ("24 million/mL", "1/m^3", 24e12),
        ("24 million cells/mL", "1/m^3", 24e12),
        ("240 thousand/\u00b5L", "1/m^3", 240e12),
        ("2 million", "1", 2e6),
        ("5 T/L", "kg/m^3", None),  # giga and tera count cells alone
    ],
)
def test_a_text_has_its_value_in_si(text: str, si: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match="is not a"):
            to_si(text, si)
        return
    assert to_si(text, si) == pytest.approx(value, rel=4e-16, abs=0)


@pytest.mark.parametrize("si", sorted(KINDS))
def test_every_example_in_a_message_is_accepted(si: str) -> None:
    kind, example = KINDS[si]
    assert kind
    assert to_si(example, si) > 0


@pytest.mark.parametrize("text", ["4", "1e3", "1E3", " 4.0 "])
def test_a_number_without_its_unit_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"^write the unit, for example '4 mL'$"):
        to_si(text, "m^3")


@pytest.mark.parametrize(
    ("text", "si", "said"),
    [
        ("3 kg", "m^3", "'3 kg' is not a volume; write for example '4 mL'"),
        ("4 mL/min", "m^3", "'4 mL/min' is not a volume; write for example '4 mL'"),
        ("4 mlx", "m^3", "'4 mlx' is not a volume; write for example '4 mL'"),
        ("5 kg", "m^2", "'5 kg' is not an area; write for example '5 cm^2'"),
        ("5 deg", "1", "'5 deg' is not a plain number; write for example '0.4'"),
        ("10 %", "rad", "'10 %' is not an angle; write for example '10 deg'"),
    ],
)
def test_another_kind_is_refused_in_words(text: str, si: str, said: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011  (the whole message is compared)
        to_si(text, si)
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("4,5 mL", "'4,5 mL' is not a volume; write a decimal point, for example '4.5 mL'"),
        ("1,500 mL", "'1,500 mL' is not a volume; write for example '1.500 mL' or '1500 mL'"),
        ("1,500,000 mL", "'1,500,000 mL' is not a volume; write for example '4 mL'"),
    ],
)
def test_a_comma_is_told_and_never_guessed(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011  (the whole message is compared)
        to_si(text, "m^3")
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (31, "must be at most 1; for 31 in a hundred write '31 %'"),
        (1.2, "must be at most 1"),
        (940, "must be at most 1"),
    ],
)
def test_a_share_in_per_cent_without_its_sign_is_told(given: float, said: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011  (the whole message is compared)
        Unit("1", "1", ge=0, le=1).read(given)
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    "text",
    [
        "4,5 mL",  # a decimal comma: ten times the dose if it were dropped
        "1_000 mL",
        "4 mL + 3 mL",
        "1/2 mL",
        "4 mL/0",
        "9**9**9 mL",  # never worked out
        "mL",
        "",
        "four mL",
        "nan mL",
        "inf mL",
        "4 mL mL",
        "4 mL; 5",
        "4 10 mL",  # a power wants its sign
        "4 x 10 mL",
        "4 10*9 mL",
        "410^9 mL",
        "4 millionmL",
        "4 billion mL",  # nine zeros in one language, twelve in another
        "__import__('os')",
    ],
)
def test_nothing_is_computed_or_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="is not a volume"):
        to_si(text, "m^3")


def test_factors_are_exact_in_decimals() -> None:
    assert factor("mL", "m^3") == 1e-6
    assert factor("1/mL", "1/m^3") == 1e6
    assert factor("1e6/mL", "1/m^3") == 1e12
    assert factor("", "1") == factor("-", "1") == factor("1", "1") == 1.0
    assert in_unit(4e-6, "m^3", "mL") == 4.0


def test_a_unit_of_another_kind_has_no_factor() -> None:
    with pytest.raises(ValueError, match="'N/mm' is not a volume"):
        factor("N/mm", "m^3")
    with pytest.raises(ValueError, match="'rpm' is not a rate"):
        factor("rpm", "1/s")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (4, "write the unit, for example '4 mL'"),
        (True, "write a volume, for example '4 mL'"),
        (None, "write a volume, for example '4 mL'"),
        (["4 mL"], "write a volume, for example '4 mL'"),
        ("0 mL", "must be more than 0 mL"),
        ("11 mL", "must be at most 10 mL"),
        ("1e400 mL", "must be a finite number"),
    ],
)
def test_a_field_says_what_it_wants(given: object, said: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011  (the whole message is compared)
        Unit("m^3", "mL", gt=0, le=1e-5).read(given)
    assert str(refusal.value) == said


@pytest.mark.parametrize("given", [math.nan, math.inf, -math.inf, 10**400, "1e999"])
def test_a_plain_number_is_finite(given: object) -> None:
    with pytest.raises(ValueError, match="must be a finite number"):
        Unit("1", "1").read(given)


def test_a_lower_bound_that_is_itself_allowed() -> None:
    unit = Unit("s", "d", ge=0)
    assert unit.read("0 d") == 0.0
    with pytest.raises(ValueError, match="must be at least 0 d"):
        unit.read("-1 d")


def test_the_example_is_in_the_unit_of_the_field() -> None:
    with pytest.raises(ValueError, match="for example '10 year'"):
        Unit("s", "year").read("47")
