"""Errors, digests, budgets, the grid and provenance: the small words that every layer uses."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from trephine.core import digest, provenance
from trephine.core.errors import InputError, Problem, SolverError, TrephineError, did_you_mean
from trephine.core.grid import Grid
from trephine.core.progress import Watch
from trephine.core.types import Budget, frozen_array


def test_the_nearest_known_word_is_named() -> None:
    assert did_you_mean("agee", ["age", "mass", "sex"]) == "did you mean 'age'?"


def test_every_name_that_holds_the_word_is_named() -> None:
    crests = ["anterior_iliac_crest", "posterior_iliac_crest", "proximal_tibia"]
    said = "did you mean 'anterior_iliac_crest' or 'posterior_iliac_crest'?"
    assert did_you_mean("iliac_crest", crests) == said
    assert did_you_mean("tibia", crests) == "did you mean 'proximal_tibia'?"


def test_what_is_known_is_listed_when_nothing_is_near() -> None:
    assert did_you_mean("qqq", ["sex", "age"]) == "known: age, sex"
    assert did_you_mean("qqq", []) == "nothing is known here"


def test_an_input_error_tells_every_problem_with_its_place() -> None:
    error = InputError(
        "bad.toml is not a valid case", [Problem("a.b", "is missing"), Problem("", "and more")]
    )
    assert str(error) == "bad.toml is not a valid case\n  a.b: is missing\n  and more"
    assert [problem.place for problem in error.problems] == ["a.b", ""]
    assert isinstance(error, TrephineError)


def test_a_solver_error_shows_its_last_residuals() -> None:
    error = SolverError("no convergence", [1.0, 0.5, 0.25, 0.2, 0.19, 0.18])
    assert str(error) == "no convergence (last residuals: 0.5, 0.25, 0.2, 0.19, 0.18)"
    assert error.history[0] == 1.0


def test_canonical_text_ignores_order_and_refuses_nan() -> None:
    assert digest.canonical({"b": 1, "a": [0.1]}) == '{"a":[0.1],"b":1}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest.canonical({"a": math.nan})


def test_digests_are_pinned() -> None:
    # Names of contents appear in reports and papers; they may change only on purpose.
    assert digest.of_document({"a": 1, "b": [0.1, "x"]}) == "f70a6722f07a5c22"
    assert digest.of_arrays({"x": np.arange(3.0)}) == "84848a786da9f3ab"


def test_the_digest_of_arrays_sees_name_type_shape_and_value() -> None:
    values = np.arange(6.0)
    names = {
        digest.of_arrays({"x": values}),
        digest.of_arrays({"y": values}),
        digest.of_arrays({"x": values.astype(np.float32)}),
        digest.of_arrays({"x": values.reshape(2, 3)}),
        digest.of_arrays({"x": values.reshape(3, 2)}),
        digest.of_arrays({"x": np.nextafter(values, 1)}),
    }
    assert len(names) == 6


def test_the_digest_of_arrays_sees_values_not_memory() -> None:
    values = np.arange(6.0).reshape(2, 3)
    assert digest.of_arrays({"x": values}) == digest.of_arrays({"x": np.asfortranarray(values)})


def test_the_digest_of_a_file_is_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert digest.of_file(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def test_a_budget_closes_only_when_both_sides_agree() -> None:
    closed = Budget("progenitors", "1", {"drawn": 10.0}, {"kept": 4.0, "lost": 6.0})
    assert closed.imbalance == 0.0
    assert closed.closes()
    leaky = Budget("progenitors", "1", {"drawn": 10.0}, {"kept": 4.0, "lost": 5.0})
    assert leaky.imbalance == pytest.approx(0.1)
    assert not leaky.closes()
    assert leaky.closes(tolerance=0.1)


def test_a_budget_of_nothing_closes_and_one_of_nan_does_not() -> None:
    assert Budget("volume", "mL", {}, {}).closes()
    assert not Budget("volume", "mL", {"in": math.nan}, {"out": 1.0}).closes()
    assert not Budget("volume", "mL", {"in": 0.0}, {"out": 1.0}).closes()


def test_a_budget_is_frozen() -> None:
    given = {"drawn": 1.0}
    budget = Budget("volume", "mL", given, {"kept": 1.0})
    given["drawn"] = 5.0
    assert budget.incoming["drawn"] == 1.0
    with pytest.raises(TypeError):
        budget.incoming["drawn"] = 2.0  # type: ignore[index]


def test_a_frozen_array_is_a_copy_that_cannot_be_written() -> None:
    values = np.zeros(3)
    frozen = frozen_array(values)
    values[0] = 1.0
    assert frozen[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        frozen[0] = 2.0


def test_the_grid_is_cell_centred_in_lps() -> None:
    grid = Grid((2, 3, 4), 1e-3, (10e-3, 20e-3, 30e-3))
    assert grid.size == 24
    assert grid.voxel_volume == pytest.approx(1e-9)
    assert grid.axis(2) == pytest.approx([30e-3, 31e-3, 32e-3, 33e-3])
    x, y, z = grid.centres()
    assert (x + y + z).shape == grid.shape
    # LPS in metres to RAS in millimetres: left and back change sign, head does not.
    index = np.array([1.0, 2.0, 3.0, 1.0])
    assert grid.affine_ras_mm() @ index == pytest.approx([-11.0, -22.0, 33.0, 1.0])


def test_a_watch_that_nobody_reads_remembers_nothing() -> None:
    watch = Watch()
    watch.progress("heal", 1.0, 2.0)
    watch.keep(0, 0.0, {}, {})
    assert watch.restore() is None
    assert watch.kept() == []


def test_provenance_names_the_libraries_that_compute() -> None:
    versions = provenance.libraries()
    assert {"numpy", "jax", "scipy"} <= versions.keys()
    assert all(versions.values())
    assert provenance.machine().count(" ") >= 2
