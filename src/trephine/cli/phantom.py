"""``trephine phantom``: a leg whose anatomy is known, as a real CT."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from trephine.cli.quantity import quantities, quantity
from trephine.core.errors import InputError


def phantom(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to.")],
    kind: Annotated[
        Literal["nifti", "dicom"], typer.Option(help="A NIfTI file or a folder of DICOM slices.")
    ] = "nifti",
    side: Annotated[Literal["left", "right"], typer.Option(help="Of which leg.")] = "left",
    outer_diameter: Annotated[str, typer.Option(help="Outside of the shaft.")] = "29 mm",
    canal_diameter: Annotated[str, typer.Option(help="Inside of the shaft.")] = "14 mm",
    ovality: Annotated[str, typer.Option(help="Larger over smaller outer diameter.")] = "1",
    roughness: Annotated[str, typer.Option(help="Unevenness as a share of the radius.")] = "0",
    length: Annotated[str, typer.Option(help="Length of the straight shaft.")] = "300 mm",
    gap: Annotated[
        str | None, typer.Option(help="Width of a gap; the shaft is intact without it.")
    ] = None,
    tilt: Annotated[str, typer.Option(help="Angle of the gap from transverse.")] = "0 deg",
    rise: Annotated[str, typer.Option(help="Height of the gap above mid-shaft.")] = "0 mm",
    spacing: Annotated[
        str, typer.Option(help="Voxel edges along x, y and z, with commas between.")
    ] = "1 mm, 1 mm, 1.5 mm",
    lean: Annotated[
        str, typer.Option(help="Lean about the patient's x and y axes, with a comma between.")
    ] = "0 deg, 0 deg",
) -> None:
    """Write a phantom leg as NIfTI or DICOM, and what is true of it as truth.json.

    Use it where there is no scan, or to test what reads scans: the answer is known.
    """
    from trephine.case.document import validate
    from trephine.case.site import Gap, Shaft
    from trephine.intake.phantom import write_phantom

    if gap is None and quantity("--tilt", tilt, "rad") != 0:
        raise InputError("--tilt: belongs to a gap; give --gap too")
    form = {
        "outer_diameter": outer_diameter,
        "canal_diameter": canal_diameter,
        "ovality": ovality,
        "roughness": roughness,
    }
    shaft = validate(Shaft, form, "the phantom")
    hole = None if gap is None else validate(Gap, {"width": gap, "tilt": tilt}, "the phantom")
    x, y, z = quantities("--spacing", spacing, "m", 3)
    about_x, about_y = quantities("--lean", lean, "rad", 2)
    given: dict[str, Any] = {"kind": kind, "gap": hole, "side": side}
    image = write_phantom(
        out,
        shaft=shaft,
        length=quantity("--length", length, "m"),
        spacing=(x, y, z),
        rise=quantity("--rise", rise, "m"),
        lean=(about_x, about_y),
        **given,
    )
    typer.echo(str(image))
    typer.echo(str(out / "truth.json"))
    virtual = "" if gap is not None else ' --gap "4 mm" --level 0.5'
    typer.echo(
        f"make a case of it with: trephine intake {shlex.quote(str(image))} --bone femur "
        f"--side {side}{virtual}",
        err=True,
    )
