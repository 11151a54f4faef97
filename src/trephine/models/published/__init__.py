"""Models of healing as others published them, run by the numerics of the project."""
