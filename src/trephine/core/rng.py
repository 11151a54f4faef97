"""Luck named by purpose, so that arms that differ by plan alone share the rest of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Streams:
    """Independent random streams, each keyed by seed and purpose and by nothing else.

    Parameters
    ----------
    seed
        The user's seed, a whole number of at least zero.
    path
        Names that lead to this family of streams, for example a patient.
    """

    seed: int
    path: tuple[str, ...] = ()

    def within(self, *names: object) -> Streams:
        """Return the family of streams below ``names``."""
        return Streams(self.seed, (*self.path, *(str(name) for name in names)))

    def named(self, *purpose: object) -> np.random.Generator:
        """Return a fresh generator for a purpose; the same purpose gives the same luck.

        The key of the Philox generator is a hash of seed and purpose, so the order in which
        streams are asked for, and the number of workers, change nothing.
        """
        text = "\x1f".join([str(self.seed), *self.path, *(str(name) for name in purpose)])
        key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
        return np.random.Generator(np.random.Philox(key=key))
