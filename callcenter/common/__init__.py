"""What several subjects share and is not HTTP: sessions, passwords, tokens, jobs, search, cursors, e-mail, sheets."""
