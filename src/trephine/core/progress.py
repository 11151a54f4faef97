"""How a long computation tells its caller where it is, and hands over what must survive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


class Watch:
    """Listen to a run; this one hears nothing and keeps nothing.

    A caller overrides what it wants. A stage calls the methods and works the same whether
    anyone listens or not.
    """

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        """Hear how far a stage is, in its own unit of work."""

    def keep(
        self,
        index: int,
        day: float,
        fields: Mapping[str, np.ndarray[Any, Any]],
        state: Mapping[str, np.ndarray[Any, Any]],
    ) -> None:
        """Take the snapshot with number ``index`` and the whole state it can resume from."""

    def restore(self) -> Mapping[str, np.ndarray[Any, Any]] | None:
        """Return the last state given to :meth:`keep` in an earlier attempt, or None."""
        return None

    def kept(self) -> list[Mapping[str, np.ndarray[Any, Any]]]:
        """Return the snapshot fields given to :meth:`keep` in an earlier attempt, in order."""
        return []
