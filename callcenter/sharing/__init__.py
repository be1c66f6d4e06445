"""Links by which a named person outside hears a ticket's recordings."""
