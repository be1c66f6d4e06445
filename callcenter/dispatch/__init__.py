"""How a ticket reaches its crew: e-mail, webhook, and the crew's own page behind a personal link."""
