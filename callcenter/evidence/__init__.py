"""Evidence packs: what is in one, how it is sealed, and whether one is genuine.

Knows neither settings nor a server, so that a pack can be looked at anywhere; docs/evidence.md says how it is made up.
"""
