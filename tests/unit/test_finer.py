"""A course on coarse voxels, filmed on finer ones: what fills the healing space stays."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.case import read
from trephine.case.course import HealingCourse
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.intake.site import anatomy as place
from trephine.stages.follow import TISSUES
from trephine.study.finer import finer


@cache
def site(voxel: float) -> Anatomy:
    case = read(str(file("tibia-nonunion")))
    return place(case.site, Settings.model_validate({"voxel": f"{voxel} mm"}))


def course(anatomy: Anatomy) -> HealingCourse:
    """Return a course whose healing space is half full of callus above the gap, bare below."""
    is_open = anatomy.open > 0
    share = np.where(is_open, anatomy.healing / np.where(is_open, anatomy.open, 1.0), 0.0)
    half = 0.5 * share * (anatomy.grid.axis(2) > 0)
    series = np.zeros(1)
    return HealingCourse(
        day=series,
        fields={name: np.float32(half)[None].copy() for name in TISSUES},
        stiffness=series,
        movement=series,
        force=series,
        fixation_stiffness=0.0,
        examined=series,
        stiffness_matrix=np.zeros((1, 6, 6)),
        fixation_matrix=np.zeros((6, 6)),
        spent={},
        budgets=(),
    )


def whole(anatomy: Anatomy) -> HealingCourse:
    """Return a course whose open space is full everywhere."""
    full = np.ones((1, *anatomy.grid.shape), dtype=np.float32)
    return dataclasses.replace(course(anatomy), fields=dict.fromkeys(TISSUES, full))


def volume(anatomy: Anatomy, seen: HealingCourse) -> float:
    return float((anatomy.open * seen.fields["mineralised"][0]).sum()) * anatomy.grid.voxel_volume


@pytest.mark.parametrize("ratio", [2, 3])
def test_callus_fills_the_same_part_of_a_sharper_site(ratio: int) -> None:
    coarse, fine = site(3.0), site(3.0 / ratio)
    seen = finer(course(coarse), coarse, fine)
    truth = course(fine)
    assert seen.fields["mineralised"].shape[1:] == fine.grid.shape
    off = np.abs(seen.fields["woven"] - truth.fields["woven"])[0]
    # Only at the rim, where the coarse voxel holds no healing space, is nothing known.
    known = finer(whole(coarse), coarse, fine).fields["woven"][0] > 0
    assert off[known].max() < 1e-6
    assert volume(fine, seen) == pytest.approx(volume(fine, truth), rel=0.05)


def test_a_site_turned_over_is_noticed() -> None:
    coarse, fine = site(3.0), site(1.5)
    given = course(coarse)
    turned = {name: values[..., ::-1].copy() for name, values in given.fields.items()}
    seen = finer(dataclasses.replace(given, fields=turned), coarse, fine)
    assert np.abs(seen.fields["woven"] - course(fine).fields["woven"]).max() > 0.3


def test_the_same_voxels_change_nothing_and_others_must_divide() -> None:
    coarse = site(3.0)
    given = course(coarse)
    again = finer(given, coarse, coarse)
    assert np.allclose(again.fields["woven"], given.fields["woven"], atol=1e-7)
    with pytest.raises(ValueError, match="cannot be cut"):
        finer(given, coarse, site(2.0))
