"""The page on joints, discs and tendons tells of each combination what the program does with it."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from trephine.catalogue.symptom_posterior import FOLDER, symptom_posterior
from trephine.catalogue.vocabulary import Product

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "symptoms.md"
SCORES = Path(__file__).parents[2] / "validation/conditions/joints-discs-and-tendons.json"
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


def test_the_scorecard_has_every_value_left_out_of_what_ships() -> None:
    data = resources.files("trephine.catalogue") / "data" / FOLDER / "table.toml"
    table = tomllib.loads(data.read_text(encoding="utf-8"))["left_out"]
    kept = json.loads(SCORES.read_text(encoding="utf-8"))["scores"]
    rows = [one for one in kept if one["study"] in {left["study"] for left in table}]
    rows = [one for one in rows if one["role"] == "not fitted"]
    assert [one["study"] for one in rows] == [left["study"] for left in table]
    inside = [left["low"] <= left["published"] <= left["high"] for left in table]
    assert [one["verdict"] == "inside" for one in rows] == inside
    assert f"{sum(inside) / len(inside):.0%} of {len(inside)}".replace("%", " %") in " ".join(
        PAGE.read_text(encoding="utf-8").split()
    ), "the page tells another coverage"
