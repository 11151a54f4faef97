"""Whether what was counted can be: in one fluid, and between what went in and what came out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from trephine.case.measurement import Measurement
from trephine.core.errors import did_you_mean
from trephine.models.findings import (
    Check,
    Judgement,
    PlausibilityParameters,
    Verdict,
    at,
    per_millilitre,
    rising,
)

CELLS = {
    "nucleated": "nucleated cells",
    "red_cells": "red cells",
    "platelets": "platelets",
    "progenitors": "CFU-F",
}
"""What is counted, by the key it is noted under."""
GROW = ("nucleated", "progenitors")
"""Cells that grow in culture."""
FLUIDS = ("blood", "pool", "product", "discarded")

# Counts of one fluid


def counts(noted: Measurement, p: PlausibilityParameters) -> Iterator[Check]:
    """Yield whether the counts of each fluid go together."""
    low, high = p.prevalence_lowest / p.prevalence_factor, p.prevalence_highest
    high *= p.prevalence_factor
    packed = p.separation.packing_limit

    def packing(haematocrit: float) -> Judgement:
        verdict = rising(haematocrit, packed, packed * (1.0 + p.closing))
        return verdict, f"{haematocrit:.3g}", f"at most {packed:.3g}, a packed bed"

    def corpuscle(haematocrit: float, red_cells: float) -> Judgement:
        volume = haematocrit / red_cells
        below = p.corpuscle_smallest / volume
        beyond = max(below, volume / p.corpuscle_largest)
        expected = f"{p.corpuscle_smallest * 1e18:.3g} to {p.corpuscle_largest * 1e18:.3g} fL"
        verdict = rising(beyond, 1.0 + p.closing, p.corpuscle_factor)
        return verdict, f"{volume * 1e18:.3g} fL a red cell", expected

    def alive(progenitors: float, nucleated: float, viability: float = 1.0) -> Judgement:
        most = nucleated * viability
        verdict: Verdict = "possible" if progenitors <= most else "impossible"
        return verdict, per_millilitre(progenitors), f"at most {per_millilitre(most)} live cells"

    def prevalence(progenitors: float, nucleated: float) -> Judgement:
        share = progenitors / nucleated
        verdict: Verdict = "possible" if low <= share <= high else "doubtful"
        expected = f"{low * 1e6:.2g} to {high * 1e6:.3g} in a million"
        return verdict, f"{share * 1e6:.3g} in a million", expected

    for fluid in FLUIDS:
        noted_here = {name for name, value in getattr(noted, fluid) if value is not None}
        if "haematocrit" in noted_here:
            yield Check(
                f"red cells of the {fluid} can be packed", (f"{fluid}.haematocrit",), packing
            )
        if {"haematocrit", "red_cells"} <= noted_here:
            needs = (f"{fluid}.haematocrit", f"{fluid}.red_cells")
            yield Check(f"haematocrit and red cells of the {fluid} agree", needs, corpuscle)
        if fluid in {"pool", "product"}:
            live = (f"{fluid}.viability",) if "viability" in noted_here else ()
            needs = (f"{fluid}.progenitors", f"{fluid}.nucleated")
            yield Check(f"CFU-F of the {fluid} are live nucleated cells", (*needs, *live), alive)
            if fluid == "pool" or not noted.processing.cultured:
                yield Check(f"CFU-F of the {fluid} are as common as published", needs, prevalence)
    yield from undiluted(noted, p)


def undiluted(noted: Measurement, p: PlausibilityParameters) -> Iterator[Check]:
    """Yield whether the pool, its anticoagulant taken out, lies between blood and marrow."""

    def thick(cells: float, volume: float, agent: float) -> Judgement:
        density = cells * volume / (volume - agent)
        verdict = rising(density, p.drawn_nucleated, p.native_nucleated)
        expected = (
            f"at most {per_millilitre(p.drawn_nucleated)} drawn, "
            f"{per_millilitre(p.native_nucleated)} in the bone"
        )
        return verdict, f"{per_millilitre(density)} without anticoagulant", expected

    def thin(pool: float, blood: float, volume: float, agent: float) -> Judgement:
        corrected = pool * volume / (volume - agent)
        verdict = rising(corrected / blood, 1.0, p.most_recovered)
        return (
            verdict,
            f"{corrected:.3g} without anticoagulant",
            f"at most {blood:.3g}, the blood's",
        )

    def blood_share(marrow: float, red: float, own: float, own_red: float) -> Judgement:
        share = red / own_red * own / marrow
        return rising(share, 1.0, p.most_recovered), f"{share:.3g}", "0 to 1"

    volume = ("pool.volume", "pool.anticoagulant")
    yield Check("nucleated cells are no denser than marrow", ("pool.nucleated", *volume), thick)
    yield Check(
        "the pool is no redder than the blood",
        ("pool.haematocrit", "blood.haematocrit", *volume),
        thin,
    )
    red = key_in(noted, "red_cells", "pool", "blood")
    yield Check(
        "blood's share of the nucleated cells, by red cells",
        ("pool.nucleated", f"pool.{red}", "blood.nucleated", f"blood.{red}"),
        blood_share,
    )


# Balances between pool and product


def key_in(noted: Measurement, cells: str, *fluids: str) -> str:
    """Return the key under which all the fluids have a kind of cells; red cells have two."""
    if cells != "red_cells":
        return cells
    has_counts = all(at(noted, f"{fluid}.red_cells") is not None for fluid in fluids)
    has_shares = all(at(noted, f"{fluid}.haematocrit") is not None for fluid in fluids)
    return "red_cells" if has_counts and not has_shares else "haematocrit"


def amounts(noted: Measurement, cells: str, *fluids: str) -> tuple[str, ...]:
    """Return the places of volume and count in each fluid."""
    key = key_in(noted, cells, *fluids)
    return tuple(f"{fluid}.{name}" for fluid in fluids for name in ("volume", key))


def balances(noted: Measurement, p: PlausibilityParameters) -> Iterator[Check]:
    r"""Yield whether cells come out that went in: :math:`V_{in} C_{in} R = V_{out} C_{out}`."""
    twice_miscounted = math.exp(2.0 * math.sqrt(2.0) * p.progenitor_count_scatter)

    def recovered(most: float) -> Callable[..., Judgement]:
        def law(before: float, held: float, after: float, holds: float) -> Judgement:
            share = after * holds / (before * held)
            verdict = rising(share, 1.0, most)
            return verdict, f"{share:.3g} of what went in", f"at most 1; {most:.3g} by miscounting"

        return law

    def closed(
        before: float, held: float, after: float, holds: float, rest: float, keeps: float
    ) -> Judgement:
        share = (after * holds + rest * keeps) / (before * held)
        lost: Verdict = "doubtful" if share < 1.0 - p.closing else "possible"
        verdict = "impossible" if share > p.most_recovered else lost
        return verdict, f"{share:.3g} of what went in", f"1, to {p.closing:.0%}"

    grown = GROW if noted.processing.cultured else ()
    for cells in (cells for cells in CELLS if cells not in grown):
        most = twice_miscounted if cells == "progenitors" else p.most_recovered
        needs = amounts(noted, cells, "pool", "product")
        yield Check(f"{CELLS[cells]}: recovered", needs, recovered(most))
        needs = amounts(noted, cells, "pool", "product", "discarded")
        if cells == "red_cells" or at(noted, needs[-1]) is not None:
            yield Check(f"{CELLS[cells]}: the balance closes", needs, closed)


def reports(noted: Measurement, p: PlausibilityParameters) -> Iterator[Check]:
    """Yield whether a recovery that somebody reported can be, and is that of the counts."""

    def can_be(told: float) -> Judgement:
        return rising(told, 1.0, p.most_recovered), f"{told:.3g}", "at most 1"

    def agrees(told: float, before: float, held: float, after: float, holds: float) -> Judgement:
        share = after * holds / (before * held)
        verdict: Verdict = "doubtful" if abs(told - share) > p.closing else "possible"
        return verdict, f"{told:.3g} reported", f"{share:.3g} by the counts"

    for cells, name in CELLS.items():
        place = f"processing.recovered.{cells}"
        if at(noted, place) is None:
            continue
        if not (noted.processing.cultured and cells in GROW):
            yield Check(f"{name}: the reported recovery can be", (place,), can_be)
        needs = (place, *amounts(noted, cells, "pool", "product"))
        yield Check(f"{name}: report and counts agree", needs, agrees)


def device(noted: Measurement, p: PlausibilityParameters) -> Iterator[Check]:
    r"""Yield whether the haematocrit is the device's: :math:`H_{out} = x K H_{in}` (C6)."""
    if noted.processing.cultured:
        return
    known, named = p.separation.devices, noted.processing.device
    is_known = named is None or named in known
    place = "processing.device" if is_known else f"a device ({did_you_mean(str(named), known)})"

    def law(which: str, before: float, held: float, after: float, holds: float) -> Judgement:
        carried = known[which].red_cell_carryover * held * before / after
        expected = min(carried, p.separation.packing_limit)
        ratio = max(holds / expected, expected / holds)
        verdict = rising(ratio, p.carryover_factor, math.inf)
        return verdict, f"{holds:.3g}", f"about {expected:.2g}"

    places = ("pool.volume", "pool.haematocrit", "product.volume", "product.haematocrit")
    yield Check("the haematocrit is what the device leaves", (place, *places), law)
