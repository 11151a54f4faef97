"""Every kind of processing, and fat, told in a sentence."""

from __future__ import annotations

import pytest

from trephine.case.document import validate
from trephine.case.plan import Injection
from trephine.report.story import injection_sentences
from trephine.report.words import NO_BREAK

MARROW = {"draws": ["12 x 5 mL"], "anticoagulant": "8 mL"}
FAT = {"tissue": "fat", "volume": "60 mL"}
SPIN = {"rpm": 2500, "radius": "15 cm", "duration": "10 min", "column": "8 cm"}


@pytest.mark.parametrize(
    ("harvest", "process", "told"),
    [
        (MARROW, {"method": "none"}, "Not processed."),
        (
            MARROW,
            {"method": "concentrate", "product_volume": "10 mL"},
            "Concentrated to 10 mL (buffy coat).",
        ),
        (
            MARROW,
            {
                "method": "concentrate",
                "product_volume": "10 mL",
                "spin": {"g": 800, "duration": "6 min"},
            },
            "Concentrated to 10 mL (buffy coat), spun at 800 g for 6 minutes.",
        ),
        (
            MARROW,
            {"method": "centrifuge", "product_volume": "10 mL", "spin": SPIN},
            "Spun at 1,050 g (2,500 rpm at 15 cm) for 10 minutes in a column of 8 cm, in open",
        ),
        (
            MARROW,
            {
                "method": "culture",
                "product_volume": "6 mL",
                "duration": "28 d",
                "medium": "serum",
                "dose": 2e7,
            },
            "Progenitors grown in culture in serum for 28 days, 20 million of them taken and",
        ),
        (
            FAT,
            {"method": "stromal_vascular_fraction", "product_volume": "10 mL"},
            "60 mL of fat drawn by liposuction. Cells set free by collagenase and suspended in",
        ),
        (
            FAT,
            {"method": "microfragmented_fat", "product_volume": "20 mL"},
            "Cut into clusters and washed, 20 mL of them.",
        ),
    ],
    ids=lambda part: part.get("method", "") if isinstance(part, dict) else "",
)
def test_a_processing_is_told(
    harvest: dict[str, object], process: dict[str, object], told: str
) -> None:
    written = {
        "kind": "injection",
        "day": "30 d",
        "harvest": harvest,
        "process": process,
        "deliver": {"volume": "5 mL", "carrier": "none"},
    }
    text = injection_sentences(validate(Injection, written, "injection"))
    assert told in text.replace(NO_BREAK, " ")
