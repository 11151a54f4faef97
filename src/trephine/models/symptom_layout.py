"""Names and places of what the fit of symptoms finds: sites, products, classes, parameters."""

from __future__ import annotations

from trephine.catalogue.vocabulary import Product

SITES = ("knee", "lumbar disc", "rotator cuff")
"""Joints, discs and tendons that have an arm."""

PRODUCTS = (
    Product.CONCENTRATE,
    Product.CONCENTRATE_PLATELETS,
    Product.MARROW,
    Product.CULTURED,
    Product.CULTURED_CARRIER,
    Product.STROMAL_VASCULAR,
    Product.CORD,
    Product.PLATELETS,
    Product.CORTICOSTEROID,
    Product.HYALURONATE,
    Product.EXERCISE,
)
"""Products with a benefit of their own; saline and no treatment have none by definition."""

KIN = {
    Product.CONCENTRATE_PLATELETS: Product.CONCENTRATE,
    Product.MARROW: Product.CONCENTRATE,
    Product.CULTURED_CARRIER: Product.CULTURED,
}
"""Products that lean on another until their own arms tell."""

CLASSES = ("corticosteroid", "hyaluronate", "cells")
"""Products share their onset and waning within a class."""

CLASS_OF = {Product.CORTICOSTEROID: 0, Product.HYALURONATE: 1}
"""The class of a product; all others have that of cells."""

CULTURED = (Product.CULTURED, Product.CULTURED_CARRIER)
"""Products whose dose is told in cells."""

FLARING = (
    Product.CONCENTRATE,
    Product.CONCENTRATE_PLATELETS,
    Product.MARROW,
    Product.CULTURED,
    Product.CULTURED_CARRIER,
    Product.STROMAL_VASCULAR,
    Product.CORD,
    Product.PLATELETS,
)
"""Products that bring the flare of cells."""


CELLS = CLASSES.index("cells")


def class_of(product: Product) -> int:
    """Return the place of a product's class."""
    return CLASS_OF.get(product, CELLS)
