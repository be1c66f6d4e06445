"""What a program may do with a token: never more than the person whose token it is."""

from enum import StrEnum


class Scope(StrEnum):
    """One group of what the programming interface offers."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    DIRECTORY_READ = "directory:read"
    CALLS_READ = "calls:read"
    DELIVERIES_READ = "deliveries:read"
