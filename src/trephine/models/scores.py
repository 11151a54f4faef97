"""Owns the radiographic union score, cortex by cortex, and the volume of new bone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.followup import CORTICES
from trephine.core.errors import InputError
from trephine.core.types import Voxels
from trephine.core.units import Fraction, Positive
from trephine.models.attenuation import BASIS, Array, materials
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
    rows, part
        Row above each sample and the share of the next row, (level, column) [-]; levels follow
        the gap where it runs obliquely across the band.
    empty
        Log signal with nothing new, (level, column) [-].
    missing
        What the removed cortex would add to it, (level, column) [-].
    in_gap
        Levels that lie in the gap, (level,).
    in_cortex
        Columns that hold cortex above and below the gap, (column,).
    """

    name: str
    film: int
    columns: NDArray[np.intp]
    rows: NDArray[np.intp]
    part: Array
    empty: Array
    missing: Array
    in_gap: Flags
    in_cortex: Flags

    def sample(self, log_signal: Array) -> Array:
        """Return a film at the samples of the band, (level, column) [-]."""
        return _sample(log_signal, self.columns, self.rows, self.part)

    def bridging(self, log_signal: Array) -> tuple[float, float]:
        r"""Return how far a cortex is bridged, and the contrast of the line that is left.

        .. math:: r = \min_{s \in gap} \frac{\sum_u (A - A_{empty})}
                  {\sum_u (A_{intact} - A_{empty})}, \qquad
                  C = \max_{s \in gap} \exp\left\langle A_{intact} - A \right\rangle_u - 1

        :math:`A = -\ln I`; :math:`s` runs along the shaft, :math:`u` across the band. The sum
        for :math:`r` takes in callus outside the cortex, so bone between the ends and bone
        around them both bridge; the mean for :math:`C` is over the cortex alone, so a line in
        it is seen however much callus lies around. With a transverse gap :math:`A_{empty}` is
        that of soft tissue; with an oblique one it holds the old bone before and behind the
        gap too, which a reader takes off by comparison with the first film [Leow2016].

        Parameters
        ----------
        log_signal
            Attenuation :math:`A` of the noise-free film, (row, column) [-].

        Returns
        -------
        tuple
            :math:`r`, 0 with nothing new and 1 as before the gap, and :math:`C` [-].
        """
        new = self.sample(log_signal) - self.empty
        share = new.sum(axis=1) / np.where(self.in_gap, self.missing.sum(axis=1), 1.0)
        lacking = (self.missing - new)[:, self.in_cortex].mean(axis=1)
        return (
            float(share[self.in_gap].min()),
            float(np.expm1(lacking[self.in_gap].max())),
        )


def _sample(
    log_signal: Array, columns: NDArray[np.intp], rows: NDArray[np.intp], part: Array
) -> Array:
    sampled: Array = (1.0 - part) * log_signal[rows, columns] + part * log_signal[rows + 1, columns]
    return sampled


@dataclass(frozen=True)
class Reader:
    """Read films of one site: the four cortices and what is known of them from day 0.

    Parameters
    ----------
    bands
        One for each cortex, in the order of :data:`trephine.case.followup.CORTICES`.
    sectors
        Voxels of each cortex, outside the canal, (cortex, x, y, z).
    p
        Cut-offs.
    """

    bands: tuple[Band, ...]
    sectors: Flags
    p: ScoreParameters

    @classmethod
    def of(cls, camera: Camera, side: Side, p: ScoreParameters) -> Reader:
        """Return the reader of a site on one side of the body.

        Parameters
        ----------
        camera
            The films of the site.
        side
            Side of the body; on a left limb lateral is toward +x.
        p
            Cut-offs.

        Raises
        ------
        InputError
            If a cortex cannot be read: nothing of it was removed, or metal hides all of it.
        """
        anatomy = camera.anatomy
        removed = anatomy.cortex_removed.sum()
        if removed <= 0:
            raise InputError("the site has no gap: no cortex was removed, so none can be scored")
        x, y, _ = anatomy.grid.centres()
        centre = (
            float((anatomy.cortex_removed * x).sum() / removed),
            float((anatomy.cortex_removed * y).sum() / removed),
        )
        empty = log_films(camera, anatomy.hounsfield)
        intact = log_films(camera, before_the_gap(camera))
        outward = 1.0 if side == "left" else -1.0
        directions = {"anterior": -1.0, "posterior": 1.0, "medial": -outward, "lateral": outward}
        bands = []
        for name in CORTICES:
            film = 0 if name in {"medial", "lateral"} else 1
            bands.append(
                _band(
                    name, camera, film, (directions[name], centre[film]), empty[film], intact[film]
                )
            )
        return cls(tuple(bands), _sectors(anatomy, centre, directions), p)

    def scores(self, films: tuple[Array, Array], mineralised: Voxels, anatomy: Anatomy) -> Array:
        """Return the score of each cortex, 1 to 4.

        1 no callus; 2 callus that does not bridge; 3 bridged, the share of
        :meth:`Band.bridging` at least ``bridged``; 4 remodelled, the share at least
        ``remodelled`` and the contrast below ``line_contrast``. More new bone never lowers a
        score.

        Parameters
        ----------
        films
            Attenuation of the noise-free films, anteroposterior and lateral, (row, column) [-].
        mineralised
            Mineralised fraction of open tissue, (x, y, z) [-].
        anatomy
            The site.

        Returns
        -------
        Array
            Scores in the order of :data:`trephine.case.followup.CORTICES`, (4,) [-].
        """
        callus = anatomy.open * mineralised > self.p.callus
        scores = np.ones(len(self.bands))
        for index, band in enumerate(self.bands):
            share, contrast = band.bridging(films[band.film])
            if share >= self.p.remodelled and contrast < self.p.line_contrast:
                scores[index] = 4
            elif share >= self.p.bridged:
                scores[index] = 3
            elif callus[self.sectors[index]].any():
                scores[index] = 2
        return scores


def log_films(camera: Camera, number: Voxels) -> tuple[Array, Array]:
    """Return minus the logarithm of both noise-free films, (row, column) [-]."""
    ap, lateral = (-np.log(blurred(one, camera.p)) for one in camera.exposures(number))
    return ap, lateral


def before_the_gap(camera: Camera) -> Voxels:
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
    name: str,
    camera: Camera,
    film: int,
    where: tuple[float, float],
    empty: Array,
    intact: Array,
) -> Band:
    """Return the band of one cortex; ``where`` is its direction from the centre, and the centre."""
    anatomy, view = camera.anatomy, camera.views[film]
    direction, centre = where
    missing = intact - empty
    outside = direction * (view.across - centre) >= anatomy.canal_radius
    columns = np.flatnonzero(outside & ~_behind_metal(camera, view))
    lost = missing[:, columns]
    if lost.max(initial=0.0) < 1e-6:
        raise InputError(
            f"the {name} cortex cannot be read on the {view.name} film: metal hides it, or nothing "
            "of it was removed"
        )
    in_cortex = lost.max(axis=0) >= 0.5 * lost.max()
    slope = _slope(view, columns[in_cortex], lost[:, in_cortex])
    height = view.along[:, None] + slope * (view.across[columns] - centre)
    pixel = camera.p.pixel
    target = np.clip((view.along[0] - height) / pixel, 0.0, view.along.size - 1.0)
    rows = np.minimum(target.astype(np.intp), view.along.size - 2)
    part = target - rows
    sampled = _sample(missing, columns, rows, part)
    depth = sampled.sum(axis=1)
    return Band(
        name=name,
        film=film,
        columns=columns,
        rows=rows,
        part=part,
        empty=_sample(empty, columns, rows, part),
        missing=sampled,
        in_gap=depth >= 0.5 * depth.max(),
        in_cortex=in_cortex,
    )


def _behind_metal(camera: Camera, view: View) -> Flags:
    """Return the columns of a film that cross metal in some row, (column,)."""
    anatomy = camera.anatomy
    fractions = materials(anatomy.hounsfield, anatomy.metal, camera.p)
    metal = view.paths(fractions, anatomy.grid.spacing)[BASIS.index("titanium")]
    hidden: Flags = metal.max(axis=0) > 0.1 * anatomy.grid.spacing
    return hidden


def _slope(view: View, columns: NDArray[np.intp], lost: Array) -> float:
    """Return the rise of the gap along the shaft per length across a band [-]."""
    weight = lost.sum(axis=0)
    middle = (lost * view.along[:, None]).sum(axis=0) / weight
    offset = view.across[columns] - np.average(view.across[columns], weights=weight)
    spread = float((weight * offset**2).sum())
    return float((weight * offset * middle).sum()) / spread if spread > 0 else 0.0


def _sectors(
    anatomy: Anatomy, centre: tuple[float, float], directions: Mapping[str, float]
) -> Flags:
    """Return the voxels of each cortex: a quarter of what lies outside the canal."""
    x, y, z = anatomy.grid.centres()
    across = {"ap": x - centre[0] + 0.0 * (y + z), "lateral": y - centre[1] + 0.0 * (x + z)}
    outside = np.hypot(across["ap"], across["lateral"]) >= anatomy.canal_radius
    sectors = []
    for name in CORTICES:
        own, other = ("ap", "lateral") if name in {"medial", "lateral"} else ("lateral", "ap")
        sectors.append(outside & (directions[name] * across[own] >= np.abs(across[other])))
    return np.stack(sectors)


def callus_volume(mineralised: Voxels, anatomy: Anatomy) -> float:
    """Return the volume of mineralised new bone [m^3].

    Parameters
    ----------
    mineralised
        Mineralised fraction of open tissue, (x, y, z) [-].
    anatomy
        The site.
    """
    return float((anatomy.open * mineralised).sum() * anatomy.grid.voxel_volume)


def first_lasting(reached: Flags) -> int | None:
    """Return the first index from which a statement stays true to the end, or None."""
    if not reached[-1]:
        return None
    failed = np.flatnonzero(~reached)
    return int(failed[-1] + 1) if failed.size else 0
