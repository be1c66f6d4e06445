"""Planned works: imported from a sheet, and ended by their times."""
