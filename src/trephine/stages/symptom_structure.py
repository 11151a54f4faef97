"""Owns what is told of structure at a painful site: a disc's food, cartilage, a sewn tendon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trephine.case.concentrate import Concentrate
from trephine.case.symptom import SymptomCase
from trephine.case.symptom_structure import Bands, DefectFilling, DiscFeed, Repaired, TendonRepair
from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.vocabulary import Product
from trephine.core.rng import Streams
from trephine.models.chondral_defect import LAYERS, ChondralParameters, Layers, filled
from trephine.models.disc_nutrition import DiscParameters, most_added, nourished
from trephine.models.symptom_given import given_by
from trephine.models.symptom_words import NAMES
from trephine.models.tendon_repair import Counted, counted, lost_by_year, whole

VERSION = 1

Floats = NDArray[np.float64]

MONTH = 30.4375
MONTHS = np.arange(37.0)
"""Months that the filling of a cartilage defect is told for."""
SHOWN = np.array([6.0, 12.0, 18.0, 24.0, 36.0])
"""Months whose profile over the depth is told."""
DRAWS = 100
"""Draws of the numbers of a defect; the ends of its bands are then known to a few hundredths."""
REPAIRS, REPAIR_DRAWS = "Hernigou2014RC", 2000
"""The series that counted sewn tendons twice, and draws of its shares."""
OWN = (1e7, 1e11)
"""Progenitors that synovium and marrow are taken to bring into a defect, every order of size alike;
no value is known, and the filling hardly depends on it [1/m^3]."""


def feed(case: SymptomCase, p: DiscParameters, made: Sequence[Concentrate]) -> DiscFeed:
    """Return how many cells a disc can feed, beside those that the plan injects.

    Parameters
    ----------
    case
        A case of a disc.
    p
        Numbers of its nutrition.
    made
        Products of the plan's injections.
    """
    share = 1.0 if case.site.endplate_open is None else case.site.endplate_open
    now = nourished(p, endplate_open=share)
    return DiscFeed(
        endplate_open=share,
        glucose=float(now.glucose.min()),
        acid=float(now.acid.min()),
        room=most_added(p, share) * 1e6 * p.volume * 1e6,
        injected=injected(case, [float(one.product.nucleated) for one in made], made),
    )


def injected(
    case: SymptomCase, cells: Sequence[float], made: Sequence[Concentrate]
) -> float | None:
    """Return the cells of the first injection that are delivered, nothing without one [cells]."""
    if not made:
        return None
    return cells[0] * case.plan.injections[0].deliver.volume / made[0].product.volume


def filling(
    case: SymptomCase, p: ChondralParameters, made: Sequence[Concentrate], own: Floats
) -> DefectFilling | None:
    """Return how the cartilage defect of a joint may fill, nothing where the case states none.

    A joint brings progenitors of its own, with injected cells or without; that there are any is an
    assumption as every rate is, and without it a control could not fill by construction.

    Parameters
    ----------
    case
        A case of a joint.
    p
        Numbers of the filling, each one number or one by draw.
    made
        Products of the plan's injections; what is not marrow or fat brings no counted cells.
    own
        Progenitors that the joint brings, by draw, see :func:`own_source` (draw,) [1/m^3].
    """
    defect = case.site.defect
    if defect is None:
        return None
    cells = injected(case, [float(one.product.progenitors) for one in made], made) or 0.0
    seeded = np.atleast_1d(p.settled) * cells / defect.volume
    days = np.round(MONTHS * MONTH)
    told = filled(p, depth=defect.depth, progenitors=own + seeded, days=days)
    alone = filled(p, depth=defect.depth, progenitors=own, days=days) if cells else told
    return DefectFilling(
        area=defect.area,
        depth=defect.depth,
        cells=cells,
        seeded=_middle(seeded),
        own=_middle(own),
        month=MONTHS,
        fill=_bands(told),
        without=_bands(alone),
        shown=SHOWN,
        height=(np.arange(LAYERS) + 0.5) / LAYERS,
        profiles=np.stack([np.median(told[int(m)].matrix, axis=0) for m in SHOWN]),
        oxygen=float(np.median(told[-1].oxygen.min(axis=1))),
    )


def own_source(luck: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return the progenitors that a joint itself brings into a defect, (draw,) [1/m^3].

    Parameters
    ----------
    luck
        Of the draws.
    draws
        How many.
    """
    low, high = np.log(OWN)
    return np.asarray(np.exp(luck.uniform(low, high, size=draws)))


def _bands(told: list[Layers]) -> Bands:
    return Bands.of(np.stack([one.matrix.mean(axis=1) for one in told], axis=1))


def _middle(values: Floats) -> tuple[float, float, float]:
    half, low, high = (float(x) for x in np.quantile(values, (0.5, 0.05, 0.95)))
    return half, low, high


def repair(case: SymptomCase, seed: int) -> TendonRepair | None:
    """Return what is counted of sewn tendons, nothing where the plan sews none of the cuff.

    Parameters
    ----------
    case
        A case of a tendon.
    seed
        Luck of the intervals.
    """
    if case.site.at != "rotator_cuff" or "tendon_repair" not in case.operations:
        return None
    study = cohorts("calibrate")[REPAIRS]
    given = given_by(case)
    planned = {
        "cells": given is not None and given.product is Product.CONCENTRATE,
        "repair": given is not None and given.product is Product.NONE,
    }
    names = {
        "cells": f"repair with {NAMES[study.arms['cells'].product]}",
        "repair": "repair alone",
    }
    counts = {key: counted(study.arms[key]) for key in names}
    first = max(one.first_year for one in counts.values())
    year = np.linspace(first, min(one.last_year for one in counts.values()), 40)
    luck = Streams(seed).within("tendon")
    groups = []
    for key, name in names.items():
        loss = lost_by_year(counts[key], luck.named(key), REPAIR_DRAWS)
        middle, low, high = (float(x) for x in np.quantile(1.0 - np.exp(-loss), (0.5, 0.05, 0.95)))
        groups.append(
            Repaired(
                name=name,
                is_planned=planned[key],
                counts=_counts(counts[key]),
                intact=Bands.of(whole(counts[key], year, luck.named(key), REPAIR_DRAWS)),
                loss=(middle, low, high),
            )
        )
    return TendonRepair(year, tuple(groups), _worth(counts, is_told=any(planned.values())))


def structure_words(
    disc: DiscFeed | None, defect: DefectFilling | None, tendon: TendonRepair | None
) -> tuple[str, ...]:
    """Return what a reader must be told of structure, in sentences."""
    told: list[str] = []
    if disc is not None and disc.injected is not None and disc.injected > disc.room:
        told.append(
            f"The plan injects {disc.injected / 1e6:,.3g} million nucleated cells; by the model of "
            f"its nutrition the disc has food for about {disc.room / 1e6:,.3g} million more. What "
            "goes beyond would starve, so a larger dose brings nothing here."
        )
    if defect is not None:
        told.append(_defect_words(defect))
    if tendon is not None:
        told += tendon.sentences
    return tuple(told)


def _defect_words(of: DefectFilling) -> str:
    month = f"{of.month[-1]:.0f}"
    ends = [
        f"{100 * one.low[-1]:.0f} to {100 * one.high[-1]:.0f} %" for one in (of.fill, of.without)
    ]
    told = (
        f"with injected cells {ends[0]} of it by month {month}, and {ends[1]} without"
        if of.cells > 0.0
        else f"{ends[1]} of it by month {month} without injected cells"
    )
    return (
        "How the cartilage defect fills is a mechanism with assumed rates, not a forecast: over "
        f"their spread, {told}. After the first months the model cannot tell a joint with injected "
        "cells from one without, so nothing is compared. No study links the filling to pain, so it "
        "moves no score here; in a randomised trial of the knee no change was seen on magnetic "
        "resonance images after a year."
    )


def _counts(of: Counted) -> str:
    return (
        f"{of.first} of {of.total} whole after {of.first_year * 12:.0f} months, {of.last} of "
        f"{of.total} after {of.last_year:.0f} years"
    )


def _worth(counts: dict[str, Counted], *, is_told: bool) -> tuple[str, ...]:
    told = (
        f"Of cuffs sewn with marrow concentrate {_counts(counts['cells'])}; of cuffs sewn alone "
        f"{_counts(counts['repair'])}. That is one case-control series: chance did not deal the "
        "patients out, and it tells nothing of pain."
    )
    if is_told:
        return (told,)
    return told, "What this plan gives beside the repair is in neither group."
