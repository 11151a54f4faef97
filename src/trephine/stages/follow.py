"""Owns the visits: films, scores, callus volume and how the course ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.course import HealingCourse
from trephine.case.followup import FollowUp
from trephine.core.types import Ending, Voxels
from trephine.models.attenuation import hounsfield
from trephine.models.radiograph import Camera
from trephine.models.scores import FollowParameters, Reader, Side, first_lasting
from trephine.models.surgery import Operated, bone_in_gap

VERSION = 2
"""Raised when the same inputs give another result."""
DAYS_A_WEEK = 7.0
SECOND_IN_DAYS = 1.0 / 86400.0
MOVED = ("lamellar", "mineralised")
"""Fields in which a course shows bone that an operation moved."""
TISSUES = ("fibrous", "cartilage", "woven", "mineralised")
"""Fields that a course must have to be seen on film."""
PIECES = ("allograft", "ceramic")
"""What is as dense as bone on a film and is none yet."""
MORE = ("lamellar", "clot", "demineralised_bone", *PIECES)
"""Fields that are seen where a course has them."""


def follow(
    *,
    course: HealingCourse,
    anatomy: Anatomy,
    side: Side,
    p: FollowParameters,
    rng: np.random.Generator,
    operated: Sequence[Operated] = (),
) -> FollowUp:
    """Return what the visits showed: two films, the union score and the ending.

    Every snapshot of the course is a visit. The films hold quantum noise; the scores are read
    from films without it, so luck never decides a union. The volume of callus is the sum of
    mineralised new bone over the voxels. Pieces of allograft and ceramic are on the films; a
    score counts only what is new bone, as a reader does who knows of them.

    Parameters
    ----------
    course
        Fields of the tissue, (time, x, y, z).
    anatomy
        The site at day 0.
    side
        Side of the body, which tells medial from lateral.
    p
        How films are made and read.
    rng
        Luck of the noise; every film takes the same amount of it, so the same visit has the
        same noise whatever the tissue does.

    operated
        The operations, and the site after each: films from then on show that site, and are read
        on it. A visit on the day of an operation comes after it.

    Returns
    -------
    FollowUp
        One entry for each visit; ``UNITED`` if enough cortices are bridged at the last visit.

    Raises
    ------
    ValueError
        If the course is not on the grid of the anatomy.
    InputError
        If a cortex cannot be read on the films.
    """
    _check(course, anatomy)
    films: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    scores, volumes = [], []
    sites = _sites(course, anatomy, operated)
    here: Anatomy | None = None
    for index in range(course.day.size):
        if sites[index] is not here:
            here = sites[index]
            camera = Camera.of(here, p.radiograph)
            reader = Reader.of(here, side, p.radiograph, p.scores)
        seen = (*TISSUES, *(name for name in MORE if name in course.fields))
        tissue = {name: course.fields[name][index] for name in seen}
        if here is not anatomy:
            tissue = _in_room_of(here, anatomy, tissue)
        number = hounsfield(here, tissue, p.radiograph)
        for exposure, taken in zip(camera.exposures(number), films, strict=True):
            taken.append(camera.film(exposure, rng).astype(np.float32))
        callus = here.open * tissue["mineralised"]
        if any(tissue[name].any() for name in PIECES if name in tissue):
            bare = {name: values for name, values in tissue.items() if name not in PIECES}
            number = hounsfield(here, bare, p.radiograph)
        scores.append(reader.scores(number, callus))
        volumes.append(float(callus.sum()) * anatomy.grid.voxel_volume)
    score = np.stack(scores)
    bridged = (score >= 3).sum(axis=1)
    week = course.day / DAYS_A_WEEK
    first = first_lasting(bridged >= p.scores.union_cortices)
    return FollowUp(
        week=week,
        radiograph_ap=np.stack(films[0]),
        radiograph_lateral=np.stack(films[1]),
        pixel=p.radiograph.pixel,
        cortex_score=score,
        mrust=score.sum(axis=1),
        callus_volume=np.array(volumes),
        bridged=bridged.astype(np.float64),
        union_week=None if first is None else float(week[first]),
        ending=Ending.NOT_UNITED if first is None else Ending.UNITED,
    )


def _sites(course: HealingCourse, anatomy: Anatomy, operated: Sequence[Operated]) -> list[Anatomy]:
    """Return the site of each visit."""
    found = []
    for day in course.day:
        done = [o.anatomy for o in operated if o.operation.day / 86400.0 <= day + SECOND_IN_DAYS]
        found.append(done[-1] if done else anatomy)
    return found


def _in_room_of(here: Anatomy, before: Anatomy, tissue: Mapping[str, Voxels]) -> dict[str, Voxels]:
    """Return tissue per room of a site, without the bone that an operation moved into it."""
    moved, room = bone_in_gap(before, here), np.maximum(here.open, 1e-9)
    own = {n: u - moved if n in MOVED else u for n, u in tissue.items()}
    return {n: np.clip(u * before.open / room, 0.0, 1.0) for n, u in own.items()}


def _check(course: HealingCourse, anatomy: Anatomy) -> None:
    wanted = (course.day.size, *anatomy.grid.shape)
    for name in TISSUES:
        if name not in course.fields:
            raise ValueError(f"the course has no field '{name}'")
        if course.fields[name].shape != wanted:
            raise ValueError(f"{name} has shape {course.fields[name].shape}, not {wanted}")
