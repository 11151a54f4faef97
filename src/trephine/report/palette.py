"""Owns the colours of a report: one for each tissue and each kind of cell, the same everywhere."""

from __future__ import annotations

from typing import NamedTuple


class Shade(NamedTuple):
    """A thing that is drawn, what to call it, and its colour."""

    key: str
    label: str
    colour: str


INK, MUTED, RULE, PAPER, ACCENT = "#1d2429", "#5b656c", "#d8dad5", "#fbfaf7", "#0b6e69"

NEW_BONE = "#e3aa3f"
SECOND = "#c9731a"
"""A second line beside one in the accent."""
TISSUES = (
    Shade("lamellar", "Lamellar new bone", "#f2d48a"),
    Shade("mineralised", "Mineralised woven bone", NEW_BONE),
    Shade("osteoid", "Woven bone without mineral", "#b5772c"),
    Shade("cartilage", "Cartilage", "#4a89c2"),
    Shade("fibrous", "Fibrous tissue", "#d79bab"),
    Shade("clot", "Clot", "#8c3a4b"),
    Shade("demineralised_bone", "Demineralised bone matrix", "#7f9c86"),
    Shade("allograft", "Allograft bone", "#b9b04a"),
    Shade("ceramic", "Ceramic", "#6b4e9b"),
)
"""What fills open tissue, in the order it is stacked; the rest is loose tissue and fluid."""
LOOSE = Shade("loose", "Loose tissue and fluid", "#ebe7df")

SITE = (
    Shade("bone", "Bone present at day 0", "#efe6d0"),
    Shade("metal", "Implant", "#8d969e"),
    Shade("canal", "Marrow canal", "#5a4632"),
    Shade("gap", "Gap, loose tissue", "#55434a"),
    Shade("soft", "Soft tissue around the bone", "#2b2426"),
)
"""What a section shows where no new tissue is."""

CELLS = (
    Shade("progenitor_injected", "Progenitors, injected", "#cf4a2c"),
    Shade("progenitor_host", "Progenitors, host", "#0b6e69"),
    Shade("osteoblast", "Osteoblasts", "#b07a14"),
    Shade("chondrocyte", "Chondrocytes", "#3b78b5"),
    Shade("fibroblast", "Fibroblasts", "#c17286"),
)

CATEGORIES = (
    "#0b6e69",
    "#d58b1d",
    "#3b78b5",
    "#c17286",
    "#6b4e9b",
    "#7f9c86",
    "#8c3a4b",
    "#4d4a45",
    "#b9b04a",
    "#45b0bf",
    "#a8612a",
    "#d9a6cf",
    "#1f3f66",
    "#e07a5f",
    "#5f7d1f",
    "#b3a5e0",
)
"""Colours for ways in and out that have no colour of their own; the first ones differ most."""
JOINED = "#9aa2a7"
"""Colour of ways that are drawn together."""

SCORES = ("#e9e6df", "#f0d9a4", "#e3aa3f", "#9a6412")
"""Cortex scores 1 to 4, pale to dark."""

LAYERS = (
    Shade("plasma", "Plasma", "#f2dfa6"),
    Shade("red_cells", "Red cells", "#96202b"),
    Shade("platelets", "Platelets", "#6b4e9b"),
    Shade("progenitors", "Progenitors (light cells)", "#cf4a2c"),
    Shade("mononuclear", "Lymphocytes, monocytes", "#3b78b5"),
    Shade("erythroblasts", "Erythroblasts", "#a8612a"),
    Shade("granulocytes", "Granulocytes and their precursors", "#0b6e69"),
)
"""What stands in layers in a spun tube."""


def rgb(colour: str) -> tuple[float, float, float]:
    """Return red, green and blue of a ``#rrggbb`` colour, 0 to 255."""
    red, green, blue = (float(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return red, green, blue
