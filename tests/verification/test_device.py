"""Verification of an accelerator, where there is one: the same course as on the processor."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from trephine.case.case import read
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.core.errors import InputError
from trephine.models.beliefs import Beliefs
from trephine.numerics.device import devices, on, require
from trephine.pipeline import check, run

HERE = bool(devices("cuda"))
COARSE = {"voxel": "3 mm", "margin_axial": "10 mm"}
AGREES_WITHIN = 1e-6
"""Relative difference of new bone and stiffness between devices: order of sums and fused
multiplications differ, the equations do not."""


@pytest.mark.skipif(not HERE, reason="JAX finds no CUDA device on this machine")
def test_a_course_is_the_same_on_an_accelerator() -> None:
    case = read(str(file("femur-nonunion")))
    here, there = (
        run(case, settings=Settings.model_validate({**COARSE, "rates": "double", "device": device}))
        for device in ("cpu", "cuda")
    )
    assert here.follow_up.union_week == there.follow_up.union_week
    one, other = here.follow_up.callus_volume, there.follow_up.callus_volume
    np.testing.assert_allclose(other, one, rtol=AGREES_WITHIN)
    np.testing.assert_allclose(there.course.stiffness, here.course.stiffness, rtol=1e-4)


@pytest.mark.skipif(HERE, reason="this machine has a CUDA device")
def test_an_accelerator_that_is_not_there_is_refused_before_the_run() -> None:
    settings = Settings.model_validate({**COARSE, "device": "cuda"})
    with pytest.raises(InputError, match="device is 'cuda'"):
        check(read(str(file("femur-nonunion"))), Beliefs.printed(), settings)


def test_arrays_inside_live_on_the_device_asked_for() -> None:
    with on("cpu"):
        assert jnp.zeros(3).devices() == {require("cpu")}
