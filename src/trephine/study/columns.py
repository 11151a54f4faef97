"""Owns the ways of predicting an endpoint, the columns of a scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from trephine.case.trial import Trial
from trephine.catalogue.posterior import posterior
from trephine.core import digest
from trephine.core.errors import CatalogueError, TrephineError
from trephine.study.emulate import SHIPPED
from trephine.study.qualify import ENGINE, RISK, Predictor
from trephine.study.scorecard import Said

POSTERIOR = "posterior"
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        ENGINE: "Healing engine, numbers as printed",
        POSTERIOR: "Emulator, numbers drawn from the posterior",
        RISK: "Published score of risk",
    }
)
"""What each column is."""
NONE = "none"


def others() -> dict[str, Predictor]:
    """Return the ways of predicting besides the engine."""
    return {POSTERIOR: posterior_predictive}


def posterior_predictive(trial: Trial) -> Sequence[Said] | str:
    """Return what the emulator predicts with numbers of the posterior, or why it does not.

    See :func:`trephine.study.predictive.predicted` for what the intervals hold.
    """
    from trephine.study.predictive import predicted  # noqa: PLC0415  (loads the emulator)

    try:
        return predicted(trial)
    except TrephineError as error:
        return str(error)


def digests() -> dict[str, str]:
    """Return the content names of emulator and posterior; ``none`` where they are not there."""
    emulator = digest.of_file(SHIPPED)[:16] if SHIPPED.is_file() else NONE
    try:
        return {"emulator": emulator, "posterior": posterior().digest}
    except CatalogueError:
        return {"emulator": emulator, "posterior": NONE}
