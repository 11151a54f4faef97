"""Grids whose sides are rounded up: more of what lies around, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trephine.case.case import Case, read
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.core.errors import InputError
from trephine.intake.site import anatomy
from trephine.stages.heal.course import _window


def settings(**more: object) -> Settings:
    return Settings.model_validate({"voxel": "3 mm", **more})


@pytest.fixture(scope="module")
def case() -> Case:
    return read(Path(str(file("tibia-nonunion"))))


@pytest.mark.parametrize("sides", [2, 4, 6, 8])
def test_the_sides_are_multiples_and_the_tissue_is_the_same(case: Case, sides: int) -> None:
    plain, rounded = anatomy(case.site, settings()), anatomy(case.site, settings(sides=sides))
    assert all(n % sides == 0 for n in rounded.grid.shape)
    cut = tuple(
        slice((big - small) // 2, (big + small) // 2)
        for big, small in zip(rounded.grid.shape, plain.grid.shape, strict=True)
    )
    for name in ("bone", "canal", "gap", "callus", "metal", "cortex_removed"):
        assert np.allclose(getattr(rounded, name)[cut], getattr(plain, name), atol=1e-6), name


def test_what_is_not_given_leaves_the_name_of_settings_as_it_was() -> None:
    assert "sides" not in settings().as_written()
    assert settings(sides=4).digest != settings().digest


@pytest.mark.parametrize("wrong", [3, 0, "4", 64])
def test_odd_sides_are_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="sides"):
        validate(Settings, {"voxel": "3 mm", "sides": wrong}, "settings")


@pytest.mark.parametrize(
    ("where", "multiple", "expected"),
    [
        (slice(5, 10), 1, slice(3, 12)),
        (slice(5, 10), 4, slice(2, 14)),
        (slice(0, 5), 4, slice(0, 8)),
        (slice(14, 18), 6, slice(12, 18)),
        (slice(2, 17), 32, slice(0, 18)),
    ],
)
def test_the_part_that_heals_is_extended_within_the_grid(
    where: slice, multiple: int, expected: slice
) -> None:
    healing = np.zeros((18, 18, 18), dtype=bool)
    healing[where, where, where] = True
    assert _window(healing, 1.5, multiple) == (expected,) * 3
