"""Outages: what is off where, told to callers, one incident with the tickets of the flats below it."""
