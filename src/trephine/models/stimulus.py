"""From strain to fate: weights in place of the published thresholds."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from trephine.models.term import Numbers


def favours_bone(strain: jax.Array, p: Numbers) -> jax.Array:
    r"""Return how far strain lets bone form, (x, y, z) [-] (U14).

    .. math:: \psi_b = \exp\left[-\left((\varepsilon-\varepsilon_b)_+ / w_b\right)^2\right]

    Parameters
    ----------
    strain
        Distortional strain averaged over days, (x, y, z) [-].
    p
        ``bone_strain`` and ``bone_strain_width`` [-]; [ClaesHeigele1999].
    """
    excess = jnp.maximum(strain - p["bone_strain"], 0.0)
    return jnp.exp(-((excess / p["bone_strain_width"]) ** 2))


def favours_cartilage(strain: jax.Array, bone_favoured: jax.Array, p: Numbers) -> jax.Array:
    r"""Return how far strain lets cartilage form, (x, y, z) [-] (U14).

    .. math::
        \psi_c = \exp\left[-\left((\varepsilon-\varepsilon_c)_+ / w_c\right)^2\right]
                 \left(1 - 0.8\, \psi_b\, [\varepsilon < \varepsilon_0]\right)

    Quiet tissue, strained less than :math:`\varepsilon_0`, makes little cartilage.

    Parameters
    ----------
    strain
        Distortional strain averaged over days, (x, y, z) [-].
    bone_favoured
        The weight for bone, (x, y, z) [-].
    p
        ``cartilage_strain``, ``cartilage_strain_width``, ``quiet_strain``,
        ``quiet_cartilage_loss`` [-]; [ClaesHeigele1999].
    """
    excess = jnp.maximum(strain - p["cartilage_strain"], 0.0)
    quiet = jnp.where(strain < p["quiet_strain"], p["quiet_cartilage_loss"] * bone_favoured, 0.0)
    return jnp.exp(-((excess / p["cartilage_strain_width"]) ** 2)) * (1.0 - quiet)


def tears(strain: jax.Array, p: Numbers) -> jax.Array:
    r"""Return how far strain tears the tissue, 0 to 1, (x, y, z) [-].

    .. math:: \tau = \min\left(1, \frac{(\varepsilon-\varepsilon_1)_+}
        {\varepsilon_2-\varepsilon_1}\right)

    Parameters
    ----------
    strain
        Distortional strain averaged over days, (x, y, z) [-].
    p
        ``tearing_strain`` and ``torn_strain`` [-]; [UlmRules].
    """
    over = jnp.maximum(strain - p["tearing_strain"], 0.0)
    return jnp.minimum(over / (p["torn_strain"] - p["tearing_strain"]), 1.0)


def favours_vessels(strain: jax.Array, p: Numbers) -> jax.Array:
    r"""Return how far strain lets vessels fill in, (x, y, z) [-] (U5).

    .. math:: \psi_v = \min\left(1, \frac{(\varepsilon_2-\varepsilon)_+}
        {\varepsilon_2-\varepsilon_1}\right)

    Parameters
    ----------
    strain
        Distortional strain averaged over days, (x, y, z) [-].
    p
        ``vessel_strain`` and ``vessel_strain_end`` [-].
    """
    left = jnp.maximum(p["vessel_strain_end"] - strain, 0.0)
    return jnp.minimum(left / (p["vessel_strain_end"] - p["vessel_strain"]), 1.0)


def unloads(strain: jax.Array, p: Numbers) -> jax.Array:
    r"""Return how far a lack of strain calls for resorption, (x, y, z) [-].

    .. math:: u = \left(1 - \varepsilon / \varepsilon_r\right)_+

    Parameters
    ----------
    strain
        Distortional strain averaged over days, (x, y, z) [-].
    p
        ``disuse_strain`` [-]; [ClaesHeigele1999], and near [LacroixPrendergast2002].
    """
    return jnp.maximum(1.0 - strain / p["disuse_strain"], 0.0)
