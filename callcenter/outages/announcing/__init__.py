"""What callers hear of an outage: its words, their sound or a recording, and the files on Asterisk's disk."""
