"""Links by which a named external person can hear a ticket's recordings."""
