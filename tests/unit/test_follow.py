"""The visits: films, scores, volume and ending of a course made up by hand."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.course import HealingCourse
from trephine.case.document import validate
from trephine.case.followup import FollowUp
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.catalogue.load import catalogue
from trephine.core.types import Ending
from trephine.intake.site import anatomy
from trephine.models.reading import Reading
from trephine.models.scores import FollowParameters
from trephine.stages.follow import TISSUES, follow

NEW_BONE = ("woven", "lamellar")


@pytest.fixture(scope="module")
def p() -> FollowParameters:
    return Reading(catalogue()).fill(FollowParameters)


@pytest.fixture(scope="module")
def site() -> Anatomy:
    document = {
        "kind": "shaft",
        "bone": "femur",
        "side": "left",
        "diagnosis": "atrophic non-union",
        "shaft": {"outer_diameter": "29 mm", "canal_diameter": "14 mm"},
        "gap": {"width": "4 mm", "tilt": "10 deg"},
        "fixation": {"kind": "nail", "nail_diameter": "11 mm"},
    }
    return anatomy(validate(Site, document, "site"), Settings.preset("draft"))


def course(site: Anatomy, levels: list[float]) -> HealingCourse:
    """New bone everywhere in reach, to a given fraction at each visit, a week apart."""
    shape = (len(levels), *site.grid.shape)
    where = (site.gap + site.callus > 0.5).astype(float)
    bone = np.array(levels)[:, None, None, None] * where
    fields = {name: np.zeros(shape) for name in TISSUES}
    fields["woven"], fields["mineralised"] = bone, bone.copy()
    series = np.ones(len(levels))
    return HealingCourse(
        7.0 * np.arange(len(levels)), fields, series, series, series, 1e6,
        np.zeros(0), np.zeros((0, 6, 6)), np.zeros((6, 6)), {}, ()
    )  # fmt: skip


def seen(
    site: Anatomy,
    p: FollowParameters,
    levels: list[float],
    seed: int = 0,
    of: tuple[str, ...] = ("woven", "mineralised"),
) -> FollowUp:
    whole = course(site, levels)
    none = np.zeros_like(whole.fields["woven"])
    fields = dict.fromkeys(whole.fields, none) | dict.fromkeys(of, whole.fields["woven"])
    return follow(
        course=dataclasses.replace(whole, fields={k: v.copy() for k, v in fields.items()}),
        anatomy=site,
        side="left",
        p=p,
        rng=np.random.default_rng(seed),
    )


def test_a_site_that_heals_is_united_from_the_visit_it_lasts(
    site: Anatomy, p: FollowParameters
) -> None:
    result = seen(site, p, [0, 0.9, 0.2, 0.9, 0.9])
    assert result.ending is Ending.UNITED
    assert result.union_week == 3.0
    assert list(result.bridged) == [0, 4, 0, 4, 4]
    assert list(result.week) == [0, 1, 2, 3, 4]
    assert np.array_equal(result.mrust, result.cortex_score.sum(axis=1))
    assert result.mrust[0] == 4
    assert (result.mrust[[1, 3, 4]] >= 12).all()


def test_a_bridge_that_is_lost_is_no_union(site: Anatomy, p: FollowParameters) -> None:
    result = seen(site, p, [0, 0.9, 0.9, 0.1])
    assert result.ending is Ending.NOT_UNITED
    assert result.union_week is None
    result = seen(site, p, [0, 0.05])
    assert result.ending is Ending.NOT_UNITED
    assert list(result.mrust) == [4, 4]


def test_the_number_of_cortices_decides(site: Anatomy, p: FollowParameters) -> None:
    strict = dataclasses.replace(p.scores, union_cortices=5.0)
    result = seen(site, dataclasses.replace(p, scores=strict), [0, 0.9])
    assert list(result.bridged) == [0, 4]
    assert result.ending is Ending.NOT_UNITED


def test_callus_volume_is_the_mineralised_new_bone(site: Anatomy, p: FollowParameters) -> None:
    levels = [0, 0.25, 1]
    where = site.gap + site.callus > 0.5
    full = float(site.open[where].sum()) * 0.0015**3
    assert seen(site, p, levels).callus_volume == pytest.approx([0, 0.25 * full, full])


def test_only_lamellar_bone_takes_the_line_away(site: Anatomy, p: FollowParameters) -> None:
    """A cortex full of woven bone is bridged (3); one of lamellar bone is remodelled (4)."""
    woven, lamellar = (seen(site, p, [0, 1], of=(name, "mineralised")) for name in NEW_BONE)
    assert woven.cortex_score[-1].tolist() == [3, 3, 3, 3]
    assert lamellar.cortex_score[-1].tolist() == [4, 4, 4, 4]
    assert lamellar.callus_volume[-1] == pytest.approx(woven.callus_volume[-1])


@pytest.mark.parametrize("pieces", ["allograft", "ceramic"])
def test_pieces_are_on_the_film_and_no_union(
    site: Anatomy, p: FollowParameters, pieces: str
) -> None:
    packed, empty = seen(site, p, [0, 0.5], of=(pieces,)), seen(site, p, [0, 0])
    assert packed.radiograph_ap[-1].max() == pytest.approx(empty.radiograph_ap[-1].max())
    assert abs(packed.radiograph_ap[-1] - empty.radiograph_ap[-1]).max() > 0.02
    assert packed.cortex_score[-1].tolist() == empty.cortex_score[-1].tolist()
    assert packed.ending is Ending.NOT_UNITED


def test_films_have_the_pixels_of_the_site(site: Anatomy, p: FollowParameters) -> None:
    result = seen(site, p, [0, 0.5])
    nx, ny, nz = site.grid.shape
    assert result.pixel == 0.0005
    assert result.radiograph_ap.shape == (2, 3 * nz, 3 * nx)
    assert result.radiograph_lateral.shape == (2, 3 * nz, 3 * ny)
    for film in (result.radiograph_ap, result.radiograph_lateral):
        assert film.dtype == np.float32
        assert not film.flags.writeable
        assert (film > 0).all()
        assert (film < 0.1).all()  # a limb lets few photons through


def test_the_nail_is_brightest_then_bone_then_muscle(site: Anatomy, p: FollowParameters) -> None:
    """Behind metal the least signal is left, which a film shows white."""
    row = seen(site, p, [0]).radiograph_ap[0][5:15].mean(axis=0)
    middle = row.size // 2
    bone = middle + round(0.010 / 0.0005)
    assert row[middle] < 0.2 * row[bone]
    assert row[bone] < 0.6 * row[2]


def test_a_visit_has_the_same_noise_whatever_the_tissue(site: Anatomy, p: FollowParameters) -> None:
    healed, bare = seen(site, p, [0, 0.9, 0.9]), seen(site, p, [0, 0, 0])
    far = np.s_[:, :3, :3]
    for name in ("radiograph_ap", "radiograph_lateral"):
        one, other = getattr(healed, name), getattr(bare, name)
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[far], other[far])
        assert not np.array_equal(one[1], one[2])
        assert not np.array_equal(one[1], other[1])


def test_luck_changes_films_but_never_scores(site: Anatomy, p: FollowParameters) -> None:
    levels = [0, 0.3, 0.36, 0.42, 0.9]
    one, other = seen(site, p, levels, 1), seen(site, p, levels, 2)
    assert not np.array_equal(one.radiograph_ap, other.radiograph_ap)
    assert np.array_equal(one.cortex_score, other.cortex_score)
    again = seen(site, p, levels, 1)
    assert np.array_equal(one.radiograph_ap, again.radiograph_ap)
    assert np.array_equal(one.radiograph_lateral, again.radiograph_lateral)


def test_a_course_of_another_grid_is_refused(site: Anatomy, p: FollowParameters) -> None:
    right = course(site, [0, 1])
    short = {name: values[:, :-1] for name, values in right.fields.items()}
    luck = np.random.default_rng(0)
    with pytest.raises(ValueError, match="fibrous has shape"):
        follow(
            course=dataclasses.replace(right, fields=short),
            anatomy=site,
            side="left",
            p=p,
            rng=luck,
        )
    less = {name: values for name, values in right.fields.items() if name != "woven"}
    with pytest.raises(ValueError, match="no field 'woven'"):
        follow(
            course=dataclasses.replace(right, fields=less), anatomy=site, side="left", p=p, rng=luck
        )


def test_half_a_year_of_visits_takes_seconds(site: Anatomy, p: FollowParameters) -> None:
    began = time.perf_counter()
    result = seen(site, p, list(np.linspace(0, 1, 27)))
    assert time.perf_counter() - began < 5
    assert result.week.size == 27
