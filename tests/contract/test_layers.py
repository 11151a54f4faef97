"""The layers hold, and their tool refuses every import that points up or sideways."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")

# A layer, and what it may not import.
UPWARD = [
    ("core", "trephine.case.case"),
    ("case", "trephine.catalogue.load"),
    ("catalogue", "trephine.numerics.faces"),
    ("numerics", "trephine.models.term"),
    ("models", "trephine.stages.heal"),
    ("stages", "trephine.store.runs"),
    ("store", "trephine.intake.site"),
    ("intake", "trephine.pipeline"),
    ("report", "trephine.cli.main"),
    ("numerics", "pydantic"),
    ("models", "pint"),
    ("stages", "matplotlib"),
    ("store", "nibabel"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in a copy of the checkout."""
    return subprocess.run(
        [str(LINTER), "--config", str(folder / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(
        ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    return folder


def test_the_layers_hold(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout
    assert " 0 broken" in result.stdout


@pytest.fixture(scope="module")
def refused(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says to a copy in which every layer has been broken at once."""
    folder = tmp_path_factory.mktemp("sabotage") / "checkout"
    shutil.copytree(copy, folder)
    for number, (layer, imported) in enumerate(UPWARD):
        module = folder / "src" / "trephine" / layer / f"sabotage{number}.py"
        module.write_text(f"import {imported}\n", encoding="utf-8")
    result = lint(folder)
    assert result.returncode == 1, result.stdout + result.stderr
    return " ".join(result.stdout.split())


@pytest.mark.parametrize(("layer", "imported"), UPWARD)
def test_an_import_up_or_sideways_is_refused(refused: str, layer: str, imported: str) -> None:
    above = ".".join(imported.split(".")[:2])
    whole = "trephine" if imported == "pint" else f"trephine.{layer}"
    assert f"{whole} is not allowed to import {above}" in refused
    assert f"trephine.{layer}.sabotage{UPWARD.index((layer, imported))} -> {above}" in refused


def test_a_folder_without_a_place_is_refused(copy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    shutil.copytree(copy, folder)
    (folder / "src" / "trephine" / "helpers").mkdir()
    (folder / "src" / "trephine" / "helpers" / "__init__.py").write_text("", encoding="utf-8")
    result = lint(folder)
    assert result.returncode == 1
    assert "helpers" in result.stdout


def test_the_command_starts_without_anything_heavy() -> None:
    # Help must come at once; each of these takes a tenth of a second to seconds to import.
    heavy = ["numpy", "scipy", "jax", "pydantic", "pint", "matplotlib", "zarr", "xarray", "nibabel"]
    script = f"import sys, trephine.cli.main; print([m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_the_check_for_heavy_imports_can_fail() -> None:
    script = "import sys, trephine.case.case; print('pydantic' in sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "True"
