"""The page on joints, discs and tendons tells of each combination what the program does with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from trephine.catalogue.symptom_posterior import symptom_posterior
from trephine.catalogue.vocabulary import Product

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "symptoms.md"
FOUND = symptom_posterior()
SITES = ("knee", "lumbar disc", "rotator cuff")
ROWS = {
    "marrow concentrate, once": (Product.CONCENTRATE,),
    "concentrate with platelets on one day": (Product.CONCENTRATE_PLATELETS,),
    "unspun marrow, once": (Product.MARROW,),
    "cultured cells with hyaluronic acid": (Product.CULTURED_CARRIER,),
    "cultured cells alone": (Product.CULTURED,),
    "stromal vascular fraction of fat": (Product.STROMAL_VASCULAR,),
    "cord tissue cells": (Product.CORD,),
    "platelets": (Product.PLATELETS,),
    "saline, corticosteroid, hyaluronic acid": (
        Product.SALINE,
        Product.CORTICOSTEROID,
        Product.HYALURONATE,
    ),
    "exercise": (Product.EXERCISE,),
    "no treatment": (Product.NONE,),
}
"""Rows of the table that the posterior decides, with their products."""


def cells() -> dict[str, list[str]]:
    """Return the cells of the table by the first of each row."""
    lines = [one for one in PAGE.read_text(encoding="utf-8").splitlines() if one.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in rows if len(row) == 5}


def told(site: str, product: Product) -> str:
    """Return what the table should say of a product at a site."""
    seen = FOUND.seen(site, str(product))
    if seen is None:
        return "no evidence"
    if not seen.numbers:
        return "words alone"
    return "number" if seen.randomised else "number, from a series"


@pytest.mark.parametrize("row", ROWS)
def test_the_table_says_what_the_posterior_holds(row: str) -> None:
    found = cells()[row]
    for product in ROWS[row]:
        assert found[:3] == [told(site, product) for site in SITES]
    assert found[3] == "no evidence"


def test_every_product_of_the_posterior_has_a_row() -> None:
    assert {arm.product for arm in FOUND.arms} <= {str(p) for ps in ROWS.values() for p in ps}
