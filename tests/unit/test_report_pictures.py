"""Films, sections, volumes and the pack that carries them to the page."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synthetic_run import SHAPE, synthetic_anatomy, synthetic_run
from trephine.core.grid import Grid
from trephine.report import fields, film, scales, sections, volume
from trephine.report.frames import MOST_FRAMES, Frames, composition, in_the_gap
from trephine.report.pack import Pack, unpack
from trephine.report.words import NO_BREAK

RUN = synthetic_run()
FRAMES = Frames.of(RUN)


def test_a_png_reads_back_as_it_was_written() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (7, 5), dtype=np.uint8)
    colour = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(film.png(grey)))), grey)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(film.png(colour)))), colour)


def test_bone_is_brighter_than_soft_tissue_and_metal_is_white() -> None:
    ap = film.films(RUN, FRAMES)["ap"][0]
    rows, columns = ap.shape
    row = ap[rows // 8]
    soft, metal = row[1], row[columns // 2]
    bone = row[columns // 2 + round(10.5 / 0.75)]
    assert metal == 255
    assert soft < 60
    assert 120 < bone < 256


def test_the_window_is_one_for_all_weeks_and_leaves_metal_out() -> None:
    signal = RUN.follow_up.radiograph_ap
    metal = film.shadow(RUN.anatomy.metal, "ap", (signal.shape[1], signal.shape[2]))
    assert 0.2 < metal.mean() < 0.6
    with_metal = film.Window.of(signal, np.zeros_like(metal))
    without = film.Window.of(signal, metal)
    assert without.white < 0.6 * with_metal.white


def test_every_visit_gets_two_films_with_their_pixel_size(tmp_path: Path) -> None:
    files = film.write_radiographs(RUN, tmp_path)
    assert len(files) == 2 * 27
    assert (tmp_path / "ap_week_00.png").is_file()
    with Image.open(tmp_path / "lateral_week_26.png") as image:
        assert min(image.size) >= film.SMALLEST_EDGE
        dots_per_mm = image.info["dpi"][0] / 25.4
        assert image.size[0] / dots_per_mm == pytest.approx(SHAPE[1] * 1.5, rel=0.01)


def test_weeks_between_whole_ones_keep_their_decimals(tmp_path: Path) -> None:
    seen = RUN.follow_up
    half = replace(seen, week=seen.week / 2)
    film.write_radiographs(replace(RUN, follow_up=half), tmp_path)
    assert (tmp_path / "ap_week_0.5.png").is_file()
    assert (tmp_path / "ap_week_13.png").is_file()


def test_visits_close_together_keep_a_film_each(tmp_path: Path) -> None:
    seen = RUN.follow_up
    close = replace(seen, week=120.0 + np.arange(seen.week.size) / 14)
    files = film.write_radiographs(replace(RUN, follow_up=close), tmp_path)
    assert len(set(files)) == 2 * seen.week.size


def test_sections_are_radiological() -> None:
    """A mark to the left, to the back and to the head shows right, bottom or right, and top."""
    grid = Grid((6, 8, 10), 1e-3, (-2.5e-3, -3.5e-3, -4.5e-3))
    mark = np.zeros(grid.shape)
    mark[5, :, 9] = 1.0
    coronal = sections.as_seen(sections.through_the_origin(mark, 1, grid), "coronal")
    assert coronal.shape == (10, 6)
    assert coronal[0, 5] == 1.0
    mark = np.zeros(grid.shape)
    mark[:, 7, 9] = 1.0
    sagittal = sections.as_seen(sections.through_the_origin(mark, 0, grid), "sagittal")
    assert sagittal[0, 7] == 1.0
    mark = np.zeros(grid.shape)
    mark[5, 7, :] = 1.0
    axial = sections.as_seen(sections.through_the_origin(mark, 2, grid), "axial")
    assert axial[7, 5] == 1.0


def test_a_section_interpolates_through_the_origin() -> None:
    grid = Grid((4, 4, 4), 1e-3, (-1.25e-3, -1.5e-3, -1.5e-3))
    ramp = np.broadcast_to(grid.axis(0)[:, None, None], grid.shape)
    assert sections.through_the_origin(ramp, 0, grid) == pytest.approx(0.0, abs=1e-12)


def test_composition_fills_the_room_and_no_more() -> None:
    shape = (3, 3)
    parts = {
        "woven": np.full(shape, 0.4),
        "lamellar": np.full(shape, 0.1),
        "mineralised": np.full(shape, 0.2),
        "cartilage": np.full(shape, 0.1),
        "fibrous": np.full(shape, 0.2),
        "clot": np.full(shape, 0.9),
        "demineralised_bone": np.zeros(shape),
    }
    found = composition(parts)
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["osteoid"] == pytest.approx(0.3)
    assert found["mineralised"] == pytest.approx(0.1), "the rest of the mineral is in lamellar bone"
    assert found["lamellar"] == pytest.approx(0.1)
    assert found["clot"] == pytest.approx(0.2)
    assert found["loose"] == pytest.approx(0.0)


def test_the_mean_over_the_gap_ignores_everything_else() -> None:
    fields = dict(RUN.course.fields)
    marked = np.where(RUN.anatomy.gap > 0, 0.25, 7.0)
    fields["woven"] = np.broadcast_to(marked, fields["woven"].shape).copy()
    run = replace(RUN, course=replace(RUN.course, fields=fields))
    assert in_the_gap(run, "woven") == pytest.approx(0.25)


def test_tissue_colours_show_bone_pale_and_metal_grey() -> None:
    cut = next(c for c in sections.CUTS if c.plane == "coronal")
    picture = sections.tissue_colours(RUN, FRAMES, cut)
    frames, rows, columns, channels = picture.shape
    assert (frames, rows, columns, channels) == (27, SHAPE[2], SHAPE[0], 3)
    assert picture[0, 2, columns // 2] == pytest.approx([141, 150, 158], abs=2)
    bone = picture[0, 2, columns // 2 + 7].astype(int)
    assert bone == pytest.approx([239, 230, 208], abs=6)


@pytest.mark.parametrize("field", fields.shown(RUN), ids=lambda field: field.key)
def test_one_scale_through_time(field: fields.Field) -> None:
    scale = scales.scale_of(RUN, FRAMES, field)
    if field.key == "ceramic":
        assert scale.is_empty
        return
    assert scale.high > scale.low
    assert scale.is_signed == (field.key in {"dilatation", "pressure"})
    places = [place for place, _ in scale.ticks()]
    assert places == sorted(places)
    assert places[0] == 0.0
    assert 0.9 < places[-1] <= 1.0
    levels = scale.levels(np.array([scale.low, scale.high, 10 * scale.high]))
    assert list(levels) == [0, 254, 254]


def test_every_field_of_the_course_can_be_shown() -> None:
    found = fields.shown(RUN)
    assert {part for field in found for part in field.parts} == set(RUN.course.fields)
    assert found[0].key == "progenitors"
    sum_of_both = fields.values(RUN.course.fields, found[0], 5)
    parts = [RUN.course.fields[name][5] for name in found[0].parts]
    assert np.array_equal(sum_of_both, (parts[0] + parts[1]) * 1e6)
    assert not np.array_equal(sum_of_both, parts[0] * 1e6)


@pytest.mark.parametrize(
    ("name", "unit", "label", "shown", "factor"),
    [
        ("osteoblast", "1e6/mL", "Osteoblasts", "cells per mL", 1e6),
        ("stem_cell", "1e6/mL", "Stem cell", "cells per mL", 1e6),
        ("chondrogenic_factor", "100 ng/mL", "Chondrogenic factor", "ng/mL", 100.0),
        ("pressure", "MPa", "Pressure, averaged over days", "kPa", 1e3),
        ("age", "d", "Age", "d", 1.0),
        ("mystery", "1", "Mystery", "no unit", 1.0),
    ],
)
def test_a_field_is_told_by_its_name_and_unit(
    name: str, unit: str, label: str, shown: str, factor: float
) -> None:
    field = fields.described(name, unit)
    assert (field.label, field.unit, field.factor) == (label, shown, factor)


def test_strains_at_which_the_fate_turns_lie_on_the_scale() -> None:
    field = next(f for f in fields.shown(RUN) if f.key == "strain")
    scale = scales.scale_of(RUN, FRAMES, field)
    marks = {words.split(NO_BREAK)[0]: place for place, words in scale.thresholds()}
    assert list(marks) == ["quiet <", "bone ≤", "cartilage ≤", "tears ≥"]
    for key, words in (("bone_strain", "bone ≤"), ("cartilage_strain", "cartilage ≤")):
        percent = 100 * RUN.used[f"callus.{key}"]
        level = int(scale.levels(np.array([percent]))[0])
        assert marks[words] == pytest.approx(level / 254, abs=0.005)
    assert scale.field.law == "log"
    assert scale.high >= 15


def test_a_signed_field_has_zero_in_the_middle() -> None:
    field = next(f for f in fields.shown(RUN) if f.key == "dilatation")
    scale = scales.scale_of(RUN, FRAMES, field)
    assert scale.low == -scale.high
    assert int(scale.levels(np.zeros(1))[0]) == pytest.approx(127, abs=1)


def test_a_signed_field_can_be_logarithmic_on_both_sides() -> None:
    pressure = fields.described("pressure", "MPa")
    scale = scales.Range(pressure, -1e3, 1e3, is_above=False, is_below=False)
    at = np.array([-1e3, -100.0, -10.0, 0.0, 10.0, 100.0, 1e3])
    places = scale.place(at)
    assert places[[0, 3, 6]] == pytest.approx([0, 0.5, 1])
    assert np.diff(places) == pytest.approx(np.full(6, 1 / 6), abs=0.01)
    assert [words for _, words in scale.ticks()][-1] == "1,000"


def test_values_beyond_the_scale_are_announced() -> None:
    progenitors = fields.TOGETHER
    cut_off = scales.Range(progenitors, 1.0, 100.0, is_above=True, is_below=True)
    assert cut_off.ticks()[0][1].startswith("≤")
    assert cut_off.ticks()[-1][1].startswith("≥")


def test_sections_of_fine_grids_are_averaged_in_blocks() -> None:
    grid = Grid((6, 4, 3 * sections.LARGEST_EDGE), 1e-3, (-2.5e-3, -1.5e-3, -0.1915))
    cut = next(c for c in sections.CUTS if c.plane == "coronal")
    ramp = np.broadcast_to(np.arange(grid.shape[2], dtype=float), grid.shape)
    seen = sections.section(ramp, cut, grid)
    assert seen.shape == (sections.LARGEST_EDGE, 2)
    assert seen[0] == pytest.approx(np.full(2, grid.shape[2] - 2.0))


def test_the_pack_unpacks_to_the_same_bytes() -> None:
    rng = np.random.default_rng(2)
    moving = rng.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    still = rng.integers(0, 256, (2, 7), dtype=np.uint8)
    pack = Pack()
    pack.add("moving", moving, over_time=True)
    pack.add("still", still, block="later")
    assert set(pack.texts()) == {"first", "later"}
    found = unpack(pack.texts(), pack.contents_json())
    assert np.array_equal(found["moving"], moving)
    assert np.array_equal(found["still"], still)


def test_volumes_are_small_and_x_runs_fastest() -> None:
    pack = Pack()
    size = volume.put_volumes(RUN, FRAMES, pack)
    assert size["millimetres"] == pytest.approx([51, 51, 54])
    site = unpack(pack.texts(), pack.contents_json())["volume_site"]
    assert site.shape == (SHAPE[2], SHAPE[1], SHAPE[0], 3)
    bone = synthetic_anatomy().bone
    assert site[3, 10, 20, 0] / 252 == pytest.approx(bone[20, 10, 3], abs=0.01)


def test_the_surface_of_bone_counts_old_woven_and_lamellar() -> None:
    pack = Pack()
    volume.put_volumes(RUN, FRAMES, pack)
    found = unpack(pack.texts(), pack.contents_json())
    tissue = found["volume_tissue"]
    assert tissue.shape == (27, SHAPE[2], SHAPE[1], SHAPE[0], 4)
    solid = (found["volume_site"][..., 0] + tissue[-1, ..., 0].astype(int) + tissue[-1, ..., 3]).T
    wanted = RUN.anatomy.bone + RUN.course.fields["mineralised"][-1] * RUN.anatomy.open
    assert np.abs(solid / 252 - wanted).max() < 0.03
    assert tissue[-1, ..., 3].max() > 20, "there is lamellar bone to count"


def test_large_volumes_are_averaged_in_blocks() -> None:
    assert volume.block((100, 90, 145)) == 3
    values = np.arange(5 * 4 * 4, dtype=float).reshape(5, 4, 4)
    small = volume.averaged(values, 2)
    assert small.shape == (3, 2, 2)
    assert small[0, 0, 0] == pytest.approx(values[:2, :2, :2].mean())
    assert small[2, 0, 0] == pytest.approx(values[4:, :2, :2].mean())


def test_a_long_course_is_thinned_but_keeps_its_ends() -> None:
    weeks = np.arange(209.0)
    seen, course = RUN.follow_up, RUN.course
    long = replace(
        RUN,
        follow_up=replace(seen, week=weeks),
        course=replace(course, day=weeks * 7),
    )
    frames = Frames.of(long)
    assert len(frames) == MOST_FRAMES
    assert (frames.week[0], frames.week[-1]) == (0.0, 208.0)


def test_a_visit_without_a_snapshot_is_refused() -> None:
    shifted = replace(RUN, course=replace(RUN.course, day=RUN.course.day + 3))
    with pytest.raises(ValueError, match="no snapshot"):
        Frames.of(shifted)
