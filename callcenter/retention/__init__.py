"""Completeness of recordings, legal holds, and deletion by policy."""
