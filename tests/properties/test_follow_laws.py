"""Laws of the films and scores for any new bone: more is never worse, mirrors and luck."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from trephine.case.anatomy import Anatomy
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.catalogue.load import catalogue
from trephine.intake.site import anatomy
from trephine.models.attenuation import RadiographParameters, hounsfield
from trephine.models.radiograph import Camera
from trephine.models.reading import Reading
from trephine.models.scores import Reader, ScoreParameters, _log_films, _sheared

SEEDS = st.integers(0, 2**32 - 1)
AMOUNT = st.floats(0.0, 1.0)


def shaft() -> Anatomy:
    document = {
        "kind": "shaft",
        "bone": "femur",
        "side": "left",
        "diagnosis": "atrophic non-union",
        "shaft": {
            "outer_diameter": "26 mm",
            "canal_diameter": "13 mm",
            "ovality": 1.1,
            "roughness": 0.03,
        },
        "gap": {"width": "4 mm", "tilt": "15 deg"},
        "fixation": {"kind": "nail", "nail_diameter": "10 mm"},
    }
    coarse = {"voxel": "2 mm", "margin_axial": "12 mm", "margin_radial": "6 mm"}
    return anatomy(validate(Site, document, "site"), validate(Settings, coarse, "settings"))


SITE = shaft()
FILM = Reading(catalogue()).fill(RadiographParameters)
CUTOFFS = Reading(catalogue()).fill(ScoreParameters)
READER = Reader.of(SITE, "left", FILM, CUTOFFS)


def growth(seed: int, amount: float, site: Anatomy = SITE) -> np.ndarray:
    """Lumps of new bone."""
    lumps = gaussian_filter(np.random.default_rng(seed).normal(size=site.grid.shape), 1.5)
    lumps = 0.5 + lumps / (2 * np.abs(lumps).max())
    return np.clip(4 * (lumps - 1 + amount), 0, 1) * (site.gap + site.callus > 0)


def fields(bone: np.ndarray) -> dict[str, np.ndarray]:
    none = np.zeros_like(bone)
    rest = dict.fromkeys(("cartilage", "clot", "demineralised_bone"), none)
    return {"woven": bone, "mineralised": bone, "fibrous": 0.5 * (1 - bone), **rest}


def score(bone: np.ndarray) -> np.ndarray:
    return READER.scores(hounsfield(SITE, fields(bone), FILM), SITE.open * bone)


@settings(max_examples=100, deadline=None)
@given(first=SEEDS, second=SEEDS, amount=AMOUNT, more=AMOUNT)
def test_more_bone_never_lowers_a_score(
    first: int, second: int, amount: float, more: float
) -> None:
    less = growth(first, amount)
    full = np.maximum(less, growth(second, more))
    assert (score(full) >= score(less)).all()


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, amount=AMOUNT)
def test_more_bone_never_brightens_the_signal(seed: int, amount: float) -> None:
    camera = Camera.of(SITE, FILM)
    bare = camera.exposures(hounsfield(SITE, fields(np.zeros(SITE.grid.shape)), FILM))
    grown = camera.exposures(hounsfield(SITE, fields(growth(seed, amount)), FILM))
    for before, after in zip(bare, grown, strict=True):
        assert (after <= before * (1 + 1e-12)).all()
        assert (after > 0).all()


def mirrored(values: np.ndarray) -> np.ndarray:
    return values[::-1].copy()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, amount=AMOUNT)
def test_a_mirrored_limb_reads_the_same(seed: int, amount: float) -> None:
    """A left limb in the mirror is a right one: film and scores mirror with it."""
    arrays = {
        f.name: mirrored(getattr(SITE, f.name))
        for f in dataclasses.fields(SITE)
        if isinstance(getattr(SITE, f.name), np.ndarray)
    }
    other = dataclasses.replace(SITE, **arrays)
    bone = growth(seed, amount)
    number = hounsfield(other, fields(mirrored(bone)), FILM)
    reader = Reader.of(other, "right", FILM, CUTOFFS)
    assert np.array_equal(reader.scores(number, other.open * mirrored(bone)), score(bone))
    here = Camera.of(SITE, FILM).exposures(hounsfield(SITE, fields(bone), FILM))
    there = Camera.of(other, FILM).exposures(number)
    assert there[0][:, ::-1] == pytest.approx(here[0], rel=1e-9)
    assert there[1] == pytest.approx(here[1], rel=1e-9)


def test_the_laws_see_every_score() -> None:
    """The lumps above reach from no callus to a bridge, so the law is not empty."""
    reached = {int(s) for amount in (0, 0.4, 0.6, 1.0) for s in score(growth(7, amount))}
    assert {1, 2, 3} <= reached


def test_a_line_seen_against_its_neighbourhood_would_break_the_law() -> None:
    """The law can fail: bone beside the gap makes a line darker against what lies around it."""
    band = READER.bands[0]

    def line(bone: np.ndarray) -> float:
        number = _sheared(hounsfield(SITE, fields(bone), FILM), READER.lower, READER.part)
        film = _log_films(READER.camera, number)[band.film]
        new = (film[:, band.columns] - band.empty)[:, band.in_cortex].mean(axis=1)
        return float(new.max() - new[band.in_gap].min())

    none = np.zeros(SITE.grid.shape)
    beside = none.copy()
    beside[:, :, :4] = SITE.callus[:, :, :4] > 0
    assert line(none) == pytest.approx(0, abs=1e-2)
    assert line(beside) > 0.05
    assert (score(beside) >= score(none)).all()
