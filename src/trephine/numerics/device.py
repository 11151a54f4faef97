"""Where arrays live: the processor, or an accelerator that CUDA drives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax

from trephine.core.errors import InputError


def devices(kind: str) -> list[jax.Device]:
    """Return the devices of a kind, ``"cpu"`` or ``"cuda"``; none where there are none."""
    try:
        return list(jax.devices(kind))
    except RuntimeError:
        return []


def require(kind: str) -> jax.Device:
    """Return the first device of a kind.

    Raises
    ------
    InputError
        If this machine, or the installed JAX, has none.
    """
    found = devices(kind)
    if not found:
        raise InputError(
            f"settings.device is '{kind}', and JAX finds no such device here; install "
            "'trephine[cuda]' on a machine with an NVIDIA driver, or take device = 'cpu'"
        )
    return found[0]


@contextmanager
def on(kind: str) -> Iterator[None]:
    """Make every array inside on the first device of a kind.

    Raises
    ------
    InputError
        If there is none.
    """
    with jax.default_device(require(kind)):
        yield
