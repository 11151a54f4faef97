"""Owns image formation: line integrals, the beam, the detector, and the two films of a site."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.ndimage import gaussian_filter

from trephine.case.anatomy import Anatomy
from trephine.core.grid import Grid
from trephine.core.types import Voxels
from trephine.models.attenuation import BASIS, Array, RadiographParameters, materials


def project(values: Voxels, axis: int, spacing: float) -> Array:
    r"""Return line integrals along one axis, :math:`\int f\,dl \approx h \sum f`.

    Exact for values that are means over voxels.

    Parameters
    ----------
    values
        Values at cell centres; the last three axes are x, y, z.
    axis
        0 along x (lateral film), 1 along y (anteroposterior film).
    spacing
        Edge of a voxel [m].

    Returns
    -------
    Array
        Integrals over the two axes that remain, across and then z [m x unit].
    """
    integral: Array = np.asarray(values, np.float64).sum(axis=axis - 3) * spacing
    return integral


@dataclass(frozen=True)
class View:
    """One film: where its pixels are, and what of the limb lies outside the grid.

    Rows run from head to foot. The columns of the anteroposterior film run from the patient's
    right to the left, so his right is on the left of the film, as for a reader who faces him.
    The columns of the lateral film run from front to back: anterior is on the left.

    Parameters
    ----------
    name
        ``"ap"`` or ``"lateral"``.
    beam
        Axis of the grid along the beam: y for the anteroposterior film, x for the lateral one.
    across
        Position of each column along x (or y), ascending, (column,) [m].
    along
        Position of each row along z, descending, (row,) [m].
    limb
        Path through the limb outside the grid, (column,) [m].
    to_columns, to_rows
        Linear interpolation from voxels to pixels, (column, voxel) and (row, voxel) [-].
    """

    name: Literal["ap", "lateral"]
    beam: int
    across: Array
    along: Array
    limb: Array
    to_columns: Array
    to_rows: Array

    @classmethod
    def of(cls, name: Literal["ap", "lateral"], anatomy: Anatomy, p: RadiographParameters) -> View:
        """Return the film of a site; the limb is a round cylinder about the shaft."""
        grid = anatomy.grid
        beam, side = (1, 0) if name == "ap" else (0, 1)
        across, along = _pixels(grid, side, p.pixel), _pixels(grid, 2, p.pixel)[::-1]
        radius = p.limb * anatomy.outer_radius
        middle = grid.origin[side] + grid.spacing * (grid.shape[side] - 1) / 2
        chord = 2.0 * np.sqrt(np.maximum(radius**2 - (across - middle) ** 2, 0.0))
        return cls(
            name=name,
            beam=beam,
            across=across,
            along=along,
            limb=np.maximum(chord - grid.shape[beam] * grid.spacing, 0.0),
            to_columns=_interpolation(across, grid.axis(side)),
            to_rows=_interpolation(along, grid.axis(2)),
        )

    def paths(self, fractions: Array, spacing: float) -> Array:
        """Return the path through each basis material, (material, row, column) [m].

        Interpolating the projection is interpolating the volume: both are linear. The outer half
        voxel of the grid is held constant.
        """
        integrals = project(fractions, self.beam, spacing)
        path: Array = self.to_rows @ integrals.swapaxes(1, 2) @ self.to_columns.T
        path[BASIS.index("soft")] += self.limb
        return path


def _pixels(grid: Grid, axis: int, pixel: float) -> Array:
    """Return pixel centres that fill the grid along an axis, in its middle, (n,) [m]."""
    middle = grid.origin[axis] + grid.spacing * (grid.shape[axis] - 1) / 2
    count = max(round(grid.shape[axis] * grid.spacing / pixel), 1)
    centres: Array = middle + pixel * (np.arange(count, dtype=np.float64) - (count - 1) / 2)
    return centres


def _interpolation(to: Array, points: Array) -> Array:
    """Return the matrix of linear interpolation from voxel centres, (to, point) [-]."""
    matrix: Array = np.stack([np.interp(to, points, row) for row in np.eye(points.size)], axis=1)
    return matrix


def transmitted(paths: Array, p: RadiographParameters) -> Array:
    r"""Return the signal that reaches the detector, relative to the open beam.

    .. math:: I = \sum_E w_E \exp\left(-\sum_m \mu_m(E)\,L_m\right)

    Parameters
    ----------
    paths
        Path :math:`L_m` through each basis material, (material, ...) [m].
    p
        Beam :math:`w_E` and attenuation :math:`\mu_m(E)`.

    Returns
    -------
    Array
        Signal, (...) [-]; 1 where nothing absorbs. Scatter is taken as stopped by the grid.
    """
    depth = np.tensordot(p.attenuation, paths, axes=1)
    weights = np.array([p.spectrum[energy] for energy in sorted(p.spectrum)])
    signal: Array = np.tensordot(weights, np.exp(-depth), axes=1)
    return signal


def photons(limb: Array, p: RadiographParameters) -> float:
    """Return the photons of the open beam in a pixel, so that ``p.noise`` holds behind a limb.

    Parameters
    ----------
    limb
        Signal behind soft tissue alone, relative to the open beam, scalar [-].
    p
        Noise wanted, more than 0 [-].
    """
    return float(1.0 / (p.noise**2 * limb))


def quantum_noise(signal: Array, open_beam: float, luck: np.random.Generator) -> Array:
    r"""Return a signal counted in whole photons, :math:`n \sim \mathrm{Poisson}(N_0 I)`.

    .. math:: n = \mathrm{round}\left(\lambda + z\sqrt{\lambda} + (z^2 - 1)/6\right),
              \qquad \lambda = N_0 I

    The Cornish-Fisher quantile has the mean, variance and skewness of the Poisson law, within a
    count of it from about ten photons up. Each count follows the same normal deviate :math:`z`
    whatever the signal, so two courses that share their luck differ on film by tissue alone.

    Parameters
    ----------
    signal
        Expected signal, (row, column) [-].
    open_beam
        Photons :math:`N_0` of the open beam in a pixel [-].
    luck
        Generator of the noise of this film.

    Returns
    -------
    Array
        Counted signal, (row, column) [-]; unbiased.
    """
    expected = signal * open_beam
    z = luck.standard_normal(signal.shape)
    count: Array = np.rint(expected + z * np.sqrt(expected) + (z**2 - 1.0) / 6.0)
    return np.maximum(count, 0.0) / open_beam


def blurred(signal: Array, p: RadiographParameters) -> Array:
    """Return a signal after the blur of detector, focal spot and motion, (row, column) [-]."""
    sigma = p.blur / p.pixel / (2.0 * np.sqrt(2.0 * np.log(2.0)))
    spread: Array = np.asarray(gaussian_filter(signal, sigma, mode="nearest"), np.float64)
    return spread


@dataclass(frozen=True)
class Camera:
    """The two films of a site, ready to take them at any time.

    Parameters
    ----------
    anatomy
        The site.
    p
        Beam, detector and limb.
    views
        Geometry of the anteroposterior and of the lateral film.
    """

    anatomy: Anatomy
    p: RadiographParameters
    views: tuple[View, View]

    @classmethod
    def of(cls, anatomy: Anatomy, p: RadiographParameters) -> Camera:
        """Return the camera that takes films of a site."""
        return cls(anatomy, p, (View.of("ap", anatomy, p), View.of("lateral", anatomy, p)))

    def exposures(self, number: Voxels) -> tuple[Array, Array]:
        """Return the signal before the detector on both films, from CT numbers (x, y, z) [HU]."""
        fractions = materials(number, self.anatomy.metal, self.p)
        spacing = self.anatomy.grid.spacing
        ap, lateral = (transmitted(v.paths(fractions, spacing), self.p) for v in self.views)
        return ap, lateral

    @cached_property
    def open_beam(self) -> float:
        """Photons of the open beam in a pixel [-]."""
        path = np.zeros(len(BASIS))
        path[BASIS.index("soft")] = 2.0 * self.p.limb * self.anatomy.outer_radius
        return photons(transmitted(path, self.p), self.p)

    def film(self, exposure: Array, luck: np.random.Generator) -> Array:
        """Return the film a reader sees: photons counted, then blurred, (row, column) [-]."""
        return blurred(quantum_noise(exposure, self.open_beam, luck), self.p)
