"""The stage consolidate: films, bone and scores of a regenerate at each of its visits."""

from __future__ import annotations

import numpy as np

from trephine.case.course import HealingCourse
from trephine.case.regenerate_run import Consolidation
from trephine.core.types import Ending, Series
from trephine.models.attenuation import hounsfield
from trephine.models.radiograph import Camera
from trephine.models.regenerate import Domain
from trephine.models.scores import FollowParameters, Reader, Side, first_lasting

VERSION = 1
SEEN = ("fibrous", "cartilage", "woven", "mineralised", "lamellar", "clot")
MINERAL = 0.1
"""Share of a slice from which it no longer counts as the soft zone [-]."""


def consolidate(
    *,
    course: HealingCourse,
    domain: Domain,
    slices: Series,
    share: Series,
    length: Series,
    side: Side,
    p: FollowParameters,
    rng: np.random.Generator,
) -> Consolidation:
    """Return what the visits showed of the tissue between two bone ends.

    The films are those of the bone as it stood at each visit. Cortices are scored from the first
    visit at the final length: while the ends move, nothing can be bridged. In the middle slice,
    which is thinner than a voxel, the film shows what the tissue there is like.

    Parameters
    ----------
    course
        Fields, (time, x, y, z), each visit on the grid as the bone stood then.
    domain
        The site at every length.
    slices, share, length
        Of :class:`trephine.stages.heal.lengthening.Lengthened`.
    side
        Side of the body.
    p
        How films are made and read.
    rng
        Luck of the noise.
    """
    films: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    bones, filled, soft, scores = [], [], [], []
    final = length >= length[-1] - 1e-9
    reader = Reader.of(domain.at(int(slices[-1])), side, p.radiograph, p.scores)
    for index, count in enumerate(slices.astype(int)):
        site = domain.at(count)
        tissue = {name: course.fields[name][index] for name in SEEN}
        number = hounsfield(site, tissue, p.radiograph)
        camera = Camera.of(site, p.radiograph)
        for exposure, taken in zip(camera.exposures(number), films, strict=True):
            taken.append(camera.film(exposure, rng).astype(np.float32))
        thin = np.ones(domain.whole.grid.shape[2])
        thin[domain.middle(count)] = share[index]
        callus = site.open * tissue["mineralised"]
        new = callus * thin * site.grid.voxel_volume
        zone = slice(domain.first, domain.first + count)
        missing = (site.cortex_removed * thin).sum() * site.grid.voxel_volume
        bones.append(float(new[..., zone].sum()))
        filled.append(bones[-1] / float(missing))
        mineral = (site.gap * tissue["mineralised"]).sum(axis=(0, 1))[zone]
        bare = mineral < MINERAL * site.gap.sum(axis=(0, 1))[zone]
        soft.append(float((bare * thin[zone]).sum()) * site.grid.spacing)
        scores.append(reader.scores(number, callus) if final[index] else np.ones(4))
    score = np.stack(scores)
    bridged = (score >= 3).sum(axis=1)
    first = first_lasting(bridged >= p.scores.union_cortices)
    return Consolidation(
        day=course.day,
        length=length,
        slices=slices,
        share=share,
        bone=np.array(bones),
        filled=np.array(filled),
        soft=np.array(soft),
        cortex_score=score,
        bridged=bridged.astype(np.float64),
        radiograph_ap=np.stack(films[0]),
        radiograph_lateral=np.stack(films[1]),
        pixel=p.radiograph.pixel,
        consolidated=None if first is None else float(course.day[first]),
        ending=Ending.NOT_UNITED if first is None else Ending.UNITED,
    )
