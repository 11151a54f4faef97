"""Published quantities of harvest, processing and delivery beside what the laws give.

The tests hold each verdict to its record, and the scorecard of the documentation is made from it.
Nothing is tuned until it comes out: a miss stays, with its reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from cell_laws import (
    BLOOD_SHARE,
    DAY,
    DRAWING,
    GRANULOCYTES,
    PROCESSING,
    colony_fold,
    granulocyte_macrophage_colonies,
    kept_in,
    later_aliquots,
    nucleated,
    platelets_in_plasma,
    point_of_care_haematocrit,
    progenitors,
    recovered,
    spun,
    two_passages,
)

Verdict = Literal["within", "near", "miss"]


@dataclass(frozen=True)
class Score:
    """One published quantity beside the model's.

    Parameters
    ----------
    quantity
        What it is, with its unit.
    model
        What the law gives.
    published
        Lowest and highest published value.
    expected
        The verdict on record; another one fails a test.
    fit
        Whether it informed a parameter, so that it checks a fit and tests nothing.
    source
        Who published it, with the row of the evidence where there is one.
    why
        Why the law misses it.
    """

    quantity: str
    model: float
    published: tuple[float, float]
    expected: Verdict
    fit: bool = False
    source: str = ""
    why: str = ""

    @property
    def verdict(self) -> Verdict:
        """Within the published range, within a factor 1.3 of it, or neither."""
        low, high = self.published
        if low <= self.model <= high:
            return "within"
        return "near" if low / 1.3 <= self.model <= high * 1.3 else "miss"


HARVEST = (
    Score(
        "CFU-F, full 10-mL over full 50-mL syringe",
        progenitors(10) / progenitors(50),
        (3, 4),
        "within",
        source="Hernigou 2013, n = 30; H11, held out",
    ),
    Score(
        "nucleated at 1 mL [1e6/mL]",
        nucleated(1),
        (35, 75),
        "within",
        fit=True,
        source="six series",
    ),
    Score(
        "nucleated at 5 mL [1e6/mL]",
        nucleated(5),
        (33, 46),
        "near",
        fit=True,
        source="six series",
    ),
    Score(
        "nucleated at 10 mL [1e6/mL]",
        nucleated(10),
        (20, 28),
        "within",
        fit=True,
        source="six series",
    ),
    Score(
        "nucleated at 50 mL [1e6/mL]",
        nucleated(50),
        (9.4, 10.5),
        "near",
        fit=True,
        source="Kumagai 2018, pools of 250 mL",
    ),
    Score(
        "CFU-F per 1e6 at 2 mL",
        progenitors(2) / nucleated(2),
        (28, 47),
        "near",
        fit=True,
        source="Muschler 1997, n = 32; H01",
    ),
    Score(
        "CFU-F, pool of 4-mL draws [1/mL]",
        progenitors(4),
        (478, 746),
        "near",
        fit=True,
        source="Hernigou 2005, n = 60; recalled",
    ),
    Score(
        "CFU-F, pool of 10-mL draws [1/mL]",
        progenitors(10),
        (19, 24),
        "miss",
        source="Kumagai 2018, three aetiologies; H23, H29, H35, held out",
        why="An absolute count of one laboratory. Laboratories differ by a factor of ten and more "
        "for the same marrow; what is scored of this series is its ratios.",
    ),
    Score(
        "CFU-F, one site, 55 mL [1/mL]",
        progenitors(55),
        (192, 200),
        "miss",
        source="two samples on a competitor's page; H57",
        why="Two samples of one laboratory, and an absolute count.",
    ),
    Score(
        "nucleated, pooled (40 mL) over first mL",
        nucleated(40) / nucleated(1),
        (0.33, 0.34),
        "near",
        fit=True,
        source="Batinic 1990, n = 17; H07",
    ),
    Score(
        "CFU-GM, pooled (40 mL) over first mL",
        progenitors(40) / progenitors(1),
        (0.09, 0.11),
        "within",
        source="Batinic 1990, n = 17; H08",
    ),
    Score(
        "nucleated, 10-mL over 3-mL draws",
        nucleated(10) / nucleated(3),
        (0.58, 1.0),
        "within",
        fit=True,
        source="Epah 2023, n = 20; H15",
    ),
    Score(
        "blood share of nucleated, pooled (40 mL)",
        BLOOD_SHARE / nucleated(40),
        (0.123, 0.293),
        "miss",
        fit=True,
        source="Batinic 1990, n = 17; H06",
        why="Mature marrow cells keep coming late in a draw, and the law gives all nucleated "
        "cells one depot. It takes too much of a large draw for blood.",
    ),
    Score(
        "humerus, aliquots 2-4 over the first",
        later_aliquots(),
        (0.8, 1.25),
        "miss",
        source="Muench 2019, n = 29; H13, held out",
        why="The humerus is given the depots of the crest, because its one series is held out. "
        "Depots 8 to 16 times as large would meet it; the spread, chosen without it, stops short.",
    ),
    Score(
        "children, CFU-F 2-mL over 100-mL draw",
        progenitors(2) / progenitors(100),
        (1.0, 1.43),
        "miss",
        source="a paediatric crossover, n = 20",
        why="In children 100 mL from one place were hardly thinner than 2 mL. Either their marrow "
        "flows from far away or the depot is wrong for large draws; nothing published says which.",
    ),
    Score(
        "children, nucleated 2-mL over 100-mL draw",
        nucleated(2) / nucleated(100),
        (1.0, 1.1),
        "miss",
        source="a paediatric crossover, n = 20",
        why="The same crossover.",
    ),
    Score(
        "explained variance of CFU-F by nucleated",
        DRAWING.donor_spread_nucleated**2
        / (DRAWING.donor_spread_nucleated**2 + DRAWING.donor_spread_prevalence**2),
        (0.28, 0.28),
        "near",
        source="proximal humerus, n = 96; another series of 58 reports 0.90",
    ),
    Score(
        "spread between donors of ln CFU-F",
        math.hypot(DRAWING.donor_spread_nucleated, DRAWING.donor_spread_prevalence),
        (0.53, 1.19),
        "within",
        fit=True,
        source="nine series; D26 to D34",
    ),
)

PROCESSING_SCORES = (
    Score(
        "separator, nucleated recovered",
        recovered("blood_component_separator"),
        (0.56, 0.72),
        "within",
        fit=True,
        source="blood component separator; P01",
    ),
    Score(
        "separator, granulocytes recovered",
        recovered("blood_component_separator", *GRANULOCYTES),
        (0.38, 0.54),
        "within",
        fit=True,
        source="blood component separator; P02",
    ),
    Score(
        "separator, CFU-GM recovered",
        granulocyte_macrophage_colonies(),
        (0.85, 0.97),
        "within",
        fit=True,
        source="blood component separator; P04",
    ),
    Score(
        "point of care, nucleated fold at 6.5",
        6.5 * recovered("buffy_coat"),
        (4.1, 4.8),
        "within",
        source="Kumagai 2018, three aetiologies; P35, held out",
    ),
    Score(
        "point of care, CFU-F fold at 6.5",
        colony_fold(6.5),
        (5.1, 8.2),
        "within",
        source="Kumagai 2018, three aetiologies; P38, held out",
    ),
    Score(
        "point of care, haematocrit of the product",
        point_of_care_haematocrit(),
        (0.25, 0.40),
        "near",
        source="table of devices in the design",
    ),
    Score(
        "apheresis, nucleated recovered",
        recovered("apheresis"),
        (0.22, 0.29),
        "within",
        fit=True,
        source="COBE, CS3000, Optia",
    ),
    Score(
        "Ficoll, nucleated recovered",
        recovered("ficoll"),
        (0.20, 0.22),
        "miss",
        source="table of devices in the design",
        why="Four fifths of lymphocytes and monocytes are recovered, as published. But the law "
        "also lets two fifths of the erythroblasts and a third of the myelocytes float, whose "
        "measured densities lie close to the cut.",
    ),
    Score(
        "spun tube, nucleated in 6 % of the red cells",
        spun(*PROCESSING.separation.share),
        (0.56, 0.72),
        "miss",
        source="blood component separator; P01, P03",
        why="Granulocytes are missing, and denser erythroblasts.",
    ),
    Score(
        "spun tube, granulocytes in 6 % of the red cells",
        spun(*GRANULOCYTES),
        (0.38, 0.54),
        "miss",
        source="blood component separator; P02, P03",
        why="Each class has one density, that of its peak, and a bed of this dose is lighter than "
        "myelocytes and neutrophils: none climb. Real classes are broad; the cut of the law for "
        "devices is as wide as this study asked.",
    ),
    Score(
        "spun tube, CFU-GM in 6 % of the red cells",
        spun("progenitor"),
        (0.85, 0.97),
        "near",
        source="blood component separator; P04, P03",
    ),
    Score(
        "spun tube, platelets in plasma, 100 g for 10 min",
        platelets_in_plasma(100, 10),
        (0.70, 0.80),
        "near",
        fit=True,
        source="Perez 2014, n = 20; P80",
    ),
    Score(
        "spun tube, platelets in plasma, 900 g for 5 min",
        platelets_in_plasma(900, 5),
        (0.92, 0.92),
        "near",
        source="a series of 2013, by the design",
    ),
    Score(
        "cells of 20,000 CFU-F after two passages",
        two_passages(),
        (2e7, 1e8),
        "near",
        source="platelet lysate; P92, with the design's range",
    ),
)

DELIVERY = (
    Score(
        "mouse knee, a month",
        kept_in("joint", 30 * DAY),
        (0.14, 0.16),
        "within",
        fit=True,
        source="Toupet 2013; L20",
    ),
    Score(
        "mouse knee, half a year",
        kept_in("joint", 180 * DAY),
        (0.014, 0.016),
        "within",
        fit=True,
        source="Toupet 2013; L21",
    ),
    Score(
        "horse tendon, days to weeks",
        kept_in("tendon", 10 * DAY),
        (0.0, 0.10),
        "within",
        fit=True,
        source="horses, 2015; L26",
    ),
    Score(
        "horse tendon, ten days",
        kept_in("tendon", 10 * DAY),
        (0.0, 0.05),
        "miss",
        fit=True,
        source="horses; L25",
        why="The share that stays is 8 %, for survivors were found up to five months; the slow "
        "half-life leaves 7 % at ten days. Bounds, not counts, were printed.",
    ),
    Score(
        "pig disc, three days",
        kept_in("disc", 3 * DAY),
        (0.07, 0.10),
        "miss",
        fit=True,
        source="Omlor 2010, minipigs; L28, recalled",
        why="The share lost early was taken from this count as if all of it were gone by then; "
        "with a half-life of a day an eighth of it is still there at three days.",
    ),
    Score(
        "ceramic in mice, six weeks",
        kept_in("ceramic", 42 * DAY),
        (0.24, 0.26),
        "miss",
        fit=True,
        source="human cells in mice; L29",
        why="The half-lives are those of demineralised bone. One signal at one time cannot set "
        "three numbers; labels and foreign hosts err by a factor of two.",
    ),
)

STAGES = {"harvest": HARVEST, "processing": PROCESSING_SCORES, "delivery": DELIVERY}
SCORES = tuple(score for scores in STAGES.values() for score in scores)
