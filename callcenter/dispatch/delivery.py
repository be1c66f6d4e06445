"""Messages by which a ticket is handed over to its crew."""

from enum import StrEnum


class HandoverChannel(StrEnum):
    """How a crew is reached."""

    EMAIL = "email"
    WEBHOOK = "webhook"
