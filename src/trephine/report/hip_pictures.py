"""Owns the pictures of a femoral head over time: tissue, stress and a film, as PNG."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
from matplotlib.image import imsave
from numpy.typing import NDArray
from scipy import ndimage

from trephine.case.hip_run import HipRun
from trephine.core.types import Voxels
from trephine.report.palette import NEW_BONE, Shade, rgb
from trephine.report.sheet import Still
from trephine.report.words import rounded

Array = NDArray[np.float64]
WIDTH = 360
"""Pixels across a picture."""
SHOWN = 5
"""Visits that are shown at most."""
SHADES = (
    Shade("living", "Living bone", "#efe6d0"),
    Shade("necrotic", "Dead bone", "#6d5a7d"),
    Shade("cavity", "Resorbed, not yet filled", "#241f22"),
    Shade("new_bone", "New bone", NEW_BONE),
    Shade("crushed", "Crushed, or pressed flat", "#c0392b"),
    Shade("cartilage", "Cartilage", "#4a89c2"),
    Shade("socket", "Socket", "#b9b3a6"),
)
EMPTY = (43, 36, 38)
FILM_STRETCH = 1.05
"""White of the film over its brightest point at day 0."""


def visits_shown(run: HipRun) -> list[int]:
    """Return which visits are shown: the first, the last, and evenly between."""
    count = run.course.day.size
    return sorted({round(i) for i in np.linspace(0, count - 1, min(SHOWN, count))})


def tissue(run: HipRun) -> list[Still]:
    """Return the mid-coronal section of the visits that are shown, in the colours of tissue."""
    return [
        _still(_coloured(run, visit), run, visit, "mid-coronal section of the head, tissue")
        for visit in visits_shown(run)
    ]


def stress(run: HipRun) -> list[Still]:
    """Return the same sections with the stress under a step of walking, on one scale.

    Visits after collapse are left out, for the load on them is not solved.
    """
    found = run.course.fields["stress"]
    top = most_stress(run)
    shades = mpl.colormaps["viridis"]
    stills = []
    for visit in _solved(run):
        level = np.clip(_section(found[visit]) / top, 0.0, 1.0)
        picture = np.asarray(shades(level))[..., :3] * 255.0
        bone = _section(run.anatomy.head + run.anatomy.neck) > 0.3
        picture = np.where(bone[..., None], picture, EMPTY)
        words = f"stress in the mid-coronal section, 0 to {rounded(top)} MPa"
        stills.append(_still(picture, run, visit, words, f", {_load(run, visit)}"))
    return stills


def legend_of_stress(run: HipRun) -> tuple[tuple[str, str], ...]:
    """Return colours of the scale of stress, each with what it stands for."""
    top, shades = most_stress(run), mpl.colormaps["viridis"]
    marks = [(share, f"{rounded(share * top, 2)} MPa") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    marks[-1] = (1.0, f"{marks[-1][1]} and more")
    return tuple((mpl.colors.to_hex(shades(share)), words) for share, words in marks)


def _load(run: HipRun, visit: int) -> str:
    """Return in words how hard a step of walking presses at a visit, as the plan has it."""
    day = float(run.course.day[visit]) * 86400.0
    told = [step.body_weights for step in run.case.plan.loadings if step.day <= day]
    if not told:
        return "walking as usual"
    return "body weight" if told[-1] == 1.0 else f"{told[-1]:.2g} times body weight"


def most_stress(run: HipRun) -> float:
    """Return the stress at the bright end of the scale [MPa]."""
    found = run.course.fields["stress"]
    head = run.anatomy.head > 0.5
    return max((float(np.percentile(found[v][head], 99.0)) for v in _solved(run)), default=0.0) or 1


def _solved(run: HipRun) -> list[int]:
    """Return which of the visits that are shown have a load."""
    collapsed = run.course.collapse_day
    return [v for v in visits_shown(run) if collapsed is None or run.course.day[v] < collapsed]


def pressed_flat(run: HipRun, visit: int) -> Array:
    """Return the share of each voxel that is pressed flat by a visit, (x, y, z) [-].

    The cap around the middle of the lesion whose height is the flattening: as a picture, for the
    model knows how much is flattened and not its shape.
    """
    x, y, z = run.anatomy.grid.centres()
    a, b, c = run.anatomy.axis
    flat = float(run.course.flattening[visit])
    beyond = a * x + b * y + c * z - (run.anatomy.radius - flat)
    share: Array = np.clip(beyond / run.anatomy.grid.spacing + 0.5, 0.0, 1.0)
    return share * run.anatomy.head * (flat > 0.0)


def film(run: HipRun) -> list[Still]:
    """Return projections from front to back, like a radiograph: mineral along the way.

    Mineral is density times what is neither cavity nor new bone without mineral; without soft
    tissue, scatter or noise.
    """
    seen = run.course.fields
    bone = (run.anatomy.head + run.anatomy.neck) * run.anatomy.density
    mineral = [
        bone * (1.0 - seen["cavity"][v]) * (1.0 - pressed_flat(run, v)) for v in visits_shown(run)
    ]
    socket = 1.5 * run.anatomy.socket
    paths = [_upright((m + socket).sum(axis=1)) for m in mineral]
    white = float(paths[0].max()) * FILM_STRETCH
    stills = []
    for visit, path in zip(visits_shown(run), paths, strict=True):
        grey = 255.0 * (1.0 - np.exp(-2.0 * path / white)) / (1.0 - np.exp(-2.0))
        picture = np.repeat(np.clip(grey, 0, 255)[..., None], 3, axis=2)
        stills.append(_still(picture, run, visit, "projection from front to back"))
    return stills


def legend() -> tuple[tuple[str, str], ...]:
    """Return colour and name of each tissue."""
    return tuple((shade.colour, shade.label) for shade in SHADES)


def _coloured(run: HipRun, visit: int) -> Array:
    """Return a section as colours mixed by volume, (z, x, 3) [0 to 255]."""
    seen = {name: values[visit] for name, values in run.course.fields.items()}
    flat = pressed_flat(run, visit)
    seen = {name: values * (1.0 - flat) for name, values in seen.items()}
    seen["crushed"] = seen["crushed"] + flat
    bone = run.anatomy.head + run.anatomy.neck
    gone = seen["cavity"] + seen["new_bone"] + seen["crushed"]
    necrotic = np.clip(seen["necrotic"] - gone, 0.0, None)
    parts = {
        "cavity": seen["cavity"],
        "new_bone": seen["new_bone"],
        "crushed": seen["crushed"],
        "necrotic": necrotic,
        "living": np.clip(bone - gone - necrotic, 0.0, None),
        "cartilage": run.anatomy.cartilage,
        "socket": run.anatomy.socket,
    }
    total = sum(_section(part) for part in parts.values())
    mixed = sum(
        _section(parts[shade.key])[..., None] * np.array(rgb(shade.colour)) for shade in SHADES
    )
    rest = np.clip(1.0 - total, 0.0, None)[..., None] * np.array(EMPTY)
    colours: Array = (mixed + rest) / np.maximum(total, 1.0)[..., None]
    return colours


def _section(values: Voxels) -> Array:
    """Return the mid-coronal section, the patient's right on the left and up on top, (z, x)."""
    middle = values.shape[1] // 2
    return _upright(0.5 * (values[:, middle - 1] + values[:, middle]))


def _upright(plane: Voxels) -> Array:
    return np.asarray(plane, dtype=np.float64).T[::-1]


def _still(picture: Array, run: HipRun, visit: int, words: str, more: str = "") -> Still:
    """Return a picture enlarged to the width of a still, with the time of its visit."""
    scale = WIDTH / picture.shape[1]
    large = ndimage.zoom(picture, (scale, scale, 1), order=1)
    stream = io.BytesIO()
    imsave(stream, np.clip(np.rint(large), 0, 255).astype(np.uint8), format="png")
    years = f"{float(run.course.day[visit]) / 365.25:.1f} years"
    return Still(stream.getvalue(), f"{years}{more}", f"{words}, {years}{more}", WIDTH // 2)
