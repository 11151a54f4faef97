"""Owns the inputs of the emulator: what each is, its range, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.core.errors import InputError, Problem
from trephine.intake.tissues import tissues
from trephine.study.biology import biology, is_possible
from trephine.study.input_range import Array, Input

DAY, YEAR = 86400.0, 365.25 * 86400.0
CARRIERS = ("no injection", "none", "clot", "demineralised_bone")
"""What the cells lie in; ``no injection`` is a course without one."""
FEWEST = 3e2
"""Functional progenitors below which fewer make no difference: as many as the host's own [-]."""
REACH = 8e-3
"""How far beyond the gap a product spreads in the designed runs [m]."""
TILT, OVALITY, ROUGHNESS = 10.0, 1.1, 0.03
"""Shape of the shaft in the designed runs: tilt of the fracture [deg], and two ratios."""
TURNS = (0.0, 42.0, 84.0)
"""Days from which the early, the middle and the late load act [d]."""
MOST_LOAD = 2500.0
"""Largest force on the bone in the designed runs [N]."""


GAP, OUTER, CANAL = "site.gap.width", "site.shaft.outer_diameter", "site.shaft.canal_diameter"
NAIL, STIFFNESS = "site.fixation.nail_diameter", "site.fixation.axial_stiffness"
AGE, SMOKER, DIABETES = "patient.age", "patient.smoker", "patient.diabetes"
CELLS, OTHERS, VOLUME, SOLID = "graft.progenitors", "graft.others", "graft.volume", "graft.solid"
CARRIER, INJECTED, AGAIN = "graft.carrier", "graft.day", "graft.again"
NSAID, STEROID = "drug.nsaid", "drug.corticosteroid"
EARLY, MIDDLE, LATE = "load.early", "load.middle", "load.late"
SITE = ("perfusion", "fibrous", "living_ends", "periosteum", "marrow", "debris")

INPUTS: tuple[Input, ...] = (
    Input(GAP, "m", "mm", 0.8e-3, 12e-3, "Distance between the bone ends"),
    Input(OUTER, "m", "mm", 18e-3, 36e-3, "Mean periosteal diameter"),
    Input(CANAL, "m", "mm", 7e-3, 24e-3, "Mean endosteal diameter"),
    Input(NAIL, "m", "mm", 4e-3, 22.2e-3, "Diameter of a nail; 0 without one", or_zero=True),
    Input(STIFFNESS, "N/m", "N/mm", 2e5, 6e6, "Axial stiffness of the fixation"),
    Input(EARLY, "N", "N", 0.0, MOST_LOAD, "Peak force of a step in the first six weeks"),
    Input(MIDDLE, "N", "N", 0.0, MOST_LOAD, "The same in the next six weeks"),
    Input(LATE, "N", "N", 50.0, MOST_LOAD, "The same from week 12 on"),
    Input("site.biology.perfusion", "1", "1", 0.02, 0.8, "Perfusion of the gap on day 0"),
    Input("site.biology.fibrous", "1", "1", 0.1, 0.9, "Fibrous tissue in the gap on day 0"),
    Input("site.biology.living_ends", "1", "1", 0.2, 1.0, "Share of the bone ends that bleeds"),
    Input("site.biology.periosteum", "1", "1", 0.0, 1.0, "Share of the periosteum in place"),
    Input("site.biology.marrow", "1", "1", 0.0, 1.0, "Share of the marrow alive"),
    Input("site.biology.debris", "1", "1", 0.0, 1.0, "Debris of fresh trauma"),
    Input(AGE, "s", "year", 18 * YEAR, 90 * YEAR, "Age"),
    Input(SMOKER, "1", "1", 0.0, 1.0, "Whether the patient smokes"),
    Input(DIABETES, "1", "1", 0.0, 1.0, "Whether the patient has diabetes"),
    Input(NSAID, "s", "d", 0.0, 273 * DAY, "How long a non-steroidal drug is taken from day 0"),
    Input(STEROID, "s", "d", 0.0, 273 * DAY, "How long a corticosteroid is taken from day 0"),
    Input(CELLS, "1", "1", 0.0, 2e7, "Functional progenitors that stay, of one injection"),
    Input(OTHERS, "1", "1", 1e6, 5e9, "Other nucleated cells that stay", or_zero=True),
    Input(VOLUME, "m^3", "mL", 2e-7, 7e-5, "Volume that settles, with its carrier", or_zero=True),
    Input(SOLID, "m^3", "mL", 0.0, 4e-5, "Solid demineralised bone in that volume"),
    Input(INJECTED, "s", "d", 0.0, 42 * DAY, "Day of the injection"),
    Input(
        AGAIN,
        "s",
        "d",
        14 * DAY,
        84 * DAY,
        "Time after which the same is injected again; 0 for never",
        or_zero=True,
    ),
    *biology(),
)
"""Every input that is a number; :data:`CARRIER` comes besides."""
NUMBERS = {one.name: one for one in INPUTS}


def rooms(values: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    r"""Return the volumes that a product may spread to, told without voxels, (sample,) [m^3].

    .. math:: \frac{\pi}{4} (D^2 - n^2)\,w, \qquad \frac{\pi}{4}\,2 r\,(C^2 - n^2), \qquad
              \pi \int_{-w/2-r}^{w/2+r} (D\,t + t^2)\,dz

    Gap, canal and callus space of a bone of outer diameter :math:`D` and canal :math:`C`, with
    a nail :math:`n`, a gap :math:`w`, a reach :math:`r` and the spindle :math:`t(z)` in which
    callus may form. Voxels of 1.5 mm find 3 to 5 % less in all.
    """
    p = tissues()
    nail, outer = np.square(values[NAIL]), np.asarray(values[OUTER])
    width = np.asarray(values[GAP])
    half, whole = width / 2.0 + REACH, width / 2.0 + p.callus_length
    share = half / whole
    first = whole * (share * np.sqrt(1.0 - share**2) + np.arcsin(share))
    second = 2.0 * half * (1.0 - share**2 / 3.0)
    return (
        np.asarray(np.pi / 4.0 * (np.square(outer) - nail) * width),
        np.asarray(np.pi / 4.0 * 2.0 * REACH * (np.square(values[CANAL]) - nail)),
        np.asarray(np.pi * (outer * p.callus_reach * first + p.callus_reach**2 * second)),
    )


def room(values: Mapping[str, Any]) -> Array:
    """Return the volume that a product may spread to in all, (sample,) [m^3]."""
    return np.asarray(sum(rooms(values)))


Ratio = tuple[str, float, float]
RATIOS: tuple[Ratio, ...] = (
    ("canal to outer diameter", 0.4, 0.66),
    ("nail to canal diameter", 0.6, 0.93),
    ("late load to stiffness times gap", 0.0, 1.0),
    ("early to late load", 0.0, 1.0),
    ("settled volume to room", 0.05, 1.0),
    ("solid to settled volume", 0.03, 0.6),
)
"""What lies in a range besides the inputs themselves."""


def ratios(values: Mapping[str, Any]) -> tuple[Array, ...]:
    """Return the ratios of :data:`RATIOS`, (sample,) each; NaN where one says nothing."""
    nail, carrier = np.asarray(values[NAIL]), np.asarray(values[CARRIER])
    injected, solid = carrier != "no injection", carrier == "demineralised_bone"
    volume = np.where(injected, values[VOLUME], np.nan)
    return (
        np.asarray(values[CANAL] / values[OUTER]),
        np.where(nail > 0, nail / values[CANAL], np.nan),
        np.asarray(values[LATE] / (values[STIFFNESS] * values[GAP])),
        np.asarray(values[EARLY] / values[LATE]),
        np.asarray(volume / room(values)),
        np.where(solid, values[SOLID] / volume, np.nan),
    )


def problems(values: Mapping[str, Any]) -> tuple[list[Problem], NDArray[np.bool_]]:
    """Return what lies outside the ranges, in words, and in which samples, (sample,)."""
    found: list[Problem] = []
    count = np.broadcast_shapes(*(np.shape(v) for v in values.values()))
    wrong = np.zeros(count, dtype=bool)

    def tell(name: str, out: NDArray[np.bool_], worst: str, accepted: str) -> None:
        nonlocal wrong
        if np.any(out):
            wrong = wrong | out
            said = f"{worst} is outside what the emulator was made for, {accepted}"
            found.append(Problem(name, f"{said} ({int(np.sum(out))} of {max(out.size, 1)})"))

    for one in INPUTS:
        given = np.broadcast_to(np.asarray(values[one.name], dtype=float), count)
        out = one.outside(given)
        tell(one.name, out, one.written(given[out].flat[0]) if out.any() else "", one.range)
    carrier = np.broadcast_to(np.asarray(values[CARRIER]), count)
    out = ~np.isin(carrier, CARRIERS)
    tell(CARRIER, out, f"'{carrier[out].flat[0]}'" if out.any() else "", ", ".join(CARRIERS))
    injected = carrier != "no injection"
    out = injected & (np.broadcast_to(values[VOLUME], count) == 0.0)
    tell(VOLUME, out, "0 with an injection", NUMBERS[VOLUME].range)
    with np.errstate(divide="ignore", invalid="ignore"):
        told = ratios(values)
    for (name, low, high), value in zip(RATIOS, told, strict=True):
        ratio = np.broadcast_to(value, count)
        out = ~wrong & ((ratio < low - 1e-9) | (ratio > high + 1e-9))
        tell(name, out, f"{ratio[out].flat[0]:.4g}" if out.any() else "", f"{low:g} to {high:g}")
    given = np.broadcast_to(values[MIDDLE], count)
    least, most = (np.broadcast_to(values[name], count) for name in (EARLY, LATE))
    out = ~wrong & ((given < least - 1e-6) | (given > most + 1e-6))
    tell(MIDDLE, out, f"{given[out].flat[0]:.4g} N" if out.any() else "", "early to late load")
    with np.errstate(divide="ignore", invalid="ignore"):
        out = ~wrong & ~np.broadcast_to(is_possible(values), count)
    tell("biology", out, "healing by itself, or by no dose,", "numbers with a threshold between")
    return found, wrong


def check(values: Mapping[str, Any]) -> None:
    """Refuse what lies outside the ranges, everything in one go.

    Raises
    ------
    InputError
        With each input that is missing, unknown or outside, and what would be accepted.
    """
    known = {*NUMBERS, CARRIER}
    lacking = [Problem(name, "is missing") for name in sorted(known - values.keys())]
    strange = [Problem(name, "is no input") for name in sorted(values.keys() - known)]
    if lacking or strange:
        raise InputError("the emulator needs exactly its inputs", [*lacking, *strange])
    found, _ = problems(values)
    if found:
        raise InputError("the emulator does not know such courses", found)
