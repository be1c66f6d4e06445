"""Evidence packs: what is in one, how it is sealed, and whether one is genuine.

Needs neither settings nor a server, so that a pack can be checked anywhere; docs/evidence.md describes the format.
"""
