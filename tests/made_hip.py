"""A femoral head with a lesion of type C1, followed for twenty days, for tests."""

from __future__ import annotations

from typing import Any

from trephine.case.case import of_any_kind
from trephine.case.hip import HipCase


def hip_case(**plan: Any) -> HipCase:
    """Return a hip with more in its plan."""
    data = {
        "name": "a hip",
        "patient": {"age": "42 year", "sex": "male", "mass": "70 kg"},
        "site": {
            "kind": "femoral_head",
            "side": "left",
            "stage": "II",
            "lesion": {"jic": "C1"},
        },
        "plan": {"follow_up": {"duration": "20 d", "interval": "20 d"}, **plan},
    }
    made = of_any_kind(data, "it")
    assert isinstance(made, HipCase)
    return made
