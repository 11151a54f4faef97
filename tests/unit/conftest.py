"""A small finished run made up by hand, for tests of what is done with runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.aspirate import Aspirate, Draw
from trephine.case.case import Case, read
from trephine.case.concentrate import Concentrate
from trephine.case.course import HealingCourse
from trephine.case.followup import FollowUp
from trephine.case.graft import Graft, Loss
from trephine.case.run import Run, Treatment
from trephine.case.settings import Settings
from trephine.case.suspension import Suspension
from trephine.core.grid import Grid
from trephine.core.progress import Watch
from trephine.core.provenance import Provenance
from trephine.core.types import Budget, Ending
from trephine.store import codec
from trephine.store.runs import RunFolder, parts_of

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "src" / "trephine" / "cli" / "examples" / "femur-nonunion.toml"
GRID = Grid((4, 5, 6), 0.0015, (-0.00225, -0.003, -0.00375))
VISITS = 5


def march(watch: Watch, *, stop_after: int | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """Advance a state through the visits as a healing stage does, and return the fields."""
    state = watch.restore()
    start = 0 if state is None else int(state["visit"]) + 1
    woven = np.zeros(GRID.shape) if state is None else np.array(state["woven"])
    fields = [dict(snapshot) for snapshot in watch.kept()]
    assert len(fields) == start
    for visit in range(start, VISITS):
        woven = np.sin(woven + 0.1 * visit + np.arange(GRID.size).reshape(GRID.shape))
        fields.append(
            {"woven": woven.astype(np.float32), "perfusion": np.cos(woven).astype(np.float32)}
        )
        watch.keep(visit, 7.0 * visit, fields[-1], {"woven": woven, "visit": np.asarray(visit)})
        watch.progress("heal", visit + 1, VISITS, f"week {visit}")
        if stop_after == visit:
            raise KeyboardInterrupt
    return {name: np.stack([f[name] for f in fields]) for name in fields[0]}


def make_run(case: Case, settings: Settings, fields: Mapping[str, Any]) -> Run:
    luck = np.random.default_rng(3)

    def voxels(high: float) -> np.ndarray[Any, Any]:
        return luck.uniform(0.0, high, GRID.shape)

    budget = Budget("progenitors", "1", {"drawn": 3.0}, {"lost": 1.0, "kept": 2.0})
    marrow = Suspension(6e-5, 1.1e9, 4.2e4 / 3, 9e9, 2e-5, 8e-6)
    graft = Graft(
        0.0, *(voxels(0.2) for _ in range(5)), False, (Loss("in the syringe", 5e3, 1e8),), (budget,)
    )
    course = HealingCourse(
        7.0 * np.arange(VISITS),
        {name: values.copy() for name, values in fields.items()},
        *(luck.uniform(1.0, 2.0, VISITS) for _ in range(3)),
        1.5e6,
        np.array([0.0, 14.0]),
        luck.uniform(1.0, 2.0, (2, 6, 6)),
        np.diag(np.arange(1.0, 7.0)),
        {"woven/mineralise": luck.uniform(0.0, 1.0, VISITS)},
        (budget,),
    )
    seen = FollowUp(
        np.arange(VISITS, dtype=float),
        luck.uniform(0, 1, (VISITS, 6, 4)).astype(np.float32),
        luck.uniform(0, 1, (VISITS, 6, 5)).astype(np.float32),
        1e-3,
        np.full((VISITS, 4), 2),
        np.full(VISITS, 8),
        luck.uniform(0, 1e-6, VISITS),
        np.array([0, 1, 2, 3, 3]),
        3.0,
        Ending.UNITED,
    )
    anatomy = Anatomy(GRID, *(voxels(0.2) for _ in range(7)), 0.0145, 0.007, 0.004, 0.1745, False)
    treatment = Treatment(
        Aspirate(marrow, (Draw(5e-6, 0.7, 1e8, 3e3),), (budget,)),
        Concentrate(marrow, "density", 0.6, 1 / 3, False, (budget,)),
        graft,
    )
    return Run(
        case,
        settings,
        anatomy,
        (treatment,),
        course,
        seen,
        made_by(case, settings),
        {"harvest.progenitor_density": 612e6},
        ("harvest.progenitor_density",),
        ("The gap is virtual.",),
    )


def made_by(case: Case, settings: Settings, seed: int = 0, **changes: object) -> Provenance:
    libraries = {"numpy": "2", "scipy": "1", "jax": "0", "jaxlib": "0"}
    provenance = Provenance(
        "0.1.0", "3.11", "Linux", libraries, {"heal": 1}, case.digest, settings.digest,
        "c" * 16, "b" * 16, "a" * 16, seed,
    )  # fmt: skip
    return replace(provenance, **changes)


def arrays_of(run: Run) -> dict[str, np.ndarray[Any, Any]]:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for name in parts_of(Run):
        codec.encode(getattr(run, name), name, arrays)
    return arrays


def assert_same(one: Run, other: Run) -> None:
    ones, others = arrays_of(one), arrays_of(other)
    assert sorted(ones) == sorted(others)
    assert len(ones) > 20
    for name, values in ones.items():
        assert values.dtype == others[name].dtype, name
        assert values.tobytes() == others[name].tobytes(), name
    for name in parts_of(Run):
        assert codec.encode(getattr(one, name), name, {}) == codec.encode(
            getattr(other, name), name, {}
        )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="session")
def story() -> SimpleNamespace:
    """How the small run is made: ``march``, ``make_run``, ``made_by``, its grid and visits."""
    return SimpleNamespace(
        march=march,
        make_run=make_run,
        made_by=made_by,
        arrays_of=arrays_of,
        assert_same=assert_same,
        contents=contents,
        grid=GRID,
        visits=VISITS,
        example=EXAMPLE,
    )


@pytest.fixture(scope="session")
def example_case() -> Case:
    return read(EXAMPLE)


@pytest.fixture(scope="session")
def draft() -> Settings:
    return Settings.preset("draft")


@pytest.fixture
def asked(example_case: Case, draft: Settings) -> dict[str, Any]:
    made = made_by(example_case, draft)
    return {"case": example_case, "settings": draft, "seed": 0, "provenance": made}


@pytest.fixture
def keep_run(example_case: Case, draft: Settings) -> Callable[[Path], Run]:
    """Return a function that writes a small finished run into a folder."""

    def keep(path: Path) -> Run:
        folder = RunFolder.create(
            path,
            case=example_case,
            settings=draft,
            seed=0,
            provenance=made_by(example_case, draft),
        )
        run = make_run(example_case, draft, march(folder.watch(GRID)))
        folder.finish(run, 1.25)
        return run

    return keep
