"""Outages: noticed from calls and tickets."""
