"""Recordings found, heard and reviewed by supervisors, and who listened to what."""
