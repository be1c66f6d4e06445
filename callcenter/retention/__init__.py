"""Whether every talk has its recording, legal holds, and what was deleted by policy."""
