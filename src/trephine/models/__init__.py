"""The equations: pure functions of arrays and parameters."""
