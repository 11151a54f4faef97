"""Ask how the build of a disc moves the share of open endplate below which its cells begin to die.

A published model finds about 40 %; it is known by its abstract, not by its geometry. The program
uses one column with even cells. Here that column is varied one number at a time, and set beside a
whole disc, round and with an annulus, which shares no line of its solver. Nothing is fitted.

Prints the table of docs/explanation/symptoms.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

from trephine.catalogue.load import catalogue
from trephine.core.errors import SolverError
from trephine.models.disc_nutrition import (
    SETTLED,
    SPECIES,
    STEP,
    DiscParameters,
    effective,
    least_open,
    metabolism,
    nourished,
)
from trephine.models.reading import Reading

Floats = NDArray[np.float64]
Entry = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]

P = Reading(catalogue()).fill(DiscParameters)
NUCLEUS = float(np.sqrt(P.volume / (np.pi * P.height))) * 1e3
"""Radius of a round nucleus of the volume and height of the catalogue [mm]."""
RADIUS = 22.0
"""Of the whole disc, assumed [mm]."""
UP, ACROSS, PLATE = 14, 20, 6
"""Volumes over half the height, over each of two rings, and over an endplate."""
FULLY = 0.98
"""Share that stands for an open endplate in patches, which need a ring around each [-]."""


def number(name: str) -> float:
    """Return a number of the disc as its record prints it."""
    return catalogue().record(f"disc.{name}").printed


@dataclass(frozen=True)
class Section:
    """A quarter of the section through a round disc: nucleus and annulus below, endplate above.

    Parameters
    ----------
    radius, height
        Faces of the rings and of the layers [mm].
    water, cells, share
        Share of water, cells [1e6/mL] and share of the volume that is tissue (layer, ring).
    top
        Share of the upper face of each ring that meets open bone (ring,).
    rim
        What surrounds the outer edge, nothing where nothing passes (species,).
    """

    radius: Floats
    height: Floats
    water: Floats
    cells: Floats
    share: Floats
    top: Floats
    rim: Floats | None = None


def conduction(p: DiscParameters, of: Section) -> tuple[csc_matrix, Floats]:
    """Return what flows between the volumes of a section and in from its edges.

    Returns
    -------
    tuple
        Matrix that gives the flow into each volume, and what the surroundings bring; species,
        layers and rings in one row.
    """
    tall, wide = np.diff(of.height)[:, None], np.diff(of.radius)
    free = np.stack([effective(p.diffusivity[n] * 1e6, of.water) for n in SPECIES])
    inside = np.maximum(free * of.share, 1e-12)  # bone lets nothing through
    up = 2.0 * inside * np.pi * np.diff(of.radius**2) / tall
    middle = of.radius[:-1] + 0.5 * wide
    around = 2.0 * np.pi * tall * inside
    inward = np.log(middle[1:] / of.radius[1:-1]) / around[:, :, 1:]
    outward = np.log(of.radius[1:] / middle) / around
    place = np.arange(inside.size).reshape(inside.shape)
    edges = np.zeros_like(inside)
    edges[:, -1] += up[:, -1] * of.top
    brought = edges * np.array([p.supply[name] for name in SPECIES])[:, None, None]
    if of.rim is not None:
        edges[:, :, -1] += 1.0 / outward[:, :, -1]
        brought[:, :, -1] += of.rim[:, None] / outward[:, :, -1]
    entries = [(place, place, -edges)]
    for a, b, flow in (
        (place[:, :-1], place[:, 1:], 1.0 / (1.0 / up[:, :-1] + 1.0 / up[:, 1:])),
        (place[:, :, :-1], place[:, :, 1:], 1.0 / (outward[:, :, :-1] + inward)),
    ):
        entries += [(a, b, flow), (b, a, flow), (a, a, -flow), (b, b, -flow)]
    return gathered(entries), brought.ravel()


def gathered(entries: list[Entry]) -> csc_matrix:
    """Return a matrix from rows, columns and values."""
    rows, columns, values = (np.concatenate([e[n].ravel() for e in entries]) for n in range(3))
    return csc_matrix((values, (rows, columns)))


def settled(p: DiscParameters, of: Section) -> Floats:
    """Return oxygen, lactate and glucose at rest, (species, layer, ring), by Newton's method.

    Raises
    ------
    SolverError
        If they do not settle.
    """
    flows, brought = conduction(p, of)
    volume = np.pi * np.diff(of.radius**2) * np.diff(of.height)[:, None] * of.share
    change = metabolism(p, of.cells, of.water)
    state = np.ones((3, *volume.shape)) * np.array([p.supply[n] for n in SPECIES])[:, None, None]
    place = np.arange(state.size).reshape(state.shape)
    moved: list[float] = []
    for _ in range(60):
        here = np.stack(change(*state))
        entries = []
        for one in range(3):
            shifted = state.copy()
            shifted[one] += STEP
            slope = (np.stack(change(*shifted)) - here) / STEP * volume
            entries += [(place[n], place[one], slope[n]) for n in range(3)]
        balance = flows @ state.ravel() + brought + (here * volume).ravel()
        new = state + spsolve(flows + gathered(entries), -balance).reshape(state.shape)
        new[0] = np.where(new[0] > 0.0, new[0], 0.5 * state[0])
        moved.append(float(np.abs(new - state)[:, of.share > 0.0].max()))
        state = new
        if moved[-1] < SETTLED:
            return state
    raise SolverError("the section of the disc does not settle", moved)


def is_alive(p: DiscParameters, of: Section, within: float = np.inf) -> bool:
    """Return whether cells live everywhere within a radius [mm]."""
    _, lactate, glucose = settled(p, of)
    asked = (of.share > 0.0) & (of.radius[1:] <= within + 1e-9)
    acid = p.acid_at_rest - p.acid_by_lactate * lactate
    return bool(glucose[asked].min() >= p.glucose_limit and acid[asked].min() >= p.acid_death)


def begins(lives: Callable[[float], bool], most: float = 1.0) -> float:
    """Return the open share below which cells die, infinite where some always do [-]."""
    if not lives(most):
        return np.inf
    low, high = 0.0, most
    for _ in range(10):
        half = 0.5 * (low + high)
        low, high = (low, half) if lives(half) else (half, high)
    return high


def layers(p: DiscParameters) -> Floats:
    """Return the faces of the layers, fine beside the endplate [mm]."""
    half = 0.5 * p.height * 1e3
    below = half * (1.0 - (1.0 - np.linspace(0.0, 1.0, UP + 1)) ** 1.5)
    return np.concatenate([below, half + p.endplate * 1e3 * np.linspace(0.0, 1.0, PLATE + 1)[1:]])


def whole(p: DiscParameters, share: float, reach: float) -> Section:
    """Return a disc with an annulus, its endplate evenly open and as wide as the reach [mm]."""
    fine = np.linspace(0.0, 1.0, ACROSS + 1) ** 1.5  # beside the edge of the nucleus
    inner = NUCLEUS * (1.0 - fine[::-1])
    outside = [NUCLEUS + (RADIUS - NUCLEUS) * fine[1:], [reach]]
    radius = np.unique(np.concatenate([inner, *outside]))
    outer, open_to = radius[1:] > NUCLEUS + 1e-9, radius[1:] <= reach + 1e-9
    kinds = np.concatenate(
        [np.where(outer, 1, 0)[None].repeat(UP, 0), np.full((PLATE, outer.size), 2)]
    )
    return Section(
        radius=radius,
        height=layers(p),
        water=np.array([p.water, number("annulus.water"), p.endplate_water])[kinds],
        cells=np.array([p.cells, number("annulus.cells"), p.endplate_cells])[kinds],
        share=np.where(kinds == 2, share * open_to, 1.0),
        top=open_to.astype(np.float64),
        rim=np.array([number(f"annulus_supply.{name}") for name in SPECIES]),
    )


def patch(p: DiscParameters, share: float, apart: float) -> Section:
    """Return a round opening in the endplate and what it feeds, the next one so far off [mm]."""
    outer = 0.5 * apart
    inner = outer * np.sqrt(share)
    radius = np.concatenate(
        [np.linspace(0.0, inner, ACROSS + 1), np.linspace(inner, outer, ACROSS + 1)[1:]]
    )
    is_open = radius[1:] <= inner + 1e-9
    plate = np.zeros((UP + PLATE, is_open.size), dtype=bool)
    plate[UP:] = True
    return Section(
        radius=radius,
        height=layers(p),
        water=np.where(plate, p.endplate_water, p.water),
        cells=np.where(plate, p.endplate_cells, p.cells),
        share=np.where(plate, is_open, 1.0),
        top=is_open.astype(np.float64),
    )


def is_patch_alive(apart: float, share: float) -> bool:
    """Return whether cells live around openings so far apart [mm] that leave a share open."""
    return is_alive(P, patch(P, share, apart))


def is_whole_alive(reach: float, within: float, share: float) -> bool:
    """Return whether cells of a whole disc live within a radius, its endplate so wide [mm]."""
    return is_alive(P, whole(P, share, reach), within)


def eaten_everywhere(p: DiscParameters) -> float:
    """Return the share where closed endplate still holds cells, and the open part feeds them."""

    def lives(share: float) -> bool:
        narrow = replace(
            p,
            endplate=p.endplate / share,
            endplate_cells=p.endplate_cells * share,
        )
        found = nourished(narrow)
        return bool(found.glucose.min() >= p.glucose_limit and found.acid.min() >= p.acid_death)

    return begins(lives)


def one_in_ten(p: DiscParameters) -> float:
    """Return the share below which a tenth of the nucleus starves."""

    def lives(share: float) -> bool:
        found = nourished(p, endplate_open=share)
        starved = (found.glucose < p.glucose_limit) | (found.acid < p.acid_death)
        return bool(starved.mean() < 0.1)

    return begins(lives)


def said(share: float) -> str:
    """Return a share in words."""
    return f"{100 * share:.0f} %" if np.isfinite(share) else "some always die"


def varied(**changes: float) -> float:
    """Return the share below which cells of the program's column die with other numbers."""
    return least_open(replace(P, **changes))


def rows() -> list[tuple[str, str, str]]:
    """Return each choice, what it rests on, and the share below which cells begin to die."""
    mm = 1e-3
    hungry = replace(P, supply={**P.supply, "glucose": 3.0})
    told = [
        ("**the column that the program uses**", "design text", least_open(P)),
        ("no cells in the endplate", "the mistake", varied(endplate_cells=0.0)),
        ("cells of the closed endplate eat too", "assumed", eaten_everywhere(P)),
        ("a tenth of the nucleus starves, not its middle alone", "assumed", one_in_ten(P)),
        ("pH falls by 0.1 with a mmol/L, not 0.09", "assumed", varied(acid_by_lactate=0.1)),
        ("nucleus 7 mm high, not 10", "end of the range", varied(height=7 * mm)),
        ("nucleus 12 mm high", "end of the range", varied(height=12 * mm)),
        ("nucleus 13 mm high", "generic disc of the public code", varied(height=13 * mm)),
        ("endplate 0.4 mm thick, not 0.6", "end of the range", varied(endplate=0.4 * mm)),
        ("endplate 0.8 mm thick", "end of the range", varied(endplate=0.8 * mm)),
        ("12 mm and 0.8 mm", "both ends", varied(height=12 * mm, endplate=0.8 * mm)),
        ("5 million cells by mL, not 3.6", "assumed", varied(cells=5.0)),
        ("3 mmol/L of glucose at the bone, not 4", "assumed", least_open(hungry)),
    ]
    for apart in (1.0, 5.0, 10.0):
        share = begins(partial(is_patch_alive, apart), FULLY)
        told.append((f"round openings {apart:.0f} mm apart, not an even share", "assumed", share))
    for reach, where in (
        (RADIUS, "to the rim"),
        (0.5 * (NUCLEUS + RADIUS), "over half of the annulus"),
        (NUCLEUS, "over the nucleus alone"),
    ):
        share = begins(partial(is_whole_alive, reach, NUCLEUS))
        told.append((f"whole disc, endplate {where}", "design text, radius assumed", share))
    share = begins(partial(is_whole_alive, NUCLEUS, RADIUS))
    told.append(("the same, cells of the annulus too", "design text, radius assumed", share))
    return [(choice, basis, said(share)) for choice, basis, share in told]


if __name__ == "__main__":
    print("| choice | rests on | cells begin to die below |\n|---|---|---:|")
    for row in rows():
        print(f"| {' | '.join(row)} |")
