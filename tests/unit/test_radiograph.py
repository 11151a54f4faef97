"""From tissue to film: CT numbers, basis materials, geometry, noise and blur."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.catalogue.load import catalogue
from trephine.core.grid import Grid
from trephine.models.attenuation import RadiographParameters, hounsfield, materials
from trephine.models.radiograph import Camera, View, blurred, project, quantum_noise
from trephine.models.reading import Reading

TISSUES = ("fibrous", "cartilage", "woven", "mineralised", "clot", "demineralised_bone")


@pytest.fixture(scope="module")
def p() -> RadiographParameters:
    return Reading(catalogue()).fill(RadiographParameters)


def block(grid: Grid, bone: np.ndarray, metal: np.ndarray | None = None) -> Anatomy:
    """Bone in muscle, as a CT shows it."""
    none = np.zeros(grid.shape)
    metal = none if metal is None else metal
    return Anatomy(
        grid, bone, metal, none, none, 1 - bone - metal, none, 45 + 1955 * bone,
        0.01, 0.005, 0.004, 0.0, False,
    )  # fmt: skip


def nothing(grid: Grid) -> dict[str, np.ndarray]:
    return {name: np.zeros(grid.shape) for name in TISSUES}


def small_site() -> Anatomy:
    """One voxel each of bone, gap, canal, muscle, and half gap with half metal."""
    grid = Grid((5, 1, 1), 1e-3, (0.0, 0.0, 0.0))
    parts = np.zeros((6, 5, 1, 1))
    parts[0, 0] = parts[3, 1] = parts[2, 2] = parts[4, 3] = 1  # bone, gap, canal, callus
    parts[3, 4] = parts[1, 4] = 0.5
    number = np.array([2000.0, 50, -80, 45, 50]).reshape(5, 1, 1)
    return Anatomy(grid, *parts, number, 0.01, 0.005, 0.004, 0.0, False)


def test_a_site_where_nothing_grew_looks_like_its_ct(p: RadiographParameters) -> None:
    site = small_site()
    assert np.array_equal(hounsfield(site, nothing(site.grid), p), site.hounsfield)


def test_mineralised_woven_bone_takes_the_place_of_what_was_there(p: RadiographParameters) -> None:
    site = small_site()
    fields = nothing(site.grid)
    fields["woven"] = fields["mineralised"] = np.ones(site.grid.shape)
    seen = hounsfield(site, fields, p).ravel()
    assert seen == pytest.approx([2000, 800, 800, 800, 800])
    fields = {name: 0.5 * value for name, value in fields.items()}
    assert hounsfield(site, fields, p).ravel()[1] == pytest.approx(0.5 * 800 + 0.5 * 50)


def test_lamellar_bone_is_denser_than_woven_and_counts_once(p: RadiographParameters) -> None:
    site = small_site()
    fields = nothing(site.grid)
    fields["woven"], fields["lamellar"] = (np.full(site.grid.shape, u) for u in (0.5, 0.25))
    fields["mineralised"] = np.full(site.grid.shape, 0.5)
    expected = 0.25 * 1600 + 0.25 * 800 + 0.5 * 50
    assert hounsfield(site, fields, p).ravel()[1] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("tissue", "number"),
    [("woven", 50), ("fibrous", 50), ("cartilage", 80), ("clot", 70), ("demineralised_bone", 50)],
)
def test_tissue_without_mineral_is_soft(p: RadiographParameters, tissue: str, number: int) -> None:
    site = small_site()
    fields = nothing(site.grid)
    fields[tissue] = np.ones(site.grid.shape)
    assert hounsfield(site, fields, p).ravel()[1:] == pytest.approx([number] * 4)


def test_the_shares_of_the_beam_must_add_up(p: RadiographParameters) -> None:
    with pytest.raises(ValueError, match="shares of the spectrum add up"):
        dataclasses.replace(p, spectrum={"keV50": 0.5, "keV60": 0.35})


def test_at_60_kev_attenuation_is_that_of_the_ct_number(p: RadiographParameters) -> None:
    number = np.linspace(-1000, 2600, 37).reshape(37, 1, 1)
    fractions = materials(number, np.zeros_like(number), p)
    energies = sorted(p.spectrum)
    seen = np.tensordot(p.attenuation[energies.index("keV60")], fractions, axes=1)
    assert seen == pytest.approx(20.59 * (1 + number / 1000), abs=1e-9)


def test_metal_displaces_tissue_and_air_absorbs_nothing(p: RadiographParameters) -> None:
    number = np.array([2000.0, 2000.0, -1000.0, -1305.0]).reshape(4, 1, 1)
    metal = np.array([1.0, 0.25, 0.0, 0.0]).reshape(4, 1, 1)
    soft, cortical, titanium = materials(number, metal, p).reshape(3, 4)
    assert titanium == pytest.approx([1, 0.25, 0, 0])
    assert cortical[0] == 0
    assert cortical[1] == pytest.approx(0.75 * (2000 - 54.34) / (1935.48 - 54.34), rel=1e-4)
    assert soft[[0, 2, 3]] == pytest.approx(0)


def test_a_film_is_read_as_a_reader_faces_the_patient(p: RadiographParameters) -> None:
    """Right, front and head in one place: left and top on both films; feet at the bottom."""
    grid = Grid((20, 24, 28), 1e-3, (-0.0095, -0.0115, -0.0135))
    bone = np.zeros(grid.shape)
    bone[2:5, 3:6, 22:26] = 1  # small x: right; small y: front; large z: head
    bone[13:17, 16:22, 2:5] = 1  # left, back, feet
    camera = Camera.of(block(grid, bone), p)
    ap, lateral = camera.exposures(camera.anatomy.hounsfield)
    assert ap.shape == (56, 40)
    assert lateral.shape == (56, 48)
    for film, near, far in (
        (ap, slice(4, 10), slice(26, 34)),
        (lateral, slice(6, 12), slice(32, 44)),
    ):
        dark = np.median(film) - film > 0.05 * np.median(film)
        assert dark[6:10, near].any()
        assert not dark[:28, 20:].any()
        assert dark[48:51, far].all()
        assert not dark[28:, :20].any()


def test_the_limb_dims_the_film_by_its_thickness(p: RadiographParameters) -> None:
    grid = Grid((10, 10, 4), 1e-3, (-0.0045, -0.0045, -0.0015))
    site = block(grid, np.zeros(grid.shape))
    view = View.of("ap", site, p)
    assert p.limb == 5
    assert view.limb == pytest.approx(2 * np.sqrt(0.05**2 - view.across**2) - 0.01)
    thin = dataclasses.replace(p, limb=0.3)
    assert View.of("ap", site, thin).limb == pytest.approx(0)
    exposure, _ = Camera.of(site, thin).exposures(np.full(grid.shape, 54.337057))
    mu = np.array([24.0, 21.7088, 19.3238])
    assert exposure == pytest.approx(np.array([0.5, 0.35, 0.15]) @ np.exp(-mu * 0.01), rel=1e-4)


def test_the_same_volume_makes_the_same_film_on_finer_voxels(p: RadiographParameters) -> None:
    wide = block(Grid((12, 12, 12), 2e-3, (-0.011, -0.011, -0.011)), np.zeros((12, 12, 12)))
    fine = block(Grid((24, 24, 24), 1e-3, (-0.0115, -0.0115, -0.0115)), np.zeros((24, 24, 24)))
    for name in ("ap", "lateral"):
        one, other = (View.of(name, site, p) for site in (wide, fine))
        assert one.across == pytest.approx(other.across)
        assert one.along == pytest.approx(other.along)
        assert np.diff(one.across) == pytest.approx(p.pixel)
        assert np.diff(one.along) == pytest.approx(-p.pixel)


def test_projection_keeps_the_other_two_axes() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    assert project(values, 0, 2.0) == pytest.approx(2.0 * values.sum(axis=0))
    assert project(values, 1, 2.0) == pytest.approx(2.0 * values.sum(axis=1))
    assert project(np.stack([values, values]), 1, 2.0).shape == (2, 2, 4)


@pytest.mark.parametrize("photons", [10, 40, 1000])
def test_noise_has_the_moments_of_counted_photons(photons: float) -> None:
    signal = np.full((600, 600), 0.1)
    count = 10 * photons * quantum_noise(signal, 10 * photons, np.random.default_rng(1))
    assert count == pytest.approx(np.rint(count))
    off = (count - count.mean()) / count.std()
    assert count.mean() == pytest.approx(photons, abs=4 * np.sqrt(photons / count.size))
    assert count.var() == pytest.approx(photons, rel=0.02)
    assert (off**3).mean() == pytest.approx(photons**-0.5, abs=0.02)


def test_noise_behind_the_limb_is_what_was_asked(p: RadiographParameters) -> None:
    grid = Grid((120, 8, 120), 5e-4, (-0.02975, -0.00175, -0.02975))
    site = dataclasses.replace(block(grid, np.zeros(grid.shape)), outer_radius=0.1)
    camera = Camera.of(site, p)
    exposure, _ = camera.exposures(np.full(grid.shape, p.number_of("soft")))
    seen = quantum_noise(exposure, camera.open_beam, np.random.default_rng(2))
    assert np.std(seen / exposure) == pytest.approx(0.01, rel=0.05)


def test_the_same_luck_leaves_the_same_noise_on_another_tissue() -> None:
    first = np.full((50, 50), 0.05)
    other = first.copy()
    other[20:30] *= 0.8
    noise = [
        quantum_noise(film, 1e5, np.random.default_rng(3)) / film - 1 for film in (first, other)
    ]
    assert np.array_equal(noise[0][:20], noise[1][:20])
    assert np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1] > 0.99


def test_blur_keeps_the_signal_and_has_its_width(p: RadiographParameters) -> None:
    wide = dataclasses.replace(p, blur=4e-3)
    point = np.zeros((61, 61))
    point[30, 30] = 1
    spread = blurred(point, wide)
    assert spread.sum() == pytest.approx(1, abs=1e-6)
    across = spread[30] / spread[30].max()
    half = np.interp(0.5, across[:31], 0.5 * np.arange(31))
    assert 2 * (15 - half) == pytest.approx(4, abs=0.05)
