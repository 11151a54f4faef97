"""A prescription is read from what people write, and what reads two ways is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trephine.case.document import validate
from trephine.case.prescription import Prescription, read
from trephine.core.errors import InputError

SAID: list[tuple[str, dict[str, Any]]] = [
    (
        "at least 30,000 progenitors and 1,500 per mL in the lesion (Paris assay)",
        {"progenitors": 3e4, "density": "1500 1/mL", "place": "lesion", "assay": "paris"},
    ),
    ("30000 CFU-F", {"progenitors": 3e4}),
    ("3e4 cfu at the gap", {"progenitors": 3e4}),
    ("50 thousand progenitors that stay", {"progenitors": 5e4, "place": "stays"}),
    ("50k progenitors that stay in the lesion", {"progenitors": 5e4, "place": "stays"}),
    ("1.5 million nucleated cells in the product", {"nucleated": 1.5e6, "place": "product"}),
    ("1,500 CFU/mL in the syringe", {"density": "1500 1/mL", "place": "product"}),
    ("30 000 colonies injected", {"progenitors": 3e4, "place": "injected"}),
    ("no fewer than 2,000 per ml by the Cleveland laboratory",
     {"density": "2000 1/mL", "assay": "cleveland"}),
    ("30,000 progenitors Paris assay", {"progenitors": 3e4, "assay": "paris"}),
    ("30,000 progenitors in the lesion by the closed tip series assay",
     {"progenitors": 3e4, "assay": "closed_tip_series"}),
    ("30,000 progenitors in the product, assay of Paris",
     {"progenitors": 3e4, "place": "product", "assay": "paris"}),
    ("20 million grown cells in the product",
     {"progenitors": 2e7, "place": "product", "grown": True}),
    ("30,000 progenitors and cultured cells count, Paris assay",
     {"progenitors": 3e4, "assay": "paris", "grown": True}),
    ("30,000 progenitors, culture-expanded or not, that stay",
     {"progenitors": 3e4, "place": "stays", "grown": True}),
    ("20,000 progenitors, at least 80 million TNC, and 1.5k/mL; reference assay",
     {"progenitors": 2e4, "nucleated": 8e7, "density": "1500 1/mL"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), SAID, ids=[text for text, _ in SAID])
def test_people_are_understood(text: str, meant: dict[str, Any]) -> None:
    found = read(text)
    assert found == validate(Prescription, meant, "meant")
    assert read(found.in_words()) == found
    assert read(text.upper()) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lots", "'lots' cannot be read; write a number of progenitors"),
        ("", "it holds no number"),
        ("30.000 progenitors", "reads two ways"),
        ("1,5 million progenitors", "reads two ways"),
        ("at most 30,000 progenitors", "only least numbers"),
        ("< 30,000 progenitors", "only least numbers"),
        ("30,000 bananas", "'bananas' cannot be read"),
        ("-5 progenitors", "'-' cannot be read"),
        ("0 progenitors", "must be more than 0"),
        ("nan progenitors", "'nan' cannot be read"),
        ("30,000 progenitors in the knee", "'knee' cannot be read"),
        ("3 progenitors and 4 progenitors", "says progenitors twice"),
        ("3 progenitors in the product in the lesion", "two places"),
        ("5 nucleated cells per mL", "as a number, not per mL"),
        ("30,000 progenitors without grown cells", "'without' cannot be read"),
        ("30,000 progenitors, not cultured", "'not' cannot be read"),
        ("30,000 progenitors per kg", "'per kg' cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_could(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        read(text)
    assert f"'{text}'" in str(raised.value)


def test_a_document_that_asks_for_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="asks for nothing"):
        validate(Prescription, {"place": "lesion"}, "prescription")


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        found = read(text)
    except InputError:
        return
    assert read(found.in_words()) == found
