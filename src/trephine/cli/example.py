"""``trephine example``: case files to start from."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from trephine.core.errors import InputError, did_you_mean


def example(
    name: Annotated[
        str | None, typer.Argument(help="Which example; leave it out to list them.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write; the case is printed without it.")
    ] = None,
) -> None:
    """List the example cases, or print or write one of them.

    An example is a whole case file with every unit in place: copy it and change it.
    """
    if name is None:
        if out is not None:
            raise InputError(f"--out needs the name of an example; known: {', '.join(names())}")
        listing()
        return
    text = written(name)
    if out is None:
        typer.echo(text, nl=False)
        return
    from trephine.store.files import writing

    if out.exists():
        raise InputError(f"{out} exists; choose another --out")
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    typer.echo(str(out))
    said = re.search(r"'trephine ([a-z]+)'", tomllib.loads(text)["about"])
    typer.echo(f"run it with: trephine {said[1] if said else 'run'} {out}", err=True)


def names() -> list[str]:
    """Return the names of the examples that ship with the program."""
    folder = resources.files("trephine.cli") / "examples"
    found = [entry.name for entry in folder.iterdir()]
    return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))


def written(name: str) -> str:
    """Return the text of an example, or raise InputError naming the nearest known one."""
    if name not in names():
        raise InputError(f"there is no example '{name}'; {did_you_mean(name, names())}")
    return file(name).read_text(encoding="utf-8")


def file(name: str) -> Traversable:
    """Return where an example lies."""
    return resources.files("trephine.cli") / "examples" / f"{name}.toml"


def listing() -> None:
    """Print a table of the examples and what each is about."""
    from trephine.cli.paper import paper, table

    rows = table("Example", "About")
    for name in names():
        case = tomllib.loads(written(name))
        rows.add_row(name, " ".join(case["about"].split()))
    paper().print(rows)
    typer.echo("write one with: trephine example NAME --out my-case.toml", err=True)


def refuse_missing(path: Path) -> None:
    """Raise InputError where a case file is missing that an example could stand in for."""
    if not path.exists() and path.stem in names():
        raise InputError(
            f"{path}: there is no such file; write the example with "
            f"'trephine example {path.stem} --out {path.with_suffix('.toml')}'"
        )
