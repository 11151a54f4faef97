"""The locks: every package pinned with hashes, nothing left out, one version for all of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "requirements"
PIN = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def project() -> dict[str, dict[str, list[str]]]:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        read: dict[str, dict[str, list[str]]] = tomllib.load(stream)
    return read


def plain(requirement: str) -> str:
    """Return the name of a package as locks write it."""
    return re.split(r"[<>=!~\[; ]", requirement)[0].lower().replace("_", "-").replace(".", "-")


def pins(name: str) -> dict[str, set[str]]:
    """Return the versions of each package in a lock; every line must be a pin, a hash or a note."""
    found: dict[str, set[str]] = {}
    hashed = True
    for line in (LOCKS / name).read_text(encoding="utf-8").splitlines():
        pin = PIN.match(line)
        if pin:
            assert hashed, f"{name}: a package without a hash before '{line}'"
            found.setdefault(pin[1], set()).add(pin[2])
            hashed = False
        elif HASH.match(line):
            hashed = True
        else:
            assert line.startswith("    #"), f"{name}: '{line}'"
    assert hashed
    assert found
    return found


@pytest.mark.parametrize("name", ["run.lock", "all.lock", "installer.lock"])
def test_every_package_is_pinned_and_hashed(name: str) -> None:
    assert pins(name)


def test_the_locks_hold_what_the_project_needs() -> None:
    table, groups = project()["project"], project()["dependency-groups"]
    wanted = {plain(r) for r in table["dependencies"]} | {plain(r) for r in groups["build"]}
    assert wanted <= pins("run.lock").keys(), "run 'make lock'"
    wanted |= {plain(r) for group in ("dev", "docs") for r in groups[group]}
    assert wanted <= pins("all.lock").keys(), "run 'make lock'"
    assert {plain(r) for r in groups["installer"]} == pins("installer.lock").keys()


def test_a_run_has_the_versions_that_were_tested() -> None:
    tested = pins("all.lock")
    assert {n: v for n, v in pins("run.lock").items() if tested.get(n) != v} == {}
