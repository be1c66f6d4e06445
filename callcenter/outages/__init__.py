"""Outages: what is off where, told to callers, one incident with the flats' tickets below it."""
