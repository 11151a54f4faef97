"""Arrays and how they move; knows no biology."""
