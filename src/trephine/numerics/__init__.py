"""Arrays and how they move; knows no biology, no catalogue, no documents.

Double precision is switched on here, once, for every array of the program.
"""

import jax

jax.config.update("jax_enable_x64", True)
