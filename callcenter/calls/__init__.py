"""Live calls: the writer to PostgreSQL, residents' cards, requests, the operator's page, the board and their socket."""
