"""The emulator: learns from a cheap stand-in of the engine, keeps its ranges, tells its error."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stand_in import ENGINE, made, points, quick
from trephine.case.case import Case, read
from trephine.cli.example import file
from trephine.core.errors import InputError, StoreError
from trephine.core.rng import Streams
from trephine.study import designed, designed_points, inputs
from trephine.study.coordinates import NAMES, coordinates
from trephine.study.course_inputs import course_inputs
from trephine.study.emulate import Emulator
from trephine.study.input_range import Values
from trephine.study.teaching import taught
from trephine.study.union_drivers import union_drivers


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return quick(train=256, fresh=200)


def course(**changes: Any) -> Values:
    """Return the inputs of one plausible course."""
    case = read(str(file("tibia-nonunion")))
    found = course_inputs(case, progenitors=3e4, nucleated=1e9, volume=8e-6)
    return {name: np.asarray(changes.get(name, value)) for name, value in found.items()}


def test_it_is_much_better_than_the_share_of_the_united(emulator: Emulator) -> None:
    found = emulator.error
    assert (found.tried, found.united) == (200, int(np.isfinite(emulator.fresh.union).sum()))
    assert found.brier_of_the_share > 0.2
    assert found.brier < 0.4 * found.brier_of_the_share
    assert found.right > 0.85
    assert found.week < 3.0
    assert found.callus[-1] < 0.5 * found.callus_spread[-1]


def test_runs_it_never_saw_tell_an_emulator_that_learned_the_wrong_thing(
    emulator: Emulator,
) -> None:
    runs = emulator.trained
    order = Streams(3).named("order").permutation(len(runs))
    turned = dataclasses.replace(
        runs, union=runs.union[order], callus=runs.callus[:, order], mrust=runs.mrust[:, order]
    )
    twin = dataclasses.replace(emulator, trained=turned)
    assert twin.error.brier > 0.8 * twin.error.brier_of_the_share


def test_the_same_runs_teach_the_same_and_it_is_better_than_nothing(emulator: Emulator) -> None:
    runs = made("train", 128)
    one, other = (taught(runs, steps=20) for _ in range(2))
    told = other.as_arrays()
    assert all(np.array_equal(value, told[name]) for name, value in one.as_arrays().items())
    before = dataclasses.replace(emulator, trained=runs)
    after = dataclasses.replace(before, learned=one)
    assert after.error.brier < before.error.brier


def test_runs_without_a_failure_teach_nothing() -> None:
    runs = made("train", 32)
    with pytest.raises(ValueError, match="nothing to learn"):
        taught(dataclasses.replace(runs, callus=runs.callus + 1e-5), steps=1)


def test_chances_rise_with_the_week_and_blocks_change_nothing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = points("fresh", 300)
    whole = emulator.predict(values)
    chance = whole.union_chance_by_week
    assert (np.diff(chance, axis=0) >= 0).all()
    assert chance.min() >= 0
    assert chance.max() <= 1
    united = np.isfinite(whole.union_week_median)
    assert np.array_equal(united, whole.union_chance >= 0.5)
    assert (whole.union_week >= 1).all()
    assert (whole.union_week <= designed.WEEKS).all()
    monkeypatch.setattr("trephine.study.emulate.BLOCK", 64)
    parts = emulator.predict(values)
    assert np.allclose(parts.union_chance_by_week, chance, rtol=0, atol=1e-12)
    assert np.allclose(parts.callus, whole.callus, rtol=0, atol=1e-18)


def test_samples_come_as_often_as_predicted_and_share_their_luck(emulator: Emulator) -> None:
    one = {name: value[:1] for name, value in points("fresh", 300).items()}
    likely = emulator.predict(points("fresh", 300)).union_chance
    which = int(np.abs(likely - 0.6).argmin())
    one = {name: value[which] for name, value in points("fresh", 300).items()}
    many = {name: np.repeat(value, 20_000) for name, value in one.items()}
    said, drawn = emulator.predict(one), emulator.sample(many, Streams(1))
    united = np.isfinite(drawn.union_week)
    assert united.mean() == pytest.approx(said.union_chance[0], abs=0.015)
    assert drawn.union_week[united].mean() == pytest.approx(said.union_week[0], rel=0.03)
    assert (drawn.callus >= 0).all()
    again = emulator.sample(many, Streams(1))
    assert np.array_equal(again.union_week, drawn.union_week)
    better = many | {inputs.CELLS: many[inputs.CELLS] * 3.0}
    if emulator.predict(better).union_chance[0] > said.union_chance[0]:
        same_luck = np.isfinite(emulator.sample(better, Streams(1)).union_week)
        assert (same_luck | ~united).all()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (inputs.GAP, 0.02, "20 mm is outside what the emulator was made for, 0.8 mm to 12 mm"),
        (inputs.GAP, np.nan, "outside"),
        (inputs.CANAL, 0.0225, "0.9375 is outside"),
        (inputs.CARRIER, "ceramic", "'ceramic' is outside"),
        (inputs.VOLUME, 0.0, "0 with an injection"),
        ("callus.to_fibrous", 1e-6, "0.0864 1/d is outside"),
        (inputs.VOLUME, 2.5e-5, "settled volume to room"),
        (inputs.MIDDLE, 2000.0, "early to late load"),
        (inputs.AGE, 12 * inputs.YEAR, "12 year is outside"),
    ],
)
def test_what_lies_outside_its_range_is_refused(
    emulator: Emulator, name: str, value: Any, said: str
) -> None:
    emulator.predict(course())
    with pytest.raises(InputError) as refused:
        emulator.predict(course(**{name: value}))
    assert said in str(refused.value)


def test_biology_without_a_threshold_is_refused(emulator: Emulator) -> None:
    by_itself = {"callus.unsignalled_growth": 0.5, "callus.to_fibrous": 0.16 / inputs.DAY}
    with pytest.raises(InputError, match="healing by itself"):
        emulator.predict(course(**by_itself))
    emulator.predict(course(**(by_itself | {"callus.to_fibrous": 0.3 / inputs.DAY})))


def test_a_missing_and_an_unknown_input_are_told_together(emulator: Emulator) -> None:
    wrong = course() | {"site.gap.length": np.array(1.0)}
    del wrong[inputs.OUTER]
    with pytest.raises(InputError) as refused:
        emulator.sample(wrong, Streams(0))
    assert {p.place for p in refused.value.problems} == {inputs.OUTER, "site.gap.length"}


def test_each_designed_course_lies_within_the_ranges() -> None:
    for part in ("train", "fresh"):
        found, wrong = inputs.problems(points(part, 512))
        assert found == []
        assert not wrong.any()
    few, many = points("train", 100), points("train", 512)
    assert all(np.array_equal(value, many[name][:100]) for name, value in few.items())
    assert coordinates(few).shape == (100, len(NAMES))
    assert np.isfinite(coordinates(many)).all()


def test_a_designed_course_is_a_case_with_those_inputs() -> None:
    asked = points("train", 16)
    for number in range(16):
        one = {name: value[number].item() for name, value in asked.items()}
        case = designed.case_of(one)
        taken = course_inputs(case)
        of_site = [i for i in taken if not i.startswith(("graft.", "callus."))]
        assert {i: taken[i].item() for i in of_site} == pytest.approx(
            {i: one[i] for i in of_site}, rel=1e-9, abs=1e-9
        )


def test_a_file_gives_back_what_was_written(emulator: Emulator, tmp_path: Path) -> None:
    emulator.save(tmp_path / "e.npz")
    again = Emulator.load(tmp_path / "e.npz", made_for=ENGINE)
    assert again.error == emulator.error
    values = points("fresh", 50)
    assert np.array_equal(again.predict(values).callus, emulator.predict(values).callus)


def test_a_file_for_another_engine_or_a_damaged_one_is_refused(
    emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "e.npz"
    emulator.save(path)
    with pytest.raises(InputError, match="heal 1, now 2"):
        Emulator.load(path, made_for={**ENGINE, "stages": {"heal": 2}})
    with pytest.raises(InputError, match="numbers of the catalogue"):
        Emulator.load(path, made_for={**ENGINE, "numbers": "b"})
    with pytest.raises(InputError, match="make emulate"):
        Emulator.load(tmp_path / "none.npz")
    with np.load(path) as held:
        arrays = {name: held[name] for name in held.files}
    arrays["fresh/union"] = arrays["fresh/union"] + 1.0
    np.savez(path, **arrays)
    with pytest.raises(StoreError, match="does not hold"):
        Emulator.load(path, made_for=ENGINE)
    path.write_bytes(b"PK nothing")
    with pytest.raises(StoreError, match="damaged"):
        Emulator.load(path, made_for=ENGINE)


def test_courses_are_kept_and_a_second_attempt_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def computed(values: dict[str, Any], voxel: float, name: str) -> designed.Seen:
        asked.append(name)
        assert voxel == 3e-3
        return designed.Seen(values, 9.0, (0.0, 1.0), (4.0, 16.0))

    monkeypatch.setattr(designed, "computed", computed)
    first = designed.gathered(tmp_path, "train", points("train", 2), 3e-3)
    more = points("train", 5)
    other = designed.gathered(tmp_path, "train", more, 3e-3, mine=(1, 2))
    assert asked == ["train 0", "train 1", "train 3"]
    second = designed.gathered(tmp_path, "train", more, 3e-3)
    assert asked[3:] == ["train 2", "train 4"]
    assert second[:2] == first
    assert second[1::2] == other


def example(name: str) -> Case:
    return read(str(file(name)))


def test_the_inputs_of_a_case_are_those_of_its_documents() -> None:
    found = course_inputs(example("tibia-nonunion"), progenitors=3e4, nucleated=1e9, volume=8e-6)
    assert found[inputs.GAP] == pytest.approx(3e-3)
    assert found[inputs.SMOKER] == 1.0
    assert found[inputs.EARLY] == pytest.approx(0.25 * 66 * 9.80665)
    assert found[inputs.LATE] == pytest.approx(1.5 * 66 * 9.80665)
    assert found[inputs.OTHERS] == pytest.approx(1e9 - 3e4)
    assert found[inputs.CARRIER] == "clot"
    assert found[inputs.STIFFNESS] == pytest.approx(2.782e6)
    ages = np.array([30.0, 50.0]) * inputs.YEAR
    case = example("femur-no-cells")
    other = {inputs.AGE: ages, "site.biology.clot": 0.0}
    both = course_inputs(case, at=lambda where: other.get(where, 0.5))
    assert both[inputs.AGE].tolist() == ages.tolist()
    assert set(both[inputs.CARRIER]) == {"no injection"}


def test_a_case_that_the_designed_runs_know_nothing_of_is_refused() -> None:
    twice = example("femur-nonunion")
    with pytest.raises(InputError, match="the same as the first alone"):
        course_inputs(twice)
    fracture = example("tibia-nonunion").changed({"site": {"biology": {"clot": 0.5}}})
    with pytest.raises(InputError, match="not a fresh fracture"):
        course_inputs(fracture)
    sliding = example("tibia-nonunion").changed({"site": {"fixation": {"locking": "sliding"}}})
    with pytest.raises(InputError, match="bolted nails"):
        course_inputs(sliding)


def test_what_drives_union_is_what_the_stand_in_reads(emulator: Emulator) -> None:
    found = union_drivers(emulator, count=256)
    assert {driver.name for driver in found} == set(designed_points.COORDINATES)
    assert found[0].name == "progenitors that stay"
    assert next(d for d in found if d.name == "age").total < 0.1
