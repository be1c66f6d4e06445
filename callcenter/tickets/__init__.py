"""Tickets and their journal: states, edits, files, deadlines, search."""
