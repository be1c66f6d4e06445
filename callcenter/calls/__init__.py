"""Calls as they happen: the writer of facts, residents' cards, presence, the operator's page, the board and their socket."""
