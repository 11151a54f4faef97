"""Simulate, plan and follow bone-marrow cell therapy, from needle to X-ray.

Five lines do the main job::

    import trephine

    case = trephine.read("case.toml")
    run = trephine.run(case)
    run.plot("course.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from trephine.case.case import Case, read
    from trephine.case.settings import Settings
    from trephine.models.beliefs import Beliefs
    from trephine.pipeline import Run, run

__all__ = ["Beliefs", "Case", "Run", "Settings", "__version__", "read", "run"]

_HOMES = {
    "Beliefs": "trephine.models.beliefs",
    "Case": "trephine.case.case",
    "Run": "trephine.pipeline",
    "Settings": "trephine.case.settings",
    "read": "trephine.case.case",
    "run": "trephine.pipeline",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a public name when it is first used, so that ``import trephine`` is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'trephine' has no attribute '{name}'")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
