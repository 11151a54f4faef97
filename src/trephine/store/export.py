"""Owns runs for other programs: VTK image files for ParaView, tables as CSV."""

from __future__ import annotations

import base64
import csv
import struct
import zlib
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from trephine.case.course import UNITS
from trephine.case.followup import CORTICES
from trephine.case.run import Run
from trephine.core.grid import Grid
from trephine.core.types import Voxels
from trephine.store.files import replacing, writing

FRAME = "LPS, mm: x to the patient's left, y to the back, z to the head"
ANATOMY_UNITS = {
    "bone": "1",
    "metal": "1",
    "canal": "1",
    "gap": "1",
    "callus": "1",
    "cortex_removed": "1",
    "hounsfield": "HU",
}
NOW = "bone_with_mineral"
"""Old bone and new bone with mineral, per volume of voxel: the report shows it as a solid."""
BLOCK = 1 << 20
"""Bytes of an array that are compressed together."""
Table = list[list[str]]


def write_vtk(run: Run, folder: Path) -> Path:
    """Write the fields over time for ParaView and return the file to open, ``course.pvd``.

    Beside it lie one image file for each snapshot and ``anatomy.vti``. Arrays are cell data in
    single precision, named with their unit; lengths are mm in the patient's LPS axes. Fractions
    and densities are per volume of open tissue, as in the course; :data:`NOW` is added.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    grid, days = run.anatomy.grid, [float(day) for day in run.course.day]
    still = {n: (getattr(run.anatomy, n), unit) for n, unit in ANATOMY_UNITS.items()}
    _save(folder / "anatomy.vti", image(grid, still))
    entries = []
    for index, day in enumerate(days):
        fields = {n: (v[index], UNITS[n]) for n, v in run.course.fields.items()}
        if "mineralised" in fields:
            fields[NOW] = (bone_now(run, index), "1")
        name = f"course_{index:04d}.vti"
        _save(folder / name, image(grid, fields, day))
        entries.append(f'<DataSet timestep="{day!r}" part="0" file="{name}"/>')
    listed = "\n".join(entries)
    collection = (
        '<?xml version="1.0"?>\n'
        f"<!-- {escape(run.case.name)}; time in days from day 0; {FRAME} -->\n"
        '<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">\n'
        f"<Collection>\n{listed}\n</Collection>\n</VTKFile>\n"
    )
    return _save(folder / "course.pvd", collection)


def bone_now(run: Run, index: int) -> Voxels:
    """Return bone that holds mineral at a snapshot, per volume of voxel, (x, y, z) [-]."""
    new = run.course.fields["mineralised"][index] * run.anatomy.open
    bone: Voxels = run.anatomy.bone + new
    return bone


def image(grid: Grid, fields: Mapping[str, tuple[Voxels, str]], day: float | None = None) -> str:
    """Return a VTK image file (``.vti``) of fields on a grid.

    Parameters
    ----------
    grid
        The grid; its voxels become cells.
    fields
        Values at cell centres, (x, y, z), and unit, by name.
    day
        Time of the fields [d].
    """
    nx, ny, nz = grid.shape
    extent = f"0 {nx} 0 {ny} 0 {nz}"
    step = grid.spacing * 1e3
    corner = " ".join(repr(at * 1e3 - step / 2) for at in grid.origin)
    place = f'Origin="{corner}" Spacing="{step!r} {step!r} {step!r}"'
    told = [_words("frame", FRAME)]
    if day is not None:
        told.append(_words("time", f"day {day:g}"))
        told.append(
            '<DataArray type="Float64" Name="TimeValue" NumberOfTuples="1" format="ascii">'
            f"{day!r}</DataArray>"
        )
    arrays = "\n".join(_array(f"{n} [{unit}]", v) for n, (v, unit) in fields.items())
    return (
        '<?xml version="1.0"?>\n'
        '<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
        'compressor="vtkZLibDataCompressor">\n'
        f'<ImageData WholeExtent="{extent}" {place}>\n'
        f"<FieldData>\n{''.join(told)}\n</FieldData>\n"
        f'<Piece Extent="{extent}">\n<CellData>\n{arrays}\n</CellData>\n</Piece>\n'
        "</ImageData>\n</VTKFile>\n"
    )


def _array(name: str, values: Voxels) -> str:
    """Return an array with x fastest in single precision, compressed in blocks, in base64.

    The blocks follow a head of their own: number, size, size of the last where it is not full,
    and compressed sizes.
    """
    data = np.asarray(values, dtype="<f4").ravel(order="F").tobytes()
    blocks = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]
    packed = [zlib.compress(block, 1) for block in blocks]
    head = (len(blocks), BLOCK, len(data) % BLOCK, *map(len, packed))
    text = base64.b64encode(struct.pack(f"<{len(head)}Q", *head)).decode()
    text += base64.b64encode(b"".join(packed)).decode()
    return f'<DataArray type="Float32" Name={quoteattr(name)} format="binary">{text}</DataArray>'


def _words(name: str, words: str) -> str:
    letters = " ".join(str(letter) for letter in [*words.encode(), 0])
    return (
        f'<DataArray type="String" Name="{name}" NumberOfTuples="1" format="ascii">'
        f"{letters}</DataArray>"
    )


def write_csv(run: Run, folder: Path) -> list[Path]:
    """Write the series and tables of a run as CSV and return the files.

    ``course.csv`` (each snapshot), ``follow_up.csv`` (each visit), ``dose.csv`` (needle to
    lesion), ``spent.csv`` (what each term of the model did) and ``budgets.csv``. The first row
    names each column with its unit; numbers have all their digits.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    tables = {
        "course": course_table(run),
        "follow_up": follow_up_table(run),
        "dose": dose_table(run),
        "spent": spent_table(run),
        "budgets": budget_table(run),
    }
    written = []
    for name, rows in tables.items():
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        written.append(_save(folder / f"{name}.csv", text.getvalue()))
    return written


def _columns(columns: Mapping[str, Iterable[float]]) -> Table:
    rows = zip(*columns.values(), strict=True)
    return [list(columns), *([repr(float(value)) for value in row] for row in rows)]


def course_table(run: Run) -> Table:
    """Return day, mechanics, and the mean of each field over the gap, a row a snapshot."""
    course = run.course
    weight = run.anatomy.gap / run.anatomy.gap.sum()
    means = {
        f"mean {name} in the gap [{UNITS[name]}]": np.einsum("txyz,xyz->t", values, weight)
        for name, values in course.fields.items()
    }
    mechanics = {
        "day [d]": course.day,
        "tissue stiffness [N/mm]": course.stiffness * 1e-3,
        "movement [mm]": course.movement * 1e3,
        "force [N]": course.force,
    }
    return _columns(mechanics | means)


def follow_up_table(run: Run) -> Table:
    """Return week, score of each cortex, mRUST and callus, a row a visit."""
    seen = run.follow_up
    scores = {f"{c} cortex [1 to 4]": seen.cortex_score[:, i] for i, c in enumerate(CORTICES)}
    return _columns(
        {"week [wk]": seen.week}
        | scores
        | {
            "mRUST [4 to 16]": seen.mrust,
            "cortices bridged [1]": seen.bridged,
            "mineralised new bone [mL]": seen.callus_volume * 1e6,
        }
    )


def dose_table(run: Run) -> Table:
    """Return the cells left after each step from needle to lesion, a row a step."""
    rows = [["injection", "day [d]", "step", "progenitors [1]", "nucleated cells [1]"]]
    for number, treatment in enumerate(run.treatments, start=1):
        drawn, product = treatment.aspirate.pool, treatment.concentrate.product
        steps = [
            ("drawn", drawn.progenitors, drawn.nucleated),
            ("product", product.progenitors, product.nucleated),
            *((s.name, s.progenitors, s.nucleated) for s in treatment.graft.funnel),
        ]
        day = repr(treatment.graft.day / 86400)
        rows += [[str(number), day, name, repr(float(p)), repr(float(n))] for name, p, n in steps]
    return rows


def amount_unit(unit: str) -> str:
    """Return the unit of a field summed over volume [mL], as ``spent`` of a course holds it."""
    if unit.endswith("/mL"):
        return {"1e6/mL": "1e6 cells"}.get(unit, unit.removesuffix("/mL"))
    return "mL" if unit == "1" else f"{unit} mL"


def spent_table(run: Run) -> Table:
    """Return what each term of the model did to each field so far, a row a snapshot."""
    named = {
        f"{name} [{amount_unit(UNITS[name.split('/')[0]])}]": v
        for name, v in run.course.spent.items()
    }
    return _columns({"day [d]": run.course.day} | named)


def budget_table(run: Run) -> Table:
    """Return both sides of every budget, a row for each way in or out."""
    rows = [["quantity", "side", "way", "amount", "unit", "imbalance of the budget [1]"]]
    for budget in run.budgets:
        for side, amounts in (("in", budget.incoming), ("out", budget.outgoing)):
            rows += [
                [
                    budget.quantity,
                    side,
                    way,
                    repr(float(amount)),
                    budget.unit,
                    repr(budget.imbalance),
                ]
                for way, amount in amounts.items()
            ]
    return rows


def _save(path: Path, text: str) -> Path:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    return path
