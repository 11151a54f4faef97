"""Simulate, plan and follow bone-marrow cell therapy, from needle to X-ray.

Five lines do the main job::

    import trephine

    case = trephine.read("case.toml")
    run = trephine.run(case)
    trephine.plot(run, "course.png")
    fields = run.to_xarray()
    alone = trephine.run(case.with_plan(steps=[]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from trephine.case.case import Case, read
    from trephine.case.settings import Settings
    from trephine.models.beliefs import Beliefs
    from trephine.pipeline import Run, run
    from trephine.report.figures import course as plot
    from trephine.report.page import write as write_report

__all__ = [
    "Beliefs",
    "Case",
    "Run",
    "Settings",
    "__version__",
    "plot",
    "read",
    "run",
    "write_report",
]

_HOMES = {
    "Beliefs": ("trephine.models.beliefs", "Beliefs"),
    "Case": ("trephine.case.case", "Case"),
    "Run": ("trephine.pipeline", "Run"),
    "Settings": ("trephine.case.settings", "Settings"),
    "plot": ("trephine.report.figures", "course"),
    "read": ("trephine.case.case", "read"),
    "run": ("trephine.pipeline", "run"),
    "write_report": ("trephine.report.page", "write"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a public name when it is first used, so that ``import trephine`` is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'trephine' has no attribute '{name}'")
    from importlib import import_module  # noqa: PLC0415

    module, inside = _HOMES[name]
    return getattr(import_module(module), inside)
