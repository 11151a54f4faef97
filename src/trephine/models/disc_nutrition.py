"""Nutrition of a disc: what reaches the middle of the nucleus, and how many cells it can feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from trephine.core.errors import SolverError
from trephine.core.units import Fraction, Length, Unit, Volume

Floats = NDArray[np.float64]
Number = Annotated[float, Unit("1", "1")]
Diffusivities = Annotated[Mapping[str, float], Unit("m^2/s", "mm^2/s", gt=0)]

SPECIES = ("oxygen", "lactate", "glucose")
CELLS = 80
"""Control volumes over half the height; the least glucose is then exact to 0.1 %."""
MOST_SWEEPS = 400
STEP = 1e-6
HOUR = 3600.0
MOST_ADDED = 500.0
"""Millions of cells by mL beyond which no search goes."""


@dataclass(frozen=True)
class DiscParameters:
    """Diffusion, metabolism and size of a nucleus; units of the numbers are those of the records.

    Parameters
    ----------
    diffusivity
        In water, by species [m^2/s].
    water, endplate_water
        Share of water in nucleus and cartilage endplate [-].
    solubility
        Oxygen dissolved by pressure [mmol/L/kPa].
    oxygen_uptake
        Greatest uptake [nmol/(1e6 cells h)].
    oxygen_half, oxygen_half_by_acid, acid_limit
        Half-saturation [kPa], its growth by pH, and the pH where uptake ends.
    lactate_constant, lactate_by_acid, lactate_by_oxygen, lactate_by_oxygen_squared
        Logarithm of the release of lactate [nmol/(1e6 cells h)].
    acid_at_rest, acid_by_lactate
        pH without lactate, and what a mmol/L takes.
    glucose_limit, acid_death
        Glucose [mmol/L] and pH below which cells die.
    cells
        Cells of the nucleus [1e6/mL].
    supply
        At the bony endplate: oxygen [kPa], lactate and glucose [mmol/L].
    height, endplate
        Of the nucleus, and of one cartilage endplate [m].
    volume
        Of the nucleus [m^3].
    """

    SECTION: ClassVar[str] = "disc"
    diffusivity: Diffusivities
    water: Fraction
    endplate_water: Fraction
    solubility: Number
    oxygen_uptake: Number
    oxygen_half: Number
    oxygen_half_by_acid: Number
    acid_limit: Number
    lactate_constant: Number
    lactate_by_acid: Number
    lactate_by_oxygen: Number
    lactate_by_oxygen_squared: Number
    acid_at_rest: Number
    acid_by_lactate: Number
    glucose_limit: Number
    acid_death: Number
    cells: Number
    supply: Annotated[Mapping[str, float], Unit("1", "1", gt=0)]
    height: Length
    endplate: Length
    volume: Volume


@dataclass(frozen=True)
class Nutrition:
    """What a disc lives on, from its middle to its endplate.

    Parameters
    ----------
    depth_mm
        Distance from the middle (volume,) [mm].
    oxygen, lactate, glucose
        (volume,) [kPa, mmol/L, mmol/L].
    acid
        pH (volume,).
    """

    depth_mm: Floats
    oxygen: Floats
    lactate: Floats
    glucose: Floats
    acid: Floats


Rates = Callable[[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]


def effective(diffusivity: float, water: float) -> float:
    r"""Return the diffusivity in a tissue, :math:`D\,[n/(2-n)]^2` [m^2/s].

    Parameters
    ----------
    diffusivity
        In water [m^2/s].
    water
        Share of water :math:`n` [-].
    """
    return diffusivity * (water / (2.0 - water)) ** 2


def metabolism(p: DiscParameters, cells: float) -> Rates:
    r"""Return the rates at which cells change what surrounds them, as a function of it.

    .. math::

       \dot O = -\frac{q\,\rho\,n}{S}\,\frac{(pH-c)\,O}{a + b\,(pH-c) + O}, \qquad
       \dot L = \rho\, e^{l_0 + l_1 pH + l_2 O - l_3 O^2}, \qquad \dot G = -\dot L/2

    Parameters
    ----------
    p
        Parameters.
    cells
        Cells :math:`\rho` [1e6/mL].
    """
    density = cells * 1e-3  # 1e6 by mm^3

    def rates(oxygen: Floats, lactate: Floats, glucose: Floats) -> tuple[Floats, Floats, Floats]:
        del glucose
        acid = p.acid_at_rest - p.acid_by_lactate * lactate
        above = np.maximum(acid - p.acid_limit, 0.0)
        half = p.oxygen_half + p.oxygen_half_by_acid * above
        taken = p.oxygen_uptake * density * p.water / (HOUR * p.solubility)
        released = (density / HOUR) * np.exp(
            p.lactate_constant
            + p.lactate_by_acid * acid
            + p.lactate_by_oxygen * oxygen
            - p.lactate_by_oxygen_squared * oxygen**2
        )
        return -taken * above * oxygen / (half + oxygen), released, -0.5 * released

    return rates


def nourished(
    p: DiscParameters,
    *,
    added: float = 0.0,
    endplate_open: float = 1.0,
    rates: Rates | None = None,
) -> Nutrition:
    r"""Return the steady state between two endplates alike.

    .. math:: D\,s'' + \dot s = 0, \qquad s'(0) = 0, \qquad
              D\,s'(h/2) = \frac{f\,D_e}{d}\,(s_b - s)

    Finite volumes over half the height, each species by Newton's method in turn until none moves.

    Parameters
    ----------
    p
        Parameters.
    added
        Cells added to those of the nucleus [1e6/mL].
    endplate_open
        Share of the endplate that lets anything through :math:`f` [-].
    rates
        Metabolism; that of living cells unless given.

    Raises
    ------
    SolverError
        If the three do not settle.
    """
    change = rates or metabolism(p, p.cells + added)
    step = 0.5 * p.height * 1e3 / CELLS
    state = [np.full(CELLS, p.supply[name]) for name in SPECIES]
    moved: list[float] = []
    for _ in range(MOST_SWEEPS):
        before = [values.copy() for values in state]
        for place, name in enumerate(SPECIES):
            inside = effective(p.diffusivity[name] * 1e6, p.water)
            film = effective(p.diffusivity[name] * 1e6, p.endplate_water)
            gate = endplate_open * film / (p.endplate * 1e3)
            edge = 1.0 / (0.5 * step / inside + 1.0 / gate)
            state[place] = _newton(place, state, change, inside / step, edge, p.supply[name], step)
        moved.append(max(float(np.abs(a - b).max()) for a, b in zip(state, before, strict=True)))
        if moved[-1] < 1e-9:
            oxygen, lactate, glucose = state
            depth: Floats = (np.arange(CELLS, dtype=np.float64) + 0.5) * step
            acid = p.acid_at_rest - p.acid_by_lactate * lactate
            return Nutrition(depth, oxygen, lactate, glucose, acid)
    raise SolverError("the nutrition of the disc does not settle", moved)


def _newton(
    place: int,
    state: list[Floats],
    change: Rates,
    inner: float,
    edge: float,
    supply: float,
    step: float,
) -> Floats:
    """Return one Newton step of one species with the others held, oxygen never below zero."""
    values = state[place]
    here = change(*state)[place]
    shifted = [v + STEP if n == place else v for n, v in enumerate(state)]
    slope = (change(*shifted)[place] - here) / STEP
    bands = np.zeros((3, CELLS))
    bands[0, 1:] = -inner
    bands[2, :-1] = -inner
    bands[1] = 2.0 * inner
    bands[1, 0] = inner
    bands[1, -1] = inner + edge
    bands[1] -= slope * step
    source = (here - slope * values) * step
    source[-1] += edge * supply
    found: Floats = solve_banded((1, 1), bands, source)
    return np.maximum(found, 0.0) if place == 0 else found


def lives(found: Nutrition, p: DiscParameters) -> bool:
    """Return whether glucose and acid stay where cells live, everywhere in the nucleus."""
    return bool(found.glucose.min() >= p.glucose_limit and found.acid.min() >= p.acid_death)


def most_added(p: DiscParameters, endplate_open: float = 1.0) -> float:
    """Return how many cells more a nucleus can feed [1e6/mL]; 0 where its own go short.

    Parameters
    ----------
    p
        Parameters.
    endplate_open
        Share of the endplate that lets anything through [-].
    """

    def fed(added: float) -> bool:
        return lives(nourished(p, added=added, endplate_open=endplate_open), p)

    if not fed(0.0):
        return 0.0
    low, high = 0.0, MOST_ADDED
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if fed(middle) else (low, middle)
    return low
