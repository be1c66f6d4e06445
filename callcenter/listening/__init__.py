"""Recordings searched, heard and reviewed by supervisors, and the log of listenings."""
