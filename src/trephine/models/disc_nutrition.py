"""Nutrition of a disc: what reaches the middle of the nucleus, and how many cells it can feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from trephine.core.errors import SolverError
from trephine.core.units import Fraction, Length, Unit, Volume

Floats = NDArray[np.float64]
Number = Annotated[float, Unit("1", "1")]
Diffusivities = Annotated[Mapping[str, float], Unit("m^2/s", "mm^2/s", gt=0)]
Share = TypeVar("Share", float, Floats)

SPECIES = ("oxygen", "lactate", "glucose")
CELLS, LAYERS = 80, 20
"""Control volumes over half the nucleus and over one cartilage endplate; what the cells live on is
then exact to 0.005 %."""
MOST_SWEEPS = 400
SETTLED, STEP = 1e-9, 1e-6
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
    cells, endplate_cells
        Cells of the nucleus and of the cartilage endplates [1e6/mL].
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
    endplate_cells: Number
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


def effective(diffusivity: float, water: Share) -> Share:
    r"""Return the diffusivity in a tissue, :math:`D\,[n/(2-n)]^2` [m^2/s].

    Parameters
    ----------
    diffusivity
        In water [m^2/s].
    water
        Share of water :math:`n` [-].
    """
    return diffusivity * (water / (2.0 - water)) ** 2


def metabolism(p: DiscParameters, cells: float | Floats, water: float | Floats) -> Rates:
    r"""Return the rates at which cells change what surrounds them, as a function of it.

    .. math::

       \dot O = -\frac{q\,\rho\,n}{S}\,\frac{(pH-c)\,O}{a + b\,(pH-c) + O}, \qquad
       \dot L = \rho\, e^{l_0 + l_1 pH + l_2 O - l_3 O^2}, \qquad \dot G = -\dot L/2

    Parameters
    ----------
    p
        Parameters.
    cells
        Cells :math:`\rho`, one number or (volume,) [1e6/mL].
    water
        Share of water :math:`n`, one number or (volume,) [-].
    """
    density = np.asarray(cells) * 1e-3  # 1e6 by mm^3

    def rates(oxygen: Floats, lactate: Floats, glucose: Floats) -> tuple[Floats, Floats, Floats]:
        del glucose
        acid = p.acid_at_rest - p.acid_by_lactate * lactate
        above = np.maximum(acid - p.acid_limit, 0.0)
        half = p.oxygen_half + p.oxygen_half_by_acid * above
        taken = p.oxygen_uptake * density * water / (HOUR * p.solubility)
        released = (density / HOUR) * np.exp(
            p.lactate_constant
            + p.lactate_by_acid * acid
            + p.lactate_by_oxygen * oxygen
            - p.lactate_by_oxygen_squared * oxygen**2
        )
        return -taken * above * oxygen / (half + oxygen), released, -0.5 * released

    return rates


@dataclass(frozen=True)
class Column:
    """Half of a disc in control volumes, from the middle of its nucleus to the bone.

    Parameters
    ----------
    thickness
        Of each (volume,) [mm].
    water, cells
        Share of water and cells (volume,) [-, 1e6/mL].
    share
        Share of the area of the disc that it fills (volume,) [-].
    """

    thickness: Floats
    water: Floats
    cells: Floats
    share: Floats

    @property
    def depth(self) -> Floats:
        """Return how far the volumes lie from the middle of the nucleus (volume,) [mm]."""
        return np.asarray(np.cumsum(self.thickness) - 0.5 * self.thickness)


def column(p: DiscParameters, *, added: float = 0.0, endplate_open: float = 1.0) -> Column:
    """Return the nucleus and the open share of its cartilage endplate, with the cells of both.

    Where the endplate is closed it is calcified: nothing passes and nothing lives there.

    Parameters
    ----------
    p
        Parameters.
    added
        Cells added to those of the nucleus [1e6/mL].
    endplate_open
        Share of the endplate that is open, above 0 [-].
    """

    def both(nucleus: float, endplate: float) -> Floats:
        return np.repeat([nucleus, endplate], [CELLS, LAYERS])

    return Column(
        thickness=both(0.5 * p.height * 1e3 / CELLS, p.endplate * 1e3 / LAYERS),
        water=both(p.water, p.endplate_water),
        cells=both(p.cells + added, p.endplate_cells),
        share=both(1.0, endplate_open),
    )


def nourished(
    p: DiscParameters,
    *,
    added: float = 0.0,
    endplate_open: float = 1.0,
    rates: Rates | None = None,
) -> Nutrition:
    r"""Return the steady state of a nucleus between two cartilage endplates alike.

    .. math:: D\,s'' + \dot s = 0 \quad (0 < z < h/2), \qquad
              D_e\,s'' + \dot s = 0 \quad (h/2 < z < h/2 + d), \\
              s'(0) = 0, \qquad D\,s'(h/2^-) = f\,D_e\,s'(h/2^+), \qquad s(h/2 + d) = s_b

    Cells of the open endplate eat too, before anything reaches the nucleus. Finite volumes, each
    species by Newton's method in turn until none moves.

    Parameters
    ----------
    p
        Parameters.
    added
        Cells added to those of the nucleus [1e6/mL].
    endplate_open
        Share of the endplate that is open :math:`f`, above 0 [-].
    rates
        Metabolism of all volumes of :func:`column`; that of living cells unless given.

    Raises
    ------
    SolverError
        If the three do not settle.
    """
    of = column(p, added=added, endplate_open=endplate_open)
    change = rates or metabolism(p, of.cells, of.water)
    state = [np.full(of.water.size, p.supply[name]) for name in SPECIES]
    moved: list[float] = []
    for _ in range(MOST_SWEEPS):
        before = [values.copy() for values in state]
        for place, name in enumerate(SPECIES):
            inside = effective(p.diffusivity[name] * 1e6, of.water) * of.share / of.thickness
            state[place] = _newton(place, state, change, inside, p.supply[name], of)
        moved.append(max(float(np.abs(a - b).max()) for a, b in zip(state, before, strict=True)))
        if moved[-1] < SETTLED:
            oxygen, lactate, glucose = (values[:CELLS] for values in state)
            acid = p.acid_at_rest - p.acid_by_lactate * lactate
            return Nutrition(of.depth[:CELLS], oxygen, lactate, glucose, acid)
    raise SolverError("the nutrition of the disc does not settle", moved)


def _newton(
    place: int, state: list[Floats], change: Rates, inside: Floats, supply: float, of: Column
) -> Floats:
    """Return one Newton step of one species with the others held, oxygen never below zero."""
    values = state[place]
    here = change(*state)[place]
    shifted = [v + STEP if n == place else v for n, v in enumerate(state)]
    slope = (change(*shifted)[place] - here) / STEP
    between = 2.0 / (1.0 / inside[:-1] + 1.0 / inside[1:])
    edge = 2.0 * inside[-1]
    volume = of.thickness * of.share
    bands = np.zeros((3, values.size))
    bands[0, 1:] = -between
    bands[2, :-1] = -between
    bands[1, :-1] += between
    bands[1, 1:] += between
    bands[1, -1] += edge
    bands[1] -= slope * volume
    source = (here - slope * values) * volume
    source[-1] += edge * supply
    found: Floats = solve_banded((1, 1), bands, source)
    return np.maximum(found, 0.0) if place == 0 else found


def lives(found: Nutrition, p: DiscParameters) -> bool:
    """Return whether glucose and acid stay where cells live, everywhere in the nucleus."""
    return bool(found.glucose.min() >= p.glucose_limit and found.acid.min() >= p.acid_death)


def least_open(p: DiscParameters) -> float:
    """Return the open share of the endplate below which cells die; 1 where some always do.

    Parameters
    ----------
    p
        Parameters.
    """
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = 0.5 * (low + high)
        fed = lives(nourished(p, endplate_open=middle), p)
        low, high = (low, middle) if fed else (middle, high)
    return high


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
