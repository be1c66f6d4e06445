"""Calls as they happen: the writer of facts, residents' cards, requests, the operator's page, the board and their socket."""
