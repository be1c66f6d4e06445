"""Addresses: the one form behind all that offices and people write, and what they type to find a house. Pure."""
