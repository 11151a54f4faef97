"""``trephine intake``: a CT becomes a case."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from trephine.cli import example
from trephine.cli.quantity import quantities, quantity
from trephine.core.errors import InputError

if TYPE_CHECKING:
    from trephine.case.case import Case
    from trephine.intake.case import Intake

TEMPLATES = {"femur": "femur-nonunion", "tibia": "tibia-nonunion"}
"""Example that lends patient, plan, fixation and biology where no template is given."""


def intake(
    scan: Annotated[
        Path, typer.Argument(metavar="CT", help="NIfTI file, folder of DICOM slices, or its zip.")
    ],
    *,
    bone: Annotated[
        Literal["femur", "tibia", "humerus"],
        typer.Option(help="Which bone; taken as stated, and checked by the head of a whole femur."),
    ],
    side: Annotated[Literal["left", "right"], typer.Option(help="Of which side.")],
    gap: Annotated[
        str | None,
        typer.Option(
            help="Width of a virtual gap in an intact bone, for example '4 mm'; without it the "
            "gap between two fragments is found and measured."
        ),
    ] = None,
    level: Annotated[
        str | None,
        typer.Option(
            help="Where the virtual gap is: 0 at the end towards the head, 1 at the other."
        ),
    ] = None,
    tilt: Annotated[str, typer.Option(help="Angle of the virtual gap from transverse.")] = "0 deg",
    nail: Annotated[
        str | None, typer.Option(help="Diameter of the nail; the template's without it.")
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="CASE.toml",
            help="Case to take patient, plan, fixation and biology from; the example of the bone "
            "without it.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the case, never a patient's; its files are called after it.",
            show_default="<bone>-<side>",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to.")] = Path("cases"),
    near: Annotated[
        str | None,
        typer.Option(
            help="A point in the bone, where several are in view: left, back and head "
            "coordinate (LPS), for example '110 mm, 20 mm, -300 mm'."
        ),
    ] = None,
    head_at: Annotated[
        Literal["low", "high"] | None,
        typer.Option(help="Where the end towards the head lies, if the header is wrong."),
    ] = None,
    half_length: Annotated[
        str, typer.Option(help="Length kept on each side of the gap.")
    ] = "45 mm",
    without_air: Annotated[
        bool, typer.Option("--without-air", help="Vouch that the field of view holds no air.")
    ] = False,
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print what was found as JSON, in SI units.")
    ] = False,
) -> None:
    """Make a case file of a CT: tell bone from the rest, find or place the gap, cut around it.

    Which bone it is you say; a note tells where nothing in the scan bears it out.
    Names, identifiers and dates in the scan are not read.
    """
    lending = template_for(bone, template)
    place = None if near is None else quantities("--near", near, "m", 3)
    from trephine.intake.case import intake as take_in

    found = take_in(
        scan,
        template=lending,
        out=out,
        name=name or speaking_name(bone, side, is_virtual=gap is not None),
        file_name=name or f"{bone}-{side}",
        lender=None if template is not None else f"the example {TEMPLATES[bone]}",
        bone=bone,
        side=side,
        level=None if level is None else quantity("--level", level, "1"),
        gap_width=None if gap is None else quantity("--gap", gap, "m"),
        tilt=quantity("--tilt", tilt, "rad"),
        nail_diameter=None if nail is None else quantity("--nail", nail, "m"),
        head_at=head_at,
        near=None if place is None else (place[0], place[1], place[2]),
        half_length=quantity("--half-length", half_length, "m"),
        without_air=without_air,
    )
    if is_json_wanted:
        typer.echo(json.dumps(found.as_document(), indent=2, ensure_ascii=False))
    else:
        tell(found)
    for notice in found.notices:
        typer.echo(f"Note: {notice}", err=True)
    typer.echo(f"run it with: trephine run {shlex.quote(str(found.case))}", err=True)


def speaking_name(bone: str, side: str, *, is_virtual: bool) -> str:
    """Return what a report calls a case that was given no name."""
    return f"{side.capitalize()} {bone} from CT" + (" (virtual gap)" if is_virtual else "")


def template_for(bone: str, template: Path | None) -> Case:
    """Return the case that lends what a CT does not show."""
    from importlib import resources

    from trephine.case.case import need_shaft, read

    if template is not None:
        return need_shaft(read(template), "trephine intake")
    if bone not in TEMPLATES:
        raise InputError(f"there is no example of a {bone}; give a case file with --template")
    with resources.as_file(example.file(TEMPLATES[bone])) as path:
        return need_shaft(read(path), "trephine intake")


def tell(found: Intake) -> None:
    """Print what was found, as a table, and where the case is."""
    from trephine.cli.paper import paper, table

    rows = table("What was found", ">Value")
    rows.add_row("Volume of the bone", f"{found.sanity.volume * 1e6:.1f} mL")
    rows.add_row("Median CT number in it", f"{found.sanity.hounsfield_median:.0f} HU")
    rows.add_row("Level of the gap (0 at the head)", f"{found.level:.3f}")
    rows.add_row("Width of the gap", f"{found.gap.width * 1e3:.2f} mm")
    rows.add_row("Outer diameter there", f"{found.outer_diameter * 1e3:.1f} mm")
    rows.add_row("Canal diameter there", f"{found.canal_diameter * 1e3:.1f} mm")
    paper().print(rows)
    typer.echo(str(found.case))
