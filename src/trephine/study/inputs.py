"""Owns the inputs of the emulator: what each is, its range, and the law that spreads the runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.core.errors import InputError, Problem
from trephine.core.units import in_unit
from trephine.intake.tissues import tissues

Array = NDArray[np.floating[Any]]
Values = dict[str, Any]
"""Arrays (sample,) by name of the input, in SI; a carrier is one of :data:`CARRIERS`."""

DAY, YEAR = 86400.0, 365.25 * 86400.0
CARRIERS = ("no injection", "none", "clot", "demineralised_bone")
"""What the cells lie in; ``no injection`` is a course without one."""
REACH = 8e-3
"""How far beyond the gap a product spreads in the designed runs [m]."""
TILT, OVALITY, ROUGHNESS = 10.0, 1.1, 0.03
"""Shape of the shaft in the designed runs: tilt of the fracture [deg], and two ratios."""
TURNS = (0.0, 42.0, 84.0)
"""Days from which the early, the middle and the late load act [d]."""
MOST_LOAD = 2500.0
"""Largest force on the bone in the designed runs [N]."""


@dataclass(frozen=True)
class Input:
    """One input of the emulator.

    Parameters
    ----------
    name
        Its place in a case where it has one.
    unit, shown
        SI unit, and the unit for a person.
    low, high
        Range [SI].
    about
        What it is, in words.
    or_zero
        Whether 0 is accepted besides the range: without it.
    """

    name: str
    unit: str
    shown: str
    low: float
    high: float
    about: str
    or_zero: bool = False

    def outside(self, values: Array) -> NDArray[np.bool_]:
        """Return where values lie outside the range, (sample,)."""
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        out = ~((values >= self.low - slack) & (values <= self.high + slack))
        return out & (values != 0.0) if self.or_zero else out

    def written(self, value: float) -> str:
        """Return a value for a person."""
        plain = self.shown == "1"
        number = value if plain else in_unit(float(value), self.unit, self.shown)
        return f"{number:.4g}" if plain else f"{number:.4g} {self.shown}"

    @property
    def range(self) -> str:
        """The range for a person."""
        zero = "0, or " if self.or_zero else ""
        return f"{zero}{self.written(self.low)} to {self.written(self.high)}"


GAP, OUTER, CANAL = "site.gap.width", "site.shaft.outer_diameter", "site.shaft.canal_diameter"
NAIL, STIFFNESS = "site.fixation.nail_diameter", "site.fixation.axial_stiffness"
AGE, SMOKER, DIABETES = "patient.age", "patient.smoker", "patient.diabetes"
CELLS, OTHERS, VOLUME, SOLID = "graft.progenitors", "graft.others", "graft.volume", "graft.solid"
CARRIER, INJECTED = "graft.carrier", "graft.day"
NSAID, STEROID = "drug.nsaid", "drug.corticosteroid"
EARLY, MIDDLE, LATE = "load.early", "load.middle", "load.late"
BIOLOGY = ("perfusion", "fibrous", "living_ends", "periosteum", "marrow", "debris")

INPUTS: tuple[Input, ...] = (
    Input(GAP, "m", "mm", 2e-3, 12e-3, "Distance between the bone ends"),
    Input(OUTER, "m", "mm", 18e-3, 36e-3, "Mean periosteal diameter"),
    Input(CANAL, "m", "mm", 7e-3, 24e-3, "Mean endosteal diameter"),
    Input(NAIL, "m", "mm", 4e-3, 22e-3, "Diameter of a nail; 0 for plate or fixator", or_zero=True),
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
    Input(NSAID, "s", "d", 0.0, 182 * DAY, "How long a non-steroidal drug is taken from day 0"),
    Input(STEROID, "s", "d", 0.0, 182 * DAY, "How long a corticosteroid is taken from day 0"),
    Input(CELLS, "1", "1", 3e2, 3e6, "Progenitors that stay, as the bedside counts", or_zero=True),
    Input(OTHERS, "1", "1", 1e6, 5e9, "Other nucleated cells that stay", or_zero=True),
    Input(VOLUME, "m^3", "mL", 2e-7, 7e-5, "Volume that settles, with its carrier", or_zero=True),
    Input(SOLID, "m^3", "mL", 0.0, 4e-5, "Solid demineralised bone in that volume"),
    Input(INJECTED, "s", "d", 0.0, 42 * DAY, "Day of the injection"),
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
    ("settled volume to room", 0.05, 0.98),
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
    for name in (CELLS, VOLUME):
        out = injected & (np.broadcast_to(values[name], count) == 0.0)
        tell(name, out, "0 with an injection", NUMBERS[name].range)
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


Law = Literal["even", "even in the logarithm"]


def point(u: Array) -> Values:
    """Return the inputs of points of the unit cube, (sample,) each [SI].

    The law of the designed runs: spread over the ranges, with a share of the points where most
    patients are (living ends, periosteum and marrow whole, no debris, injected on day 0).

    Parameters
    ----------
    u
        Points, (sample, :data:`DIMENSIONS`), from 0 to 1.
    """
    at = iter(np.asarray(u, dtype=float).T)

    def even(low: float | Array, high: float | Array) -> Array:
        return np.asarray(low + next(at) * (high - low))

    def by_logarithm(low: float | Array, high: float | Array) -> Array:
        return np.asarray(np.exp(even(np.log(low), np.log(high))))

    def usually(usual: float, share: float, low: float, high: float) -> Array:
        where = next(at)
        rest = (where - share) / (1.0 - share)
        return np.where(where < share, usual, low + rest * (high - low))

    found: Values = {GAP: by_logarithm(2e-3, 12e-3), OUTER: even(18e-3, 36e-3)}
    found[CANAL] = found[OUTER] * even(0.4, 0.66)
    nailed = next(at) < 0.5
    found[NAIL] = np.where(nailed, found[CANAL] * even(0.6, 0.93), 0.0)
    found[STIFFNESS] = by_logarithm(2e5, 6e6)
    most = np.minimum(MOST_LOAD, found[STIFFNESS] * found[GAP])
    found[LATE] = by_logarithm(50.0, most)
    found[EARLY] = found[LATE] * even(0.0, 1.0)
    found[MIDDLE] = found[EARLY] + (found[LATE] - found[EARLY]) * even(0.0, 1.0)
    found["site.biology.perfusion"] = by_logarithm(0.02, 0.8)
    found["site.biology.fibrous"] = even(0.1, 0.9)
    found["site.biology.living_ends"] = usually(1.0, 0.5, 0.2, 1.0)
    found["site.biology.periosteum"] = usually(1.0, 0.5, 0.0, 1.0)
    found["site.biology.marrow"] = usually(1.0, 0.5, 0.0, 1.0)
    found["site.biology.debris"] = usually(0.0, 0.5, 0.0, 1.0)
    found[AGE] = even(18.0, 90.0) * YEAR
    found[SMOKER] = (next(at) < 0.35).astype(float)
    found[DIABETES] = (next(at) < 0.25).astype(float)
    found[NSAID] = np.round(usually(0.0, 0.6, 7.0, 182.0)) * DAY
    found[STEROID] = np.round(usually(0.0, 0.75, 7.0, 182.0)) * DAY
    kind = np.digitize(next(at), (0.08, 0.28, 0.75))
    found[CARRIER] = np.array(CARRIERS)[kind]
    injected, solid = kind > 0, kind == 3
    found[CELLS] = np.where(injected, by_logarithm(3e2, 3e6), 0.0)
    found[OTHERS] = np.where(injected, by_logarithm(1e6, 5e9), 0.0)
    found[VOLUME] = np.where(injected, room(found) * even(0.05, 0.98), 0.0)
    found[SOLID] = np.where(solid, found[VOLUME] * even(0.03, 0.6), 0.0)
    found[INJECTED] = np.where(injected, np.round(usually(0.0, 0.5, 0.0, 42.0)), 0.0) * DAY
    return found


COORDINATES = (
    "gap",
    "outer diameter",
    "canal to outer diameter",
    "nail or not",
    "nail to canal diameter",
    "stiffness of the fixation",
    "late load",
    "early to late load",
    "middle load between them",
    "perfusion",
    "fibrous tissue",
    "living bone ends",
    "periosteum",
    "marrow",
    "debris",
    "age",
    "smoking",
    "diabetes",
    "time under a non-steroidal drug",
    "time under a corticosteroid",
    "carrier, or no injection",
    "progenitors that stay",
    "other nucleated cells",
    "volume to room",
    "solid to volume",
    "day of injection",
)
"""What the coordinates of a designed point are, in order; they are independent of each other."""
DIMENSIONS = len(COORDINATES)
