"""Many samples in fixed blocks, so that neither memory nor workers change a result."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from trephine.core.rng import Streams

T = TypeVar("T")

BLOCK = 16_384
"""Samples of a block; changing it changes every sampled result."""


def in_blocks(
    made: Callable[[Streams, int], T], streams: Streams, count: int, workers: int = 1
) -> list[T]:
    """Return what each block of samples gives, in order.

    Parameters
    ----------
    made
        Gives the result of a block from its streams and its number of samples.
    streams
        Family of streams; that of a block is named by its number.
    count
        Samples in all.
    workers
        Threads; the result does not depend on them.
    """
    sizes = [min(BLOCK, count - start) for start in range(0, count, BLOCK)]

    def one(number: int) -> T:
        return made(streams.within("block", number), sizes[number])

    if workers == 1:
        return [one(number) for number in range(len(sizes))]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, range(len(sizes))))


def joined(parts: Sequence[Any], sizes: Sequence[int]) -> Any:  # noqa: ANN401  (any result)
    """Return one result of all samples from those of the blocks.

    Arrays ``(sample,)`` are joined within dataclasses, tuples and mappings; what is no array is
    the same in all blocks and stays.

    Parameters
    ----------
    parts
        Results of the blocks, all of one shape.
    sizes
        Samples of each block.
    """
    first = parts[0]
    if dataclasses.is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in dataclasses.fields(first)]
        values = {name: joined([getattr(part, name) for part in parts], sizes) for name in names}
        return dataclasses.replace(first, **values)
    if isinstance(first, Mapping):
        return {key: joined([part[key] for part in parts], sizes) for key in first}
    if isinstance(first, tuple):
        members = [joined(group, sizes) for group in zip(*parts, strict=True)]
        return type(first)(*members) if hasattr(first, "_fields") else tuple(members)
    if isinstance(first, np.ndarray) and first.ndim:
        whole = [np.broadcast_to(part, size) for part, size in zip(parts, sizes, strict=True)]
        return np.concatenate(whole)
    return first
