"""Owns image formation: tissue to CT number to X-ray film, anteroposterior and lateral."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import pdtrik

from trephine.case.anatomy import Anatomy
from trephine.core.grid import Grid
from trephine.core.types import Voxels
from trephine.core.units import Fraction, Length, Positive, Unit

Array = NDArray[np.float64]
ByName = Mapping[str, float]
MassAttenuation = Annotated[ByName, Unit("m^2/kg", "cm^2/g", gt=0)]

BASIS = ("soft", "cortical", "titanium")
"""What a film sees everything as: soft tissue, cortical bone, metal."""
REFERENCE = "keV60"
"""Energy at which a CT number means attenuation relative to water."""
AIR = -1000.0
"""CT number of nothing; lower numbers are artefacts of reconstruction and count as air."""


@dataclass(frozen=True)
class TissueNumbers:
    """CT numbers by tissue.

    Parameters
    ----------
    hounsfield
        CT number by tissue [HU].
    """

    SECTION: ClassVar[str] = "tissues"

    hounsfield: Annotated[ByName, Unit("1", "1")]


@dataclass(frozen=True)
class RadiographParameters:
    """Beam, basis materials, detector and limb.

    Parameters
    ----------
    tissue
        CT numbers by tissue [HU].
    spectrum
        Share of the open beam's detected signal by energy [-]; adds up to one.
    water, soft, cortical, titanium
        Mass attenuation by energy [m^2/kg].
    density
        Mass density by material [kg/m^3].
    pixel
        Edge of a film pixel [m].
    blur
        Full width at half maximum of the blur [m].
    noise
        Quantum noise of a pixel behind the limb's soft tissue, relative to its signal [-].
    limb
        Diameter of the limb as a multiple of the bone's [-].
    """

    SECTION: ClassVar[str] = "radiograph"

    tissue: TissueNumbers
    spectrum: Annotated[ByName, Unit("1", "1", ge=0, le=1)]
    water: MassAttenuation
    soft: MassAttenuation
    cortical: MassAttenuation
    titanium: MassAttenuation
    density: Annotated[ByName, Unit("kg/m^3", "g/cm^3", gt=0)]
    pixel: Length
    blur: Length
    noise: Fraction
    limb: Positive

    def __post_init__(self) -> None:
        """Check that the shares of the beam add up to one."""
        total = sum(self.spectrum.values())
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the shares of the spectrum add up to {total:.6g}, not 1")

    @cached_property
    def attenuation(self) -> Array:
        """Linear attenuation of the basis materials, (energy, material) [1/m]."""
        return np.array(
            [
                [getattr(self, name)[energy] * self.density[name] for name in BASIS]
                for energy in sorted(self.spectrum)
            ]
        )

    def number_of(self, material: Literal["soft", "cortical"]) -> float:
        r"""Return the CT number of a basis material, :math:`1000(\mu/\mu_w - 1)` [HU]."""
        water = self.water[REFERENCE] * self.density["water"]
        own: float = getattr(self, material)[REFERENCE] * self.density[material]
        return 1000.0 * (own / water - 1.0)


def hounsfield(anatomy: Anatomy, fields: Mapping[str, Voxels], p: RadiographParameters) -> Voxels:
    r"""Return the CT number of all but the metal at one time.

    .. math:: H = H_0 + \frac{1}{1 - \phi_{metal}}
              \sum_i \phi_i \left( o\,H_i - c\,H_{marrow} - g\,H_{fibrous}
              - (o - c - g)\,H_{muscle} \right)

    New tissue takes the place of what filled the open part :math:`o` of a voxel on day 0: marrow
    in the canal :math:`c`, fibrous tissue in the gap :math:`g`, muscle elsewhere. So the film of a
    site where nothing grew is that of its CT. Woven bone counts by its mineral: the part that is
    mineralised as mature woven bone, the rest as fibrous tissue.

    Parameters
    ----------
    anatomy
        The site, with :math:`H_0`, (x, y, z) [HU].
    fields
        ``fibrous``, ``cartilage``, ``woven``, ``mineralised``, ``clot`` and
        ``demineralised_bone``, per volume of open tissue, (x, y, z) [-].
    p
        CT numbers :math:`H_i` [HU].

    Returns
    -------
    Voxels
        CT numbers, (x, y, z) [HU]; as on day 0 where there is nothing but metal.
    """
    number = p.tissue.hounsfield
    is_open = anatomy.open
    before = (
        anatomy.canal * number["marrow"]
        + anatomy.gap * number["fibrous"]
        + (is_open - anatomy.canal - anatomy.gap) * number["muscle"]
    )
    osteoid = fields["woven"] - fields["mineralised"]
    parts = (
        (fields["mineralised"], number["woven_mature"]),
        (fields["fibrous"] + osteoid, number["fibrous"]),
        (fields["cartilage"], number["cartilage"]),
        (fields["clot"], number["clot"]),
        (fields["demineralised_bone"], number["demineralised_bone"]),
    )
    change = np.zeros(anatomy.grid.shape)
    for fraction, own in parts:
        change += fraction * (is_open * own - before)
    rest = 1.0 - anatomy.metal
    share = np.divide(change, rest, out=np.zeros_like(change), where=rest > 1e-6)
    result: Voxels = anatomy.hounsfield + share
    return result


def materials(number: Voxels, metal: Voxels, p: RadiographParameters) -> Array:
    r"""Return the volume fractions of the basis materials that attenuate like the tissue.

    .. math:: \mu(E) = \sum_m f_m\,\rho_m\,(\mu/\rho)_m(E), \qquad
              \mu(60\,\mathrm{keV}) = \mu_w\,(1 + H/1000)

    Above the CT number of soft tissue a voxel is soft tissue and cortical bone; below it, thinned
    soft tissue. Bone denser than the reference has a bone fraction above one and a negative
    soft one, which is exact in attenuation.

    Parameters
    ----------
    number
        CT numbers of all but the metal, (x, y, z) [HU].
    metal
        Fraction of metal, (x, y, z) [-].
    p
        Attenuation and density of the materials.

    Returns
    -------
    Array
        Fractions of :data:`BASIS`, (material, x, y, z) [-].
    """
    soft, cortical = p.number_of("soft"), p.number_of("cortical")
    held = np.maximum(number, AIR)
    bone = np.maximum(held - soft, 0.0) / (cortical - soft)
    thinned = np.minimum((held - AIR) / (soft - AIR), 1.0)
    return np.stack([(1.0 - metal) * (thinned - bone), (1.0 - metal) * bone, metal])


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
    integral: Array = values.sum(axis=axis - 3) * spacing
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
        path: Array = np.einsum(
            "rz,muz,cu->mrc", self.to_rows, integrals, self.to_columns, optimize=True
        )
        path[BASIS.index("soft")] += self.limb
        return path


def _pixels(grid: Grid, axis: int, pixel: float) -> Array:
    """Return pixel centres that fill the grid along an axis, in its middle, (n,) [m]."""
    middle = grid.origin[axis] + grid.spacing * (grid.shape[axis] - 1) / 2
    count = max(round(grid.shape[axis] * grid.spacing / pixel), 1)
    centres: Array = middle + pixel * (np.arange(count) - (count - 1) / 2)
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

    Each count is the quantile of the same uniform number whatever the signal, so two courses that
    share their luck differ on film by their tissue alone.

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
    quantile = luck.uniform(1e-12, 1.0 - 1e-12, signal.shape)
    count: Array = np.maximum(np.ceil(pdtrik(quantile, signal * open_beam)), 0.0)
    return count / open_beam


def blurred(signal: Array, p: RadiographParameters) -> Array:
    """Return a signal after the blur of detector, focal spot and motion, (row, column) [-]."""
    sigma = p.blur / p.pixel / (2.0 * np.sqrt(2.0 * np.log(2.0)))
    spread: Array = gaussian_filter(signal, sigma, mode="nearest")
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
