"""Links between a voxel and its six neighbours, on fields laid out as one vector."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import lax

from trephine.numerics.faces import Faces


@dataclass(frozen=True)
class Links:
    r"""Conductance over spacing squared between neighbours of a grid.

    .. math:: (L u)_i = \sum_{j \sim i} w_{ij} (u_j - u_i)

    The neighbours of all voxels along an axis are one slice of the padded vector: every loop
    runs over contiguous memory and nothing is padded axis by axis. A link through a wall is
    zero.

    Parameters
    ----------
    along
        Link of each voxel to the next along each axis that has one, padded by ``margin`` at both
        ends.
    strides
        How far the next voxel along that axis is in the vector.
    size
        Number of voxels.
    """

    along: tuple[jax.Array, ...]
    strides: tuple[int, ...]
    size: int

    @classmethod
    def of(cls, conductance: Faces, spacing: float | jax.Array, shape: tuple[int, ...]) -> Links:
        """Return the links of a grid of this shape from the conductance of its inner faces."""
        _, ny, nz = shape
        axes = [axis for axis in range(3) if shape[axis] > 1]
        strides = tuple((ny * nz, nz, 1)[axis] for axis in axes)
        margin = max(strides, default=0)
        along = []
        for axis in axes:
            closed = [(0, int(axis == other)) for other in range(3)]
            along.append(jnp.pad(jnp.pad(conductance[axis], closed).ravel(), margin) / spacing**2)
        return cls(tuple(along), strides, shape[0] * ny * nz)

    @property
    def margin(self) -> int:
        """How many zeros stand before and after a padded vector."""
        return max(self.strides, default=0)

    def astype(self, precision: jax.typing.DTypeLike) -> Links:
        """Return the links in another precision."""
        return Links(tuple(w.astype(precision) for w in self.along), self.strides, self.size)

    def padded(self, u: jax.Array) -> jax.Array:
        """Return a vector with its margins."""
        return jnp.pad(u, self.margin)

    def at(self, padded: jax.Array, offset: int = 0) -> jax.Array:
        """Return the values that lie an offset away from each voxel."""
        start = self.margin + offset
        return lax.slice(padded, (start,), (start + self.size,))

    def sums(self) -> jax.Array:
        """Return the sum of the links of each voxel."""
        summed = jnp.zeros(self.size, self.along[0].dtype if self.along else float)
        for w, stride in zip(self.along, self.strides, strict=True):
            summed = summed + self.at(w) + self.at(w, -stride)
        return summed

    def neighbours(self, padded: jax.Array) -> jax.Array:
        """Return the sum over its neighbours of link times value, for each voxel."""
        summed = jnp.zeros(self.size, padded.dtype)
        for w, stride in zip(self.along, self.strides, strict=True):
            summed = summed + self.at(w) * self.at(padded, stride)
            summed = summed + self.at(w, -stride) * self.at(padded, -stride)
        return summed

    def inflow(self, padded: jax.Array) -> jax.Array:
        """Return L u from differences, so that what enters one voxel leaves its neighbour."""
        u = self.at(padded)
        summed = jnp.zeros(self.size, padded.dtype)
        for w, stride in zip(self.along, self.strides, strict=True):
            summed = summed + self.at(w) * (self.at(padded, stride) - u)
            summed = summed - self.at(w, -stride) * (u - self.at(padded, -stride))
        return summed
