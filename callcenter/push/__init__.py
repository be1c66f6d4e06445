"""Screens: a snapshot, then numbered deltas, to every browser that may see them."""
