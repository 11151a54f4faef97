"""Arrays and how they move; knows no biology, no catalogue, no documents.

Double precision is switched on here, once, for every array of the program, and compiled
programs are kept in the user's cache folder, so that only the first run on a machine compiles.
"""

import os
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trephine" / "compiled"
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    jax.config.update("jax_compilation_cache_dir", str(CACHE))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
