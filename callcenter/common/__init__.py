"""What several subjects share and is not HTTP: sessions, passwords, tokens, jobs, requests, search, cursors, e-mail, sheets."""
