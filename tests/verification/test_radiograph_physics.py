"""Line integrals and Beer-Lambert against closed forms; each check rejects a broken twin."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import erf

from trephine.case.anatomy import Anatomy
from trephine.catalogue.load import catalogue
from trephine.core.grid import Grid
from trephine.models.attenuation import RadiographParameters, materials
from trephine.models.radiograph import View, project, transmitted
from trephine.models.reading import Reading

Projection = Callable[[np.ndarray, int, float], np.ndarray]
WIDTH = 0.006


@pytest.fixture(scope="module")
def p() -> RadiographParameters:
    return Reading(catalogue()).fill(RadiographParameters)


def column(n: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Exact voxel means of a density exp(-(x^2 + (y/2)^2) / 2s^2), constant along z."""
    edges = np.linspace(-0.03, 0.03, n + 1)
    h = edges[1] - edges[0]

    def mean(s: float) -> np.ndarray:
        return np.sqrt(np.pi / 2) * s * np.diff(erf(edges / (np.sqrt(2) * s))) / h

    values = mean(WIDTH)[:, None, None] * mean(2 * WIDTH)[None, :, None] * np.ones((1, 1, 3))
    return values, 0.5 * (edges[1:] + edges[:-1]), h


def largest_error(n: int, projection: Projection) -> float:
    """Along y the integral is sqrt(2 pi) 2s erf(..) exp(-x^2 / 2s^2), at the voxel centres."""
    values, x, h = column(n)
    beyond = erf(0.03 / (np.sqrt(2) * 2 * WIDTH))
    exact = np.sqrt(2 * np.pi) * 2 * WIDTH * beyond * np.exp(-(x**2) / (2 * WIDTH**2))
    return float(np.abs(projection(values, 1, h)[:, 1] - exact).max())


def orders(projection: Projection) -> list[float]:
    errors = [largest_error(n, projection) for n in (30, 60, 120)]
    return [float(np.log2(a / b)) for a, b in pairwise(errors)]


def along_the_other_axis(values: np.ndarray, axis: int, spacing: float) -> np.ndarray:
    return project(values, 1 - axis, spacing)


def without_spacing(values: np.ndarray, axis: int, spacing: float) -> np.ndarray:
    return project(values, axis, 1.0)


def one_voxel_short(values: np.ndarray, axis: int, spacing: float) -> np.ndarray:
    return project(values[:, : values.shape[1] // 2 + 1] * 2, axis, spacing)


def test_a_line_integral_is_second_order_and_exact_to_microns() -> None:
    assert orders(project) == pytest.approx([2, 2], abs=0.1)
    assert largest_error(120, project) < 10e-6


@pytest.mark.parametrize("sabotage", [along_the_other_axis, without_spacing, one_voxel_short])
def test_the_check_rejects_a_broken_line_integral(sabotage: Projection) -> None:
    assert orders(sabotage) != pytest.approx([2, 2], abs=0.1)
    assert largest_error(120, sabotage) > 100e-6


def test_chords_of_a_cylinder_on_film(p: RadiographParameters) -> None:
    """Path of cortical bone through a rod of 10 mm: 2 sqrt(R^2 - x^2) on both films."""
    radius, grid = 0.010, Grid((56, 60, 8), 5e-4, (-0.01375, -0.01475, -0.00175))
    fine = (np.arange(16) + 0.5) / 16 - 0.5
    x = (grid.axis(0)[:, None] + 5e-4 * fine).ravel()
    y = (grid.axis(1)[:, None] + 5e-4 * fine).ravel()
    inside = (x[:, None] ** 2 + y[None, :] ** 2 < radius**2).reshape(56, 16, 60, 16)
    rod = np.repeat(inside.mean(axis=(1, 3))[:, :, None], 8, axis=2)
    none = np.zeros(grid.shape)
    site = Anatomy(
        grid, rod, none, none, none, none, none, none, radius, 0.005, 0.004, 0.0, False
    )  # fmt: skip
    fractions = np.stack([none, rod, none])
    for name in ("ap", "lateral"):
        view = View.of(name, site, p)
        path = view.paths(fractions, grid.spacing)[1]
        inner = np.abs(view.across) < 0.7 * radius
        exact = 2 * np.sqrt(radius**2 - view.across[inner] ** 2)
        assert np.abs(path[:, inner] - exact).max() < 20e-6
        assert path[5].sum() * p.pixel == pytest.approx(np.pi * radius**2, rel=2e-3)


def contrast(p: RadiographParameters, number: float, background: float, length: float) -> float:
    values = np.array([number, background]).reshape(2, 1, 1)
    fractions = materials(values, np.zeros_like(values), p)
    callus, other = transmitted(fractions[:, :, 0, 0] * length, p)
    return float(1 - callus / other)


def test_a_centimetre_of_callus_has_six_percent_contrast(p: RadiographParameters) -> None:
    """300 HU against water at 60 keV: 1 - exp(-0.2059 x 0.3 x 1) = 5.99 %."""
    single = dataclasses.replace(p, spectrum={"keV60": 1.0})
    assert contrast(single, 300, 0, 0.01) == pytest.approx(0.0599, abs=2e-4)
    assert contrast(p, 300, 0, 0.01) == pytest.approx(0.06, abs=0.01)


def numbers_taken_as_attenuation(
    p: RadiographParameters, number: float, background: float, length: float
) -> float:
    return 1 - float(np.exp(-0.2059e2 * (number - background) * length))


def length_in_millimetres(
    p: RadiographParameters, number: float, background: float, length: float
) -> float:
    return contrast(p, number, background, 1e3 * length)


def bone_by_number_alone(
    p: RadiographParameters, number: float, background: float, length: float
) -> float:
    return contrast(p, number + 1000, background, length)


@pytest.mark.parametrize(
    "sabotage", [numbers_taken_as_attenuation, length_in_millimetres, bone_by_number_alone]
)
def test_the_contrast_check_rejects_a_broken_conversion(
    p: RadiographParameters, sabotage: Callable[..., float]
) -> None:
    single = dataclasses.replace(p, spectrum={"keV60": 1.0})
    assert sabotage(single, 300, 0, 0.01) != pytest.approx(0.0599, abs=2e-4)


def test_a_slab_of_bone_and_metal_obeys_beer_lambert(p: RadiographParameters) -> None:
    """The sum over the beam's lines, worked out from the printed tables."""
    paths = np.array([0.10, 0.012, 0.004])  # m of soft tissue, bone, titanium
    lines = (
        (0.50, 0.2264 * 1.06, 0.4242 * 1.92, 1.213 * 4.5),
        (0.35, 0.2048 * 1.06, 0.3148 * 1.92, 0.7661 * 4.5),
        (0.15, 0.1823 * 1.06, 0.2229 * 1.92, 0.4052 * 4.5),
    )
    exact = sum(w * np.exp(-(s * 10 + b * 1.2 + t * 0.4)) for w, s, b, t in lines)
    assert float(transmitted(paths, p)) == pytest.approx(exact, rel=1e-12)
    assert float(transmitted(paths[::-1], p)) != pytest.approx(exact, rel=0.1)
    assert float(transmitted(np.zeros(3), p)) == 1.0


def test_a_second_table_agrees_but_for_rayleigh_scattering(p: RadiographParameters) -> None:
    """Water and titanium at 50 and 80 keV, total less Rayleigh [JNM57366]: 2 to 12 % lower."""
    printed = {"water": (0.21, 0.18), "titanium": (5.1, 1.65)}
    for material, values in printed.items():
        for energy, less in zip(("keV50", "keV80"), values, strict=True):
            own = getattr(p, material)[energy] * p.density[material] / 100
            assert 0.88 < less / own < 0.98
