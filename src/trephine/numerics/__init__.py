"""Arrays and how they move; knows no biology, no catalogue, no documents.

Double precision is switched on here, once, for every array of the program, and compiled
programs are kept in the user's cache folder, so that only the first run on a machine compiles.
"""

import os
import sys
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trephine" / "compiled"
SETTINGS: dict[str, bool | float | str] = {"jax_enable_x64": True}
chosen = Path(os.environ.get("JAX_COMPILATION_CACHE_DIR", CACHE))
if chosen.parts[-2:] == CACHE.parts[-2:]:  # nobody chose it, or this did in a parent process
    SETTINGS |= {
        "jax_compilation_cache_dir": str(CACHE),
        "jax_persistent_cache_min_compile_time_secs": 0.2,
    }
if "jax" in sys.modules:
    import jax

    for name, value in SETTINGS.items():
        jax.config.update(name, value)
else:  # JAX reads them when it starts; what needs plain arrays alone does not wait for it
    os.environ.update({name.upper(): str(value) for name, value in SETTINGS.items()})
