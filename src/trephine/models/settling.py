"""Settling in a tube: how fast red cells, large cells and platelets move, and what a spin frees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.case.processing import GRAVITY, Spin
from trephine.core.errors import InputError, Problem
from trephine.core.units import Length, MassDensity, Positive, Unit, Viscosity, Volume
from trephine.numerics.kynch import Batch
from trephine.numerics.settling import Column, Hindrance, settle

Array: TypeAlias = NDArray[np.floating[Any]]
Values: TypeAlias = float | Array

PLATELET, RED_CELL = "platelet", "red cell"
IN_THE_BED = 2.0 / 3.0
"""Part of the height of the bed at which one even force does what its gradient does."""


@dataclass(frozen=True)
class CellDensities:
    """Buoyant density by class, the same records as for the density cut of a device."""

    SECTION: ClassVar[str] = "separation"

    density: Annotated[Mapping[str, float], Unit("kg/m^3", "g/cm^3", gt=0)]


@dataclass(frozen=True)
class SettlingParameters:
    """The numbers of settling.

    Parameters
    ----------
    aggregate_diameter, aggregate_density
        Red cells sink as aggregates that hold plasma: Stokes diameter [m] and density [kg/m^3].
    red_cell_volume, red_cell_density
        One red cell [m^3], [kg/m^3].
    hindrance_factor, hindrance_exponent
        Factor :math:`k` and exponent :math:`n` of hindered settling; one number :math:`n` [-].
    plasma_density, plasma_viscosity
        Plasma with its anticoagulant [kg/m^3], [Pa s].
    viscosity_exponent
        How the logarithm of the viscosity rises with the red cell volume fraction [-].
    platelet_density, platelet_diameter
        A platelet [kg/m^3], [m].
    diameter
        Diameter of the nucleated cells by class, in suspension [m].
    cells
        Their densities.
    """

    SECTION: ClassVar[str] = "settling"

    aggregate_diameter: Length
    aggregate_density: MassDensity
    red_cell_volume: Volume
    red_cell_density: MassDensity
    hindrance_factor: Positive
    hindrance_exponent: Positive
    plasma_density: MassDensity
    plasma_viscosity: Viscosity
    viscosity_exponent: Positive
    platelet_density: MassDensity
    platelet_diameter: Length
    diameter: Annotated[Mapping[str, float], Unit("m", "um", gt=0)]
    cells: CellDensities

    def single(self) -> Self:
        """Return the same with red cells that do not aggregate, each a sphere of its volume."""
        diameter = (6.0 * self.red_cell_volume / np.pi) ** (1.0 / 3.0)
        return replace(self, aggregate_diameter=diameter, aggregate_density=self.red_cell_density)


def red_cell_settling(p: SettlingParameters) -> Hindrance:
    r"""Return the hindered settling of red-cell aggregates, per multiple of gravity (C1).

    .. math::
        u = V_a G (1 - k\varphi)^n, \quad
        V_a = \frac{(\rho_a - \rho_p)\, g\, d_a^2}{18\,\mu_p}

    Michaels and Bolger's form for flocs, with the exponent of [RichardsonZaki1954]. In the bed it
    says at once how fast plasma is squeezed out: packing has no law of its own.
    """
    fall = (p.aggregate_density - p.plasma_density) * GRAVITY
    fastest = fall * p.aggregate_diameter**2 / (18.0 * p.plasma_viscosity)
    return Hindrance(fastest, p.hindrance_factor, p.hindrance_exponent)


def cell_velocity(
    fraction: Array, density: Values, diameter: Values, p: SettlingParameters
) -> Array:
    r"""Return the upward velocity of large cells, per multiple of gravity (C2).

    .. math::
        w = -\frac{(\rho_k - \rho_m)\, g\, G\, d_k^2}{18\,\mu_m}, \quad
        \rho_m = \rho_p + (\rho_r - \rho_p)\,\varphi, \quad
        \mu_m = \mu_p\, e^{b\varphi}

    A cell much larger than what surrounds it feels the mixture: it climbs where it is lighter.

    Parameters
    ----------
    fraction
        Red cell volume fraction :math:`\varphi` [-].
    density, diameter
        Those of the cell :math:`\rho_k` [kg/m^3] and :math:`d_k` [m]; all broadcast.
    p
        Plasma and red cells.
    """
    mixture = p.plasma_density + (p.red_cell_density - p.plasma_density) * fraction
    viscosity = p.plasma_viscosity * np.exp(p.viscosity_exponent * fraction)
    found: Array = (mixture - density) * GRAVITY * diameter**2 / (18.0 * viscosity)
    return found


def platelet_velocity(fraction: Array, p: SettlingParameters) -> Array:
    r"""Return the upward velocity of platelets relative to plasma, per multiple of gravity (C3).

    .. math:: w = -\frac{(\rho_t - \rho_p)\, g\, G\, d_t^2}{18\,\mu_p}\,(1 - \varphi)^2

    Plasma that gives way to red cells carries them up with :math:`\varphi u/(1 - \varphi)`.
    """
    fall = (p.platelet_density - p.plasma_density) * GRAVITY * p.platelet_diameter**2
    found: Array = -fall / (18.0 * p.plasma_viscosity) * (1.0 - fraction) ** 2
    return found


@dataclass(frozen=True)
class Slice:
    """What is taken off a spun tube: from a level in the red bed up, to the top or to another.

    Parameters
    ----------
    shares
        Share of each class in it, progenitors, platelets and red cells included [-].
    bottom, top
        Its two levels above the bottom of the tube [m].
    surface
        The surface of the red bed [m].
    """

    shares: Mapping[str, Any]
    bottom: Values
    top: Values
    surface: Values


@dataclass(frozen=True)
class Layers:
    """What stands where in the tube over time.

    Parameters
    ----------
    names
        Classes of cells, platelets last.
    heights
        Middle of each cell of the mesh above the bottom of the tube, (cell,) [m].
    times
        Time at speed, (moment,) [s].
    red_cells
        Red cell volume fraction, (moment, cell) [-].
    riders
        Concentration of each class over that of the marrow as drawn, (moment, class, cell) [-].
    height
        Height of the column [m].
    """

    names: tuple[str, ...]
    heights: Array
    times: Array
    red_cells: Array
    riders: Array
    height: float

    def level(self, red_cells: float, moment: int = -1) -> float:
        """Return the height above which a share of the red cells stands [m]."""
        inside = self._inside(self.red_cells[moment])
        edges = np.linspace(0.0, self.height, inside.size)
        return float(np.interp(1.0 - red_cells, inside, edges))

    def share_above(self, level: float, moment: int = -1) -> dict[str, float]:
        """Return the share of each class, red cells included, that stands above a level [-]."""
        edges = np.linspace(0.0, self.height, self.heights.size + 1)
        found = {RED_CELL: self.red_cells[moment]}
        found |= dict(zip(self.names, self.riders[moment], strict=True))
        return {
            name: 1.0 - float(np.interp(level, edges, self._inside(content)))
            for name, content in found.items()
        }

    @staticmethod
    def _inside(content: Array) -> Array:
        """Return the share of a class below each edge of the mesh, (cell + 1,)."""
        below = np.concatenate([[0.0], np.cumsum(content)])
        found: Array = below / below[-1]
        return found


def recoveries_of_spin(
    spin: Spin,
    haematocrit: Values,
    red_cells: Values,
    p: SettlingParameters,
    product_share: Values | None = None,
) -> Slice:
    """Return what a slice of a spun tube holds, by the exact course of settling.

    Each path through the bed is followed back to where it began in the even marrow.

    Parameters
    ----------
    spin
        The spin; it must tell its column.
    haematocrit
        Red cell volume fraction of the marrow, a number or (sample,) [-].
    red_cells
        Share of the red cells above the bottom of the slice [-].
    p
        The numbers of settling, each a number or (sample,).
    product_share
        Volume of the slice over that of the marrow; up to the top of the tube where None [-].

    Raises
    ------
    InputError
        If the spin has no column, or the marrow is packed before it is spun.
    """
    height = column_of(spin)
    refuse_packed(haematocrit, p)
    batch = Batch(height, haematocrit, red_cell_settling(p))
    # An even force, that in the bed, where cells part last; the layers keep its gradient.
    dose = spin.dose * relative_force(spin, batch.level(spin.dose) * IN_THE_BED)
    bottom = batch.level(dose, red_cells)
    shares = _shares_above(bottom, batch, dose, p)
    top: Values = np.full_like(bottom, height)
    if product_share is not None:
        top = np.minimum(bottom + height * np.asarray(product_share), height)
        beyond = _shares_above(top, batch, dose, p)
        shares = {name: share - beyond[name] for name, share in shares.items()}
    return Slice(shares, bottom, top, batch.level(dose))


def _shares_above(
    level: Array, batch: Batch, dose: Values, p: SettlingParameters
) -> dict[str, Array]:
    """Return the share of each class that stands above a level after a dose, (sample,) [-]."""
    names = tuple(p.diameter)
    count = np.shape(level)
    densities = np.stack([np.broadcast_to(p.cells.density[name], count) for name in names])
    diameters = np.stack([np.broadcast_to(p.diameter[name], count) for name in names])

    def velocity(fraction: Array) -> Array:
        plasma = fraction[-1] * batch.hindrance.speed(fraction[-1]) / (1.0 - fraction[-1])
        cells = cell_velocity(fraction[:-1], densities, diameters, p)
        return np.concatenate([cells, (platelet_velocity(fraction[-1], p) + plasma)[None]])

    levels = np.broadcast_to(level, (len(names) + 1, *count))
    start = batch.origin(levels, dose, velocity)
    found = dict(zip((*names, PLATELET), 1.0 - start / batch.height, strict=True))
    found[RED_CELL] = batch.share_above(level, dose)
    return found


def layers_of_spin(
    spin: Spin,
    haematocrit: float,
    p: SettlingParameters,
    *,
    moments: int = 61,
    mesh: int = 100,
) -> Layers:
    """Return what stands where in a tube while it is spun, by finite volumes.

    Where the spin tells its radius, the force grows from the top of the column to its bottom. The
    tube is taken as straight, along the force, and at speed from the first second to the last.

    Parameters
    ----------
    spin
        The spin; it must tell its column.
    haematocrit
        Red cell volume fraction of the marrow [-].
    p
        The numbers of settling.
    moments
        How many moments to keep, closer at the start, the first before the spin.
    mesh
        Cells of the mesh.

    Raises
    ------
    InputError
        If the spin has no column, or the marrow is packed before it is spun.
    """
    height = column_of(spin)
    refuse_packed(haematocrit, p)
    names = tuple(p.diameter)
    diameters = np.array([[p.diameter[name]] for name in names])
    densities = np.array([[p.cells.density[name]] for name in names])

    def drift(fraction: Array) -> Array:
        cells = cell_velocity(fraction, densities, diameters, p)
        return np.concatenate([cells, platelet_velocity(fraction, p)[None]])

    edges = np.linspace(0.0, height, mesh + 1)
    past = np.linspace(0.0, 1.0, moments) ** 2
    column = Column(
        spacing=height / mesh,
        hindrance=red_cell_settling(p),
        drift=drift,
        carried=np.array([False] * len(names) + [True]),
        force=np.asarray(relative_force(spin, edges[1:-1])),
    )
    even = np.full(mesh, float(haematocrit))
    course = settle(even, np.ones((len(names) + 1, mesh)), spin.dose * past, column)
    return Layers(
        names=(*names, PLATELET),
        heights=0.5 * (edges[:-1] + edges[1:]),
        times=spin.duration * past,
        red_cells=course.dense,
        riders=course.riders,
        height=height,
    )


def relative_force(spin: Spin, level: Values) -> Values:
    """Return the force at a level over that in the middle of the column; 1 without a radius [-]."""
    if spin.radius is None or spin.column is None:
        return np.ones_like(level)
    found: Values = 1.0 + (0.5 * spin.column - level) / spin.radius
    return found


def column_of(spin: Spin) -> float:
    """Return the height of the column under spin, or refuse a spin in which nothing can settle."""
    if spin.column is None:
        why = "is missing; write how high the marrow stands, '8 cm'"
        raise InputError("the spin has no column", [Problem("spin.column", why)])
    if spin.radius is not None and spin.radius <= 0.5 * spin.column:
        why = "reaches from the axis to the middle of the column; write one above half the column"
        raise InputError("the tube would cross the axis", [Problem("spin.radius", why)])
    return spin.column


def refuse_packed(haematocrit: Values, p: SettlingParameters) -> None:
    """Raise InputError if red cells fill the marrow so that nothing can move."""
    filled = np.asarray(p.hindrance_factor * haematocrit)
    if not (filled < 1.0).all():
        limit = float(np.min(1.0 / np.asarray(p.hindrance_factor)))
        why = f"red cells pack at {limit:.3g}; nothing settles in marrow that is packed already"
        raise InputError("the marrow is packed", [Problem("haematocrit", why)])
