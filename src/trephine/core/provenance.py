"""Enough about program and machine to replay a run; none of it may change a result."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

LIBRARIES = ("numpy", "scipy", "jax", "jaxlib", "pydantic", "pint", "zarr", "nibabel", "pydicom")


@dataclass(frozen=True)
class Provenance:
    """What made a result: program, versions of libraries and stages, machine, input digests."""

    version: str
    python: str
    platform: str
    libraries: dict[str, str]
    stages: dict[str, int]
    case_digest: str
    settings_digest: str
    catalogue_digest: str
    beliefs_digest: str
    anatomy_digest: str
    seed: int

    def as_document(self) -> dict[str, Any]:
        """Return plain data for ``run.json``."""
        return asdict(self)


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that compute."""
    return {name: metadata.version(name) for name in LIBRARIES}


def python() -> str:
    """Return the version of the interpreter."""
    return platform.python_version()


def machine() -> str:
    """Return the operating system and processor in one line."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"
