"""VTK images and CSV tables read back as what was written."""

from __future__ import annotations

import base64
import csv
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from synthetic_run import SHAPE, synthetic_run
from trephine.core.errors import StoreError
from trephine.store import export

RUN = synthetic_run(heals=False)


def parsed(path: Path) -> ET.Element:
    return ET.parse(path).getroot()  # noqa: S314  (our own file)


@pytest.fixture(scope="module")
def vtk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export.write_vtk(RUN, tmp_path_factory.mktemp("vtk"))


def array(path: Path, name: str) -> np.ndarray:  # type: ignore[type-arg]
    root = parsed(path)
    assert root.get("header_type") == "UInt64"
    assert root.get("compressor") == "vtkZLibDataCompressor"
    found = next(a for a in root.iter("DataArray") if a.get("Name") == name)
    text = found.text or ""
    (count,) = struct.unpack("<Q", base64.b64decode(text[:12])[:8])
    long = 4 * -(-8 * (3 + count) // 3)  # letters of the head, which is coded apart
    _, full, last, *sizes = struct.unpack(f"<{3 + count}Q", base64.b64decode(text[:long]))
    data, blocks = base64.b64decode(text[long:]), []
    for size in sizes:
        blocks.append(zlib.decompress(data[:size]))
        data = data[size:]
    assert data == b""
    assert [len(block) for block in blocks] == [full] * (count - bool(last)) + [last] * bool(last)
    return np.frombuffer(b"".join(blocks), "<f4").reshape(SHAPE, order="F")


def test_a_collection_lists_every_snapshot_with_its_day(vtk: Path) -> None:
    entries = list(parsed(vtk).iter("DataSet"))
    assert [float(e.get("timestep", "")) for e in entries] == list(RUN.course.day)
    assert all((vtk.parent / e.get("file", "")).is_file() for e in entries)


def test_an_image_holds_the_field_cell_by_cell(vtk: Path) -> None:
    wanted = RUN.course.fields["cartilage"][5].astype(np.float32)
    found = array(vtk.parent / "course_0005.vti", "cartilage [1]")
    assert np.array_equal(found, wanted)
    assert not np.array_equal(found[::-1], wanted), "the field tells left from right"
    bone = array(vtk.parent / "anatomy.vti", "bone [1]")
    assert np.array_equal(bone, RUN.anatomy.bone.astype(np.float32))


def test_arrays_longer_than_a_block_come_back_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(0).uniform(size=SHAPE).astype(np.float32)
    for block in (1 << 12, values.nbytes // 2, values.nbytes):
        monkeypatch.setattr(export, "BLOCK", block)
        (tmp_path / "a.vti").write_text(export.image(RUN.anatomy.grid, {"noise": (values, "1")}))
        assert np.array_equal(array(tmp_path / "a.vti", "noise [1]"), values)


def test_bone_now_is_old_and_new_bone(vtk: Path) -> None:
    found = array(vtk.parent / "course_0026.vti", "bone_with_mineral [1]")
    wanted = RUN.anatomy.bone + RUN.course.fields["mineralised"][26] * RUN.anatomy.open
    assert found == pytest.approx(wanted, abs=1e-6)
    first = array(vtk.parent / "course_0000.vti", "bone_with_mineral [1]")
    assert first.sum() < found.sum()


def test_an_image_lies_where_the_grid_lies_in_millimetres(vtk: Path) -> None:
    image = next(parsed(vtk.parent / "course_0000.vti").iter("ImageData"))
    assert image.get("WholeExtent") == "0 34 0 34 0 36"
    spacing = [float(v) for v in image.get("Spacing", "").split()]
    corner = [float(v) for v in image.get("Origin", "").split()]
    assert spacing == pytest.approx([1.5] * 3)
    centre = np.array(corner) + 0.5 * np.array(spacing)
    assert centre == pytest.approx(np.array(RUN.anatomy.grid.origin) * 1e3)


def test_an_image_names_its_frame_and_time(vtk: Path) -> None:
    root = parsed(vtk.parent / "course_0003.vti")
    told = {
        a.get("Name"): a.text or "" for a in root.iter("DataArray") if a.get("format") == "ascii"
    }
    frame = bytes(int(letter) for letter in told["frame"].split()).decode().rstrip("\0")
    assert frame == export.FRAME
    assert float(told["TimeValue"]) == 21.0


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_tables_keep_every_digit_and_name_their_units(tmp_path: Path) -> None:
    files = {path.stem: read(path) for path in export.write_csv(RUN, tmp_path)}
    assert set(files) == {"course", "follow_up", "dose", "spent", "budgets"}
    course = files["course"]
    stiffness = [float(row["tissue stiffness [N/mm]"]) for row in course]
    assert stiffness == pytest.approx(RUN.course.stiffness * 1e-3, rel=1e-15)
    weight = RUN.anatomy.gap
    oxygen = (RUN.course.fields["oxygen"][-1] * weight).sum() / weight.sum()
    assert float(course[-1]["mean oxygen in the gap [mmHg]"]) == pytest.approx(oxygen)
    assert [float(r["mRUST [4 to 16]"]) for r in files["follow_up"]] == list(RUN.follow_up.mrust)
    assert float(files["dose"][0]["progenitors [1]"]) == RUN.treatments[0].aspirate.pool.progenitors
    assert "progenitor_injected/death [1e6 cells]" in files["spent"][0]
    assert {row["side"] for row in files["budgets"]} == {"in", "out"}


def test_a_refused_write_is_told_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError, match="cannot write"):
        export.write_csv(RUN, tmp_path / "taken" / "below")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]
