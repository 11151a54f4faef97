"""Filling of a cartilage defect over its depth: progenitors, chondrocytes, oxygen and matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from trephine.core.units import Diffusivity, Fraction, Rate, Unit
from trephine.models.callus import CellDensity, PerCell, Tension, TensionPerCell

Floats = NDArray[np.float64]
Steepness = Annotated[float, Unit("1", "1", gt=0)]

DAY = 86400.0
LAYERS = 24
"""Control volumes over the depth; the oxygen of a steady state is then exact to 0.1 %."""
STEP = 1.0
"""Days by step; halving it moves the filling of no month by more than 0.005."""
SWEEPS = 30
"""Times that the oxygen before the first step is solved for, each with the uptake of the last."""


@dataclass(frozen=True)
class SharedRates:
    """What the healing model holds of the same cells; each one number or one by draw (draw,).

    Parameters
    ----------
    progenitor_motility, oxygen_diffusivity
        Random motion of progenitors, diffusion of oxygen [m^2/s].
    progenitor_growth, chondrocyte_growth
        Division rates with room and oxygen [1/s].
    progenitor_loss, anoxic_death
        Loss of progenitors, and of all cells without oxygen [1/s].
    to_cartilage
        Largest commitment of progenitors to cartilage [1/s].
    oxygen_uptake
        Largest uptake of progenitors by their density [Pa m^3/s].
    uptake_half, survival_oxygen, arterial_oxygen
        Tension at half of the uptake, at half survival, and of the bone below [Pa].
    """

    SECTION: ClassVar[str] = "callus"
    progenitor_motility: Diffusivity
    oxygen_diffusivity: Diffusivity
    progenitor_growth: Rate
    chondrocyte_growth: Rate
    progenitor_loss: Rate
    anoxic_death: Rate
    to_cartilage: Rate
    oxygen_uptake: TensionPerCell
    uptake_half: Tension
    survival_oxygen: Tension
    arterial_oxygen: Tension


@dataclass(frozen=True)
class ChondralParameters:
    """Numbers of the filling of a defect; each one number or one by draw (draw,).

    Parameters
    ----------
    capacity, threshold
        Largest density of cells; density where half of the commitment is reached [1/m^3].
    steepness
        Power of that switch [-].
    matrix_rate
        Maturing of the matrix by the density of chondrocytes [m^3/s].
    chondrocyte_uptake
        Largest uptake of oxygen by their density [Pa m^3/s].
    synovial_oxygen
        Tension over the defect [Pa].
    settled
        Share of the injected progenitors that settle in the defect [-].
    shared
        Rates of the healing model.
    """

    SECTION: ClassVar[str] = "chondral"
    capacity: CellDensity
    threshold: CellDensity
    steepness: Steepness
    matrix_rate: PerCell
    chondrocyte_uptake: TensionPerCell
    synovial_oxygen: Tension
    settled: Fraction
    shared: SharedRates


@dataclass(frozen=True)
class Layers:
    """What is in the layers of a defect, from the bone up, (draw, layer).

    Parameters
    ----------
    progenitors, chondrocytes
        Densities, never below zero [1/m^3].
    matrix
        Share of mature cartilage, 0 to 1 [-].
    oxygen
        Tension, above zero [Pa].
    """

    progenitors: Floats
    chondrocytes: Floats
    matrix: Floats
    oxygen: Floats


def filled(
    p: ChondralParameters,
    *,
    depth: float,
    progenitors: float | Floats,
    chondrocytes: float | Floats = 0.0,
    days: Floats,
    step: float = STEP,
) -> list[Layers]:
    r"""Return what is in a defect on each day, one :class:`Layers` for each.

    .. math::

       \dot m &= D\,m'' + A\,u\,w\,m - k\,S(m)\,m - [d + d_0 (1 - v)]\,m, \\
       \dot c &= k\,S(m)\,m + A_c\,u\,w\,c - d_0 (1 - v)\,c, \qquad
       \dot x = q\,(1 - x)\,c, \\
       0 &= D_o\,o'' - (U m + U_c c)\,\frac{o}{o + h}

    with room :math:`w = (1 - (m + c)/K)^+`, oxygen :math:`u = o/(o + h)` and
    :math:`v = o/(o + h_0)`, the switch :math:`S = m^n/(m^n + m_*^n)`, no flux of cells through
    either side, and the oxygen of the bone below and of the joint fluid above. Losses are taken
    implicitly, so cells stay positive, and the matrix by its exact solution, so it stays in 0 to 1.

    Parameters
    ----------
    p
        Parameters; arrays of them give one defect by draw.
    depth
        Of the defect [m].
    progenitors, chondrocytes
        Densities at the beginning, even over the depth, one or by draw [1/m^3].
    days
        Days to tell, rising, on whole steps (time,) [d].
    step
        Of time [d].
    """
    draws = max((np.size(value) for value in _numbers(p)), default=1)
    count = max(draws, np.size(progenitors), np.size(chondrocytes))
    shape = (count, LAYERS)
    m, c = (
        np.broadcast_to(np.reshape(np.asarray(v, dtype=float), (-1, 1)), shape).copy()
        for v in (progenitors, chondrocytes)
    )
    s = p.shared
    x, o = np.zeros(shape), np.broadcast_to(_by_draw(s.arterial_oxygen), shape).copy()
    for _ in range(SWEEPS):
        o = oxygen(p, m, c, o, depth)
    width, seconds = depth / LAYERS, step * DAY
    spread = np.broadcast_to(seconds * _by_draw(s.progenitor_motility) / width**2, shape)
    told, now = [], 0
    for day in days:
        for _ in range(round(day / step) - now):
            fed = o / (o + _by_draw(s.uptake_half))
            hunger = _by_draw(s.anoxic_death) * (1.0 - o / (o + _by_draw(s.survival_oxygen)))
            room = np.maximum(1.0 - (m + c) / _by_draw(p.capacity), 0.0)
            commits = _by_draw(s.to_cartilage) * switched(p, m)
            gone = 1.0 + seconds * (commits + _by_draw(s.progenitor_loss) + hunger)
            grown = m * (1.0 + seconds * _by_draw(s.progenitor_growth) * fed * room)
            left = _diffused(grown, spread, gone)
            more = 1.0 + seconds * _by_draw(s.chondrocyte_growth) * fed * room
            c = (c * more + seconds * commits * left) / (1.0 + seconds * hunger)
            m = left
            x = 1.0 - (1.0 - x) * np.exp(-_by_draw(p.matrix_rate) * c * seconds)
            o = oxygen(p, m, c, o, depth)
        now = round(day / step)
        told.append(Layers(m, c, x, o))
    return told


def switched(p: ChondralParameters, progenitors: Floats) -> Floats:
    """Return the share of the commitment that a density of progenitors reaches (draw, layer)."""
    ratio = (progenitors / _by_draw(p.threshold)) ** _by_draw(p.steepness)
    return np.asarray(1.0 - 1.0 / (1.0 + ratio))


def oxygen(
    p: ChondralParameters, progenitors: Floats, chondrocytes: Floats, before: Floats, depth: float
) -> Floats:
    """Return the tension of oxygen in steady state (draw, layer) [Pa].

    Parameters
    ----------
    p
        Parameters.
    progenitors, chondrocytes
        Densities (draw, layer) [1/m^3].
    before
        Tension at which the saturation of the uptake is taken; where it is the result, the result
        is exact [Pa].
    depth
        Of the defect [m].
    """
    s, width = p.shared, depth / LAYERS
    eaten = _by_draw(s.oxygen_uptake) * progenitors + _by_draw(p.chondrocyte_uptake) * chondrocytes
    inner = np.broadcast_to(_by_draw(s.oxygen_diffusivity) / width**2, progenitors.shape)
    middle = 2.0 * inner + eaten / (before + _by_draw(s.uptake_half))
    middle[:, [0, -1]] += inner[:, [0, -1]]  # the sides are half a layer away
    source = np.zeros_like(middle)
    source[:, 0] = 2.0 * inner[:, 0] * np.ravel(s.arterial_oxygen)
    source[:, -1] += 2.0 * inner[:, -1] * np.ravel(p.synovial_oxygen)
    return _solved(middle, inner, source)


def _diffused(values: Floats, spread: Floats, gone: Floats) -> Floats:
    """Return values after a step of implicit diffusion and loss, without flux at the sides."""
    middle = gone + 2.0 * spread
    middle[:, [0, -1]] -= spread[:, [0, -1]]
    return _solved(middle, spread, values)


def _solved(middle: Floats, beside: Floats, source: Floats) -> Floats:
    """Return the solution of one tridiagonal system by draw, all in one band (draw, layer)."""
    links = np.array(beside)
    links[:, -1] = 0.0  # one draw does not touch the next
    bands = np.zeros((3, middle.size))
    bands[0, 1:] = -links.ravel()[:-1]
    bands[1] = middle.ravel()
    bands[2, :-1] = -links.ravel()[:-1]
    found: Floats = solve_banded((1, 1), bands, source.ravel())
    return found.reshape(middle.shape)


def _by_draw(value: Any) -> Floats:  # noqa: ANN401  (a number, or one by draw)
    return np.reshape(np.asarray(value, dtype=float), (-1, 1))


def _numbers(p: ChondralParameters) -> list[Any]:
    own = [value for name, value in vars(p).items() if name != "shared"]
    return [*own, *vars(p.shared).values()]
