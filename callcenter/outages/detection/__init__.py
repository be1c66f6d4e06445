"""Outages noticed from arrivals: more flats of a place call than is usual there now."""
