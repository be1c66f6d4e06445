"""The pure core: calls, operators, the switchboard, tickets, deadlines, recordings, permissions; no I/O and no clock."""
