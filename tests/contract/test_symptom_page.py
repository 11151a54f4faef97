"""The page on joints, discs and tendons tells of each combination what the program does with it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from trephine.catalogue.symptom_posterior import FOLDER, SymptomPosterior, symptom_posterior
from trephine.catalogue.vocabulary import Product
from trephine.models.symptom_layout import PRODUCTS
from trephine.models.symptom_words import NAMES

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
    return "number" if seen.randomised else "course of a series"


@pytest.mark.parametrize("row", ROWS)
def test_the_table_says_what_the_posterior_holds(row: str) -> None:
    found = cells()[row]
    for product in ROWS[row]:
        assert found[:3] == [told(site, product) for site in SITES]
    assert found[3] == "no evidence"


TEXT = " ".join(PAGE.read_text(encoding="utf-8").split())
QUANTILES = (0.05, 0.5, 0.95)


def middle(values: Sequence[float] | np.ndarray, digits: int = 1) -> str:
    """Return a middle with its interval as the page prints them, of (5 %, middle, 95 %)."""
    low, half, high = (f"{float(one):.{digits}f}" for one in values)
    return f"{half} ({low} to {high})".replace("-", "\u2212")


def benefit(product: Product) -> np.ndarray:
    return FOUND.draws["benefit_of"][:, 0, PRODUCTS.index(product)]


def benefits(found: SymptomPosterior) -> list[str]:
    """Return the rows of the table of benefits in the knee."""
    rows = []
    for product in PRODUCTS:
        seen = found.seen("knee", str(product))
        if seen is None:
            continue
        draws = found.draws["benefit_of"][:, 0, PRODUCTS.index(product)]
        alone = found.randomised_only[str(product)]
        rows.append(
            f"| {NAMES[product]} | {middle(np.quantile(draws, QUANTILES))} | "
            f"{middle(alone) if seen.randomised else 'no such arm'} | "
            f"{'numbers' if seen.numbers else 'words alone'} |"
        )
    return rows


def test_the_page_has_the_benefit_of_every_product_of_the_knee() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = benefits(FOUND)
    assert len(rows) == 10
    assert [line for line in lines if line in rows] == rows
    moved = {**FOUND.draws, "benefit_of": FOUND.draws["benefit_of"] + 1.0}  # another posterior
    assert not set(benefits(replace(FOUND, draws=moved))) & set(lines)


def test_numbers_in_the_sentences_of_the_page_are_those_of_the_posterior() -> None:
    left = np.exp(-365.0 / FOUND.draws["waning"])
    spun, both = benefit(Product.CONCENTRATE), benefit(Product.CONCENTRATE_PLATELETS)
    steroid, cells = benefit(Product.CORTICOSTEROID), left[:, 2]
    luck = np.random.default_rng(1).normal(size=(100, FOUND.count))
    next_study = ((both + FOUND.draws["benefit_by_study"] * luck) * cells).ravel()
    waning = middle(np.quantile(FOUND.draws["waning"][:, 0], QUANTILES), 0)
    told = FOUND.diagnostics
    later = middle(np.quantile(spun * cells - steroid * left[:, 0], QUANTILES))
    for words in (
        f"over a corticosteroid at a year, {later}.",
        f"At a year it stands at {middle(np.quantile(both * cells, QUANTILES))}",
        f"which may differ, at {middle(np.quantile(next_study, QUANTILES), 0)}",
        f"wanes with {waning.replace(' (', ' days (')}",
        f"its early benefit is likely ({np.mean(steroid > 0.0):.0%})".replace("%", " %"),
        f"worst R-hat {told['worst_r_hat']:.3f}, at least {told['least_effective']:.0f} effective",
    ):
        assert words in TEXT


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
