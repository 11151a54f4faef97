"""Markers from folders, and where the real scans are looked for."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

# The same examples every time, and no clock: a slow machine is no failure.
hypothesis.settings.register_profile("trephine", deadline=None, derandomize=True)
hypothesis.settings.load_profile("trephine")

ROOT = Path(__file__).parents[1]
SCANS = ROOT.parent / "shared" / "ct"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        kind = item.path.relative_to(ROOT / "tests").parts[0]
        item.add_marker(getattr(pytest.mark, kind))


@pytest.fixture(scope="session")
def scans() -> Path:
    """Folder of the real scans beside the checkout; the test is skipped where it is absent."""
    if not SCANS.is_dir():
        pytest.skip(f"the real scans are not beside this checkout ({SCANS.name}/ is absent)")
    return SCANS
