"""Messages by which a ticket is handed over to its crew."""

from enum import StrEnum


class HandoverChannel(StrEnum):
    """How a crew is reached."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """Where a message to a crew is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up until a person sends it again."""
    DROPPED = "dropped"
    """Not needed any more: the ticket went to another crew, or is over."""
