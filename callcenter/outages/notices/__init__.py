"""Who else is told when an outage opens, changes or ends, and the messages to them."""
