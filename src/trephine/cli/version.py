"""``trephine --version``: program, catalogue, and the commit when run from a checkout."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import typer

import trephine


def tell(is_wanted: bool) -> None:
    """Print the versions and leave, when asked to."""
    if not is_wanted:
        return
    from trephine.catalogue.load import catalogue

    typer.echo(f"trephine {trephine.__version__}")
    typer.echo(f"catalogue {catalogue().digest}")
    found = commit()
    if found:
        typer.echo(f"commit {found}")
    raise typer.Exit


def commit() -> str:
    """Return the commit of the checkout the program runs from, or nothing when installed."""
    root = Path(trephine.__file__).parents[2]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists() or not (root / "pyproject.toml").exists():
        return ""
    asked = [git, "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    return answer.stdout.strip() if answer.returncode == 0 else ""
