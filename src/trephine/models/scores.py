"""Owns the radiographic union score, cortex by cortex, and the volume of new bone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.followup import CORTICES
from trephine.core.errors import InputError
from trephine.core.types import Voxels
from trephine.core.units import Fraction, Positive
from trephine.models.attenuation import BASIS, Array, RadiographParameters, materials
from trephine.models.radiograph import Camera, View, blurred

Side = Literal["left", "right"]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class ScoreParameters:
    """Cut-offs of the score.

    Parameters
    ----------
    callus
        Fraction of a voxel that is mineralised new bone, from which it is callus [-].
    bridged
        Least share of the missing cortex across the whole gap in a bridged cortex [-].
    remodelled
        The same in a remodelled cortex [-].
    line_contrast
        Contrast from which a fracture line is seen [-].
    union_cortices
        Number of bridged cortices that make a union [-].
    """

    SECTION: ClassVar[str] = "scores"

    callus: Fraction
    bridged: Fraction
    remodelled: Fraction
    line_contrast: Fraction
    union_cortices: Positive


@dataclass(frozen=True)
class FollowParameters:
    """How films are made and read.

    Parameters
    ----------
    radiograph
        Beam, materials, detector and limb.
    scores
        Cut-offs of the score.
    """

    SECTION: ClassVar[str] = "follow"

    radiograph: RadiographParameters
    scores: ScoreParameters


@dataclass(frozen=True)
class Band:
    """Where on a film one cortex is read, and what is seen there with and without it.

    Parameters
    ----------
    name
        One of :data:`trephine.case.followup.CORTICES`.
    film
        0 for the anteroposterior film, 1 for the lateral one.
    columns
        Columns from the endosteal edge outward, callus included, (column,) [-].
    in_cortex
        Which of them hold cortex above and below the gap, (column,).
    in_gap
        Rows that lie in the gap, (row,).
    empty
        Log signal with nothing new, (row, column) [-].
    missing
        What the removed cortex would add to it, (row, column) [-].
    """

    name: str
    film: int
    columns: NDArray[np.intp]
    in_cortex: Flags
    in_gap: Flags
    empty: Array
    missing: Array

    def bridging(self, log_signal: Array) -> tuple[float, float]:
        r"""Return how far a cortex is bridged, and the contrast of the line that is left.

        .. math:: r = \min_{s \in gap} \frac{\sum_u (A - A_{empty})}
                  {\sum_u (A_{intact} - A_{empty})}, \qquad
                  C = \max_{s \in gap} \exp\left\langle A_{intact} - A \right\rangle_u - 1

        :math:`A = -\ln I`; :math:`s` runs along the shaft, :math:`u` across the band. The sum
        for :math:`r` takes in callus outside the cortex, so bone between the ends and bone
        around them both bridge; the mean for :math:`C` is over the cortex alone, so a line in
        it is seen however much callus lies around. :math:`A_{empty}` is the first film, soft
        tissue in a clean gap; reading against it makes readers agree better too [Leow2016].

        Parameters
        ----------
        log_signal
            Attenuation :math:`A` of the noise-free film, (row, column) [-].

        Returns
        -------
        tuple
            :math:`r`, 0 with nothing new and 1 as before the gap, and :math:`C` [-].
        """
        new = log_signal[np.ix_(self.in_gap, self.columns)] - self.empty[self.in_gap]
        missing = self.missing[self.in_gap]
        share = new.sum(axis=1) / missing.sum(axis=1)
        lacking = (missing - new)[:, self.in_cortex].mean(axis=1)
        return float(share.min()), float(np.expm1(lacking.max()))


@dataclass(frozen=True)
class Reader:
    """Read one site: the four cortices and what is known of them from day 0.

    An oblique gap is read along its own plane, on films with the tube angled to it and with a
    profile that follows the line; old bone before and behind the gap would hide it otherwise.
    Both are one shear of the volume along the shaft, after which the gap is transverse. The films
    of a transverse gap are read as they are.

    Parameters
    ----------
    camera
        The films of the sheared site.
    lower, part
        Voxel below each sheared voxel along z, and the share of the next one, (x, y, z) [-].
    bands
        One for each cortex, in the order of :data:`trephine.case.followup.CORTICES`.
    sectors
        Voxels of each cortex, outside the canal, (cortex, x, y, z).
    p
        Cut-offs.
    """

    camera: Camera
    lower: NDArray[np.intp]
    part: Array
    bands: tuple[Band, ...]
    sectors: Flags
    p: ScoreParameters

    @classmethod
    def of(
        cls, anatomy: Anatomy, side: Side, radiograph: RadiographParameters, p: ScoreParameters
    ) -> Reader:
        """Return the reader of a site on one side of the body.

        Parameters
        ----------
        anatomy
            The site at day 0.
        side
            Side of the body; on a left limb lateral is toward +x.
        radiograph
            Beam, detector and limb.
        p
            Cut-offs.

        Raises
        ------
        InputError
            If a cortex cannot be read: nothing of it was removed, or metal hides all of it.
        """
        if anatomy.cortex_removed.sum() <= 0:
            raise InputError("the site has no gap: no cortex was removed, so none can be scored")
        centre, slopes = _plane(anatomy)
        lower, part = _shear(anatomy, centre, slopes)
        arrays: dict[str, Any] = {
            f.name: _sheared(getattr(anatomy, f.name), lower, part)
            for f in fields(anatomy)
            if isinstance(getattr(anatomy, f.name), np.ndarray)
        }
        camera = Camera.of(replace(anatomy, **arrays), radiograph)
        outward = 1.0 if side == "left" else -1.0
        directions = {"anterior": -1.0, "posterior": 1.0, "medial": -outward, "lateral": outward}
        empty = _log_films(camera, camera.anatomy.hounsfield)
        intact = _log_films(camera, _before_the_gap(camera))
        bands = []
        for name in CORTICES:
            film = 0 if name in {"medial", "lateral"} else 1
            outside = directions[name] * (camera.views[film].across - centre[film])
            columns = outside >= anatomy.canal_radius
            bands.append(_band(name, camera, film, columns, empty[film], intact[film]))
        return cls(camera, lower, part, tuple(bands), _sectors(anatomy, centre, directions), p)

    def bridging(self, number: Voxels) -> list[tuple[float, float]]:
        """Return share and contrast of each cortex, from CT numbers, (x, y, z) [HU]."""
        films = _log_films(self.camera, _sheared(number, self.lower, self.part))
        return [band.bridging(films[band.film]) for band in self.bands]

    def scores(self, number: Voxels, callus: Voxels) -> Array:
        """Return the score of each cortex, 1 to 4.

        1 no callus; 2 callus that does not bridge; 3 bridged, the share of
        :meth:`Band.bridging` at least ``bridged``; 4 remodelled, the share at least
        ``remodelled`` and the contrast below ``line_contrast``. More new bone never lowers a
        score. The films are free of noise.

        Parameters
        ----------
        number
            CT numbers of all but the metal, (x, y, z) [HU].
        callus
            Fraction of a voxel that is mineralised new bone, (x, y, z) [-].

        Returns
        -------
        Array
            Scores in the order of :data:`trephine.case.followup.CORTICES`, (4,) [-].
        """
        scores = np.ones(len(self.bands))
        for index, (share, contrast) in enumerate(self.bridging(number)):
            if share >= self.p.remodelled and contrast < self.p.line_contrast:
                scores[index] = 4
            elif share >= self.p.bridged:
                scores[index] = 3
            elif (callus[self.sectors[index]] > self.p.callus).any():
                scores[index] = 2
        return scores


def _plane(anatomy: Anatomy) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the middle of the removed cortex, (x, y) [m], and the slopes of the gap there [-]."""
    where = np.nonzero(anatomy.cortex_removed)
    weight = anatomy.cortex_removed[where]
    x, y, z = (anatomy.grid.axis(i)[where[i]] for i in range(3))
    centre = (float(np.average(x, weights=weight)), float(np.average(y, weights=weight)))
    root = np.sqrt(weight)
    design = np.stack([np.ones_like(x), x - centre[0], y - centre[1]], axis=1) * root[:, None]
    _, along_x, along_y = np.linalg.lstsq(design, z * root)[0]
    return centre, (float(along_x), float(along_y))


def _shear(
    anatomy: Anatomy, centre: tuple[float, float], slopes: tuple[float, float]
) -> tuple[NDArray[np.intp], Array]:
    """Return where each voxel of the sheared site comes from; beyond the ends it repeats them."""
    x, y, z = anatomy.grid.centres()
    shift = (slopes[0] * (x - centre[0]) + slopes[1] * (y - centre[1])) / anatomy.grid.spacing
    source = np.clip(np.arange(z.size) + shift, 0.0, z.size - 1.0)
    lower = np.minimum(np.floor(source).astype(np.intp), z.size - 2)
    return lower, source - lower


def _sheared(values: Voxels, lower: NDArray[np.intp], part: Array) -> Voxels:
    below = np.take_along_axis(values, lower, axis=2)
    above = np.take_along_axis(values, lower + 1, axis=2)
    sheared: Voxels = (1.0 - part) * below + part * above
    return sheared


def _log_films(camera: Camera, number: Voxels) -> tuple[Array, Array]:
    """Return minus the logarithm of both noise-free films, (row, column) [-]."""
    ap, lateral = (-np.log(blurred(one, camera.p)) for one in camera.exposures(number))
    return ap, lateral


def _before_the_gap(camera: Camera) -> Voxels:
    """Return CT numbers with the removed cortex back in place of the filling, (x, y, z) [HU].

    It takes the mean number of the bone that is left.
    """
    anatomy = camera.anatomy
    bone = anatomy.bone > 0.99 * anatomy.bone.max()
    gain = float(anatomy.hounsfield[bone].mean()) - camera.p.tissue.hounsfield["fibrous"]
    rest = np.maximum(1.0 - anatomy.metal, 1e-6)
    result: Voxels = anatomy.hounsfield + anatomy.cortex_removed / rest * gain
    return result


def _band(
    name: str, camera: Camera, film: int, outside: Flags, empty: Array, intact: Array
) -> Band:
    view = camera.views[film]
    columns = np.flatnonzero(outside & ~_behind_metal(camera, view))
    missing = (intact - empty)[:, columns]
    if missing.max(initial=0.0) < 1e-6:
        raise InputError(
            f"the {name} cortex cannot be read on the {view.name} film: metal hides it, or nothing "
            "of it was removed"
        )
    depth = missing.sum(axis=1)
    return Band(
        name=name,
        film=film,
        columns=columns,
        in_cortex=missing.max(axis=0) >= 0.5 * missing.max(),
        in_gap=depth >= 0.5 * depth.max(),
        empty=empty[:, columns],
        missing=missing,
    )


def _behind_metal(camera: Camera, view: View) -> Flags:
    """Return the columns of a film that cross metal in some row, (column,)."""
    anatomy = camera.anatomy
    fractions = materials(anatomy.hounsfield, anatomy.metal, camera.p)
    metal = view.paths(fractions, anatomy.grid.spacing)[BASIS.index("titanium")]
    hidden: Flags = metal.max(axis=0) > 0.1 * anatomy.grid.spacing
    return hidden


def _sectors(
    anatomy: Anatomy, centre: tuple[float, float], directions: Mapping[str, float]
) -> Flags:
    """Return the voxels of each cortex: a quarter of what lies outside the canal."""
    x, y, z = anatomy.grid.centres()
    across = np.broadcast_arrays(x - centre[0], y - centre[1], z)[:2]
    outside = np.hypot(*across) >= anatomy.canal_radius
    sectors = []
    for name in CORTICES:
        own = 0 if name in {"medial", "lateral"} else 1
        toward = directions[name] * across[own] >= np.abs(across[1 - own])
        sectors.append(outside & toward)
    return np.stack(sectors)


def first_lasting(reached: Flags) -> int | None:
    """Return the first index from which a statement stays true to the end, or None."""
    if not reached[-1]:
        return None
    failed = np.flatnonzero(~reached)
    return int(failed[-1] + 1) if failed.size else 0
