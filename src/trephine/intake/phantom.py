"""Owns the phantom: a leg with a known shaft, written as real DICOM or NIfTI, with its truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trephine.case.site import Gap, Shaft
from trephine.core.errors import InputError
from trephine.intake import dicom_writer, nifti
from trephine.intake.lesion import inside
from trephine.intake.parameters import parameters
from trephine.intake.shaft import Surface, surfaces
from trephine.intake.tissues import tissues
from trephine.intake.volume import Array, Volume

CENTRE = np.array([0.012, -0.030, 0.500])
"""Middle of the shaft in the patient, LPS; off the origin on every axis [m]."""
SHELL = 0.003
"""Thickness of the cortex of the ends [m]."""
BEAD_RADIUS = 0.003
"""Radius of the marker bead [m]."""
BODY = 0.030
"""Soft tissue around the bone [m]."""
AIR = 0.015
"""Air around the body [m]."""


@dataclass(frozen=True)
class Phantom:
    """A leg with a long bone of known form; lengths in m, shaft axes x, y, z with z to the head.

    Parameters
    ----------
    shaft
        Form of the shaft.
    length
        Length of its straight part [m].
    side
        Of which side; the ball at the upper end points to the other leg.
    gap
        Gap through the middle of the shaft; its centre is ``rise`` above the middle.
    rise
        Height of the gap above the middle of the shaft [m].
    lean
        Rotation of the bone about the patient's x and y axes [rad].
    """

    shaft: Shaft
    length: float
    side: Literal["left", "right"]
    gap: Gap | None
    rise: float = 0.0
    lean: tuple[float, float] = (0.0, 0.0)

    @property
    def radius(self) -> float:
        """Mean periosteal radius [m]."""
        return self.shaft.outer_diameter / 2

    @property
    def turn(self) -> Array:
        """Rotation from the shaft's axes to the patient's, (3, 3) [-]."""
        (sx, cx), (sy, cy) = ((np.sin(a), np.cos(a)) for a in self.lean)
        about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
        about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        turn: Array = about_y @ about_x
        return turn

    @property
    def ball(self) -> tuple[Array, float]:
        """Centre and radius of the ball at the upper end, in the shaft's axes [m]."""
        medial = -1.0 if self.side == "left" else 1.0
        place = np.array([medial * 2.8 * self.radius, 0.0, self.length / 2 + self.radius])
        return place, 1.6 * self.radius

    @property
    def bead(self) -> Array:
        """Centre of the marker bead, left and front of the gap, in the shaft's axes [m]."""
        away = self.radius * 1.2 + 0.010
        return np.array([0.8 * away, -0.6 * away, self.rise])

    def placed(self, point: Array) -> Array:
        """Return a point of the shaft's axes in the patient, LPS [m]."""
        place: Array = CENTRE + self.turn @ np.asarray(point)
        return place


def scan(phantom: Phantom, spacing: tuple[float, float, float]) -> Volume:
    """Return what a noiseless CT of a phantom shows.

    Each voxel is the mean over eight points, softened over half a voxel.

    Parameters
    ----------
    phantom
        What lies in the scanner.
    spacing
        Voxel edges along x, y, z [m].

    Returns
    -------
    Volume
        CT numbers (x, y, z) [HU], rounded to whole numbers as a scanner stores them.
    """
    edges = np.array(spacing)
    reach = 2.8 * phantom.radius + phantom.ball[1] + BODY + AIR
    tall = phantom.length / 2 + 2.6 * phantom.radius + AIR
    half = np.array([reach, reach, tall])
    half[:2] += tall * np.abs(np.sin(phantom.lean[::-1]))
    count = np.ceil(2 * half / edges).astype(int)
    corner = CENTRE - (count - 1) / 2 * edges
    affine = np.diag([*edges, 1.0])
    affine[:3, 3] = corner
    values = np.zeros(tuple(count), dtype=np.float32)
    x, y, z = (corner[i] + edges[i] * np.arange(count[i]) for i in range(3))
    shifts = [(np.array(shift) - 0.5) / 2 * edges for shift in np.ndindex(2, 2, 2)]
    for k in range(count[2]):
        centres = np.stack(np.meshgrid(x, y, z[k], indexing="ij"), axis=-1)[:, :, 0]
        s = (centres - CENTRE) @ phantom.turn
        layer = _leg(phantom, s, edges)
        near = _away(phantom, s) < 2 * edges.max()
        layer[near] = np.mean(
            [_tissue(phantom, s[near] + shift @ phantom.turn, edges) for shift in shifts], axis=0
        )
        values[:, :, k] = layer
    return Volume(np.rint(values), affine, "phantom")


def _leg(phantom: Phantom, s: Array, edges: Array) -> Array:
    """Return the CT number of soft tissue and air at points in the shaft's axes [HU]."""
    radius = 2.8 * phantom.radius + phantom.ball[1] + BODY / 2
    skin = inside(np.hypot(s[..., 0], s[..., 1]) - radius, float(edges.mean()))
    return _over(np.full(skin.shape, parameters().air), skin, tissues().hounsfield["muscle"])


def _away(phantom: Phantom, s: Array) -> Array:
    """Return a lower bound of the distance of points to bone and bead [m]."""
    shaft = np.maximum(
        np.hypot(s[..., 0], s[..., 1]) - 1.4 * phantom.radius,
        np.abs(s[..., 2]) - phantom.length / 2,
    )
    bead = np.linalg.norm(s - phantom.bead, axis=-1) - BEAD_RADIUS
    away: Array = np.minimum(np.minimum(shaft, bead), _ends(phantom, s))
    return away


def _tissue(phantom: Phantom, s: Array, edges: Array) -> Array:
    """Return the CT number at points in the shaft's axes, (point, 3) to (point,) [HU]."""
    number = tissues().hounsfield
    soft = float(edges.mean()) / 2
    values = _leg(phantom, s, edges)
    bead = np.linalg.norm(s - phantom.bead, axis=-1) - BEAD_RADIUS
    values = _over(values, inside(bead, soft), number["cortex"])
    ends = _ends(phantom, s)
    values = _over(values, inside(ends, soft), number["cortex"])
    values = _over(values, inside(ends + SHELL, soft), number["trabecular"])
    outer, canal = surfaces(phantom.shaft)
    level = np.abs(s[..., 2]) - phantom.length / 2
    for surface, value in ((outer, number["cortex"]), (canal, number["marrow"])):
        values = _over(values, _share(surface, s, level, soft), value)
    if phantom.gap is not None:
        middle = phantom.rise + s[..., 1] * np.tan(phantom.gap.tilt)
        slab = inside(np.abs(s[..., 2] - middle) - phantom.gap.width / 2, float(edges[2]) / 2)
        values = _over(values, _share(outer, s, level, soft) * slab, number["fibrous"])
    return values


def _over(values: Array, share: Array, number: float) -> Array:
    """Return values with a share of each replaced by a number."""
    mixed: Array = values * (1.0 - share) + number * share
    return mixed


def _share(surface: Surface, s: Array, level: Array, soft: float) -> Array:
    """Return the share inside a surface of the shaft; far points are not worked out."""
    share = np.zeros(level.shape)
    close = (np.hypot(s[..., 0], s[..., 1]) < 1.6 * surface.radius) & (level < soft)
    if close.any():
        x, y, z = s[close].T
        share[close] = inside(surface.distance(x, y, z), soft) * inside(level[close], soft)
    return share


def _ends(phantom: Phantom, s: Array) -> Array:
    """Return the signed distance to ball, neck and lower end [m]."""
    ball, ball_radius = phantom.ball
    root = np.array([0.0, 0.0, phantom.length / 2 - 0.3 * phantom.radius])
    way = ball - root
    along = np.clip((s - root) @ way / (way @ way), 0.0, 1.0)
    neck = np.linalg.norm(s - root - along[..., None] * way, axis=-1) - 0.9 * phantom.radius
    foot = np.array([0.0, 0.0, -phantom.length / 2])
    knee = np.linalg.norm(s - foot, axis=-1) - 1.4 * phantom.radius
    head = np.linalg.norm(s - ball, axis=-1) - ball_radius
    distance: Array = np.minimum(np.minimum(neck, knee), head)
    return distance


def write_phantom(
    out: str | Path,
    *,
    shaft: Shaft,
    kind: Literal["nifti", "dicom"] = "nifti",
    length: float = 0.30,
    spacing: tuple[float, float, float] = (1e-3, 1e-3, 1.5e-3),
    gap: Gap | None = None,
    rise: float = 0.0,
    side: Literal["left", "right"] = "left",
    lean: tuple[float, float] = (0.0, 0.0),
) -> Path:
    """Write a phantom as a CT, and what is true of it as ``truth.json``; return the CT's path.

    A leg of soft tissue in air holds a tube of cortex with marrow in it, with a ball at its
    upper end that points to the other leg, a rounded lower end, and a dense bead to the left and
    front of the gap. The same arguments give the same files, byte for byte.

    Parameters
    ----------
    out
        Folder to write to; ``ct.nii.gz`` or the folder ``dicom`` and ``truth.json`` in it must
        not exist yet.
    shaft
        Form of the shaft.
    kind
        ``"nifti"`` or ``"dicom"``.
    length
        Length of the straight shaft [m].
    spacing
        Voxel edges along x, y, z [m].
    gap
        Gap through the shaft; None for an intact one.
    rise
        Height of the gap, or of the bead, above the middle of the shaft [m].
    side
        Of which leg.
    lean
        Rotation of the bone about the patient's x and y axes [rad].

    Raises
    ------
    InputError
        If the phantom cannot be built or written, or something is in its way.
    """
    phantom = Phantom(shaft, length, side, gap, rise, lean)
    _check(phantom, spacing)
    out = Path(out)
    image = out / ("ct.nii.gz" if kind == "nifti" else "dicom")
    for path in (image, out / "truth.json"):
        if path.exists():
            raise InputError(f"{path} exists already; choose another folder, or remove it")
    volume = scan(phantom, spacing)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if kind == "nifti":
            ras = np.diag([-1e3, -1e3, 1e3, 1.0]) @ volume.affine
            nifti.write(image, volume.hounsfield.astype(np.int16), ras)
        else:
            dicom_writer.write(image, volume)
        text = json.dumps(_truth(phantom, spacing), indent=2) + "\n"
        (out / "truth.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror or error})") from None
    return image


def _check(phantom: Phantom, spacing: tuple[float, float, float]) -> None:
    """Refuse a phantom that makes no sense, before anything is computed."""
    coarsest = parameters().coarsest_spacing
    if not all(1e-4 <= edge <= coarsest for edge in spacing):
        raise InputError(f"--spacing must lie between 0.1 and {coarsest * 1e3:.3g} mm on each axis")
    if not 0.06 <= phantom.length <= 0.6:
        raise InputError("--length of the phantom must lie between 60 and 600 mm")
    if phantom.shaft.outer_diameter > 0.06:
        raise InputError("--outer-diameter of the phantom must be at most 60 mm")
    if any(abs(angle) > 0.6 for angle in phantom.lean):
        raise InputError("--lean must lie between -34 and 34 degrees about each axis")
    reach = 0.02
    if phantom.gap is not None:
        reach += phantom.gap.width / 2 + phantom.radius * float(np.tan(abs(phantom.gap.tilt)))
    if abs(phantom.rise) + reach > phantom.length / 2:
        raise InputError(
            f"the gap does not fit a shaft of {phantom.length * 1e3:.0f} mm with 20 mm of bone on "
            "each side; lengthen the shaft, or narrow or lower the gap"
        )


def _truth(phantom: Phantom, spacing: tuple[float, float, float]) -> dict[str, Any]:
    """Return what is known of a phantom, as plain data in SI units and LPS coordinates."""
    ball, ball_radius = phantom.ball
    top = float(phantom.placed(ball)[2]) + ball_radius
    bottom = float(phantom.placed(np.array([0, 0, -phantom.length / 2]))[2]) - 1.4 * phantom.radius
    centre = phantom.placed(np.array([0.0, 0.0, phantom.rise]))
    return {
        "units": "SI; coordinates x to the left, y to the back, z to the head (LPS)",
        "side": phantom.side,
        "shaft": phantom.shaft.as_written(),
        "gap": None if phantom.gap is None else phantom.gap.as_written(),
        "gap_centre": centre.tolist(),
        "level": (top - float(centre[2])) / (top - bottom),
        "axis": phantom.turn[:, 2].tolist(),
        "ball": {"centre": phantom.placed(ball).tolist(), "radius": ball_radius},
        "bead": {"centre": phantom.placed(phantom.bead).tolist(), "radius": BEAD_RADIUS},
        "ends": {"low": bottom, "high": top},
        "spacing": list(spacing),
        "hounsfield": {
            name: tissues().hounsfield[name]
            for name in ("cortex", "marrow", "muscle", "fibrous", "trabecular")
        },
    }
