"""Somebody with a login, as all code that acts on their behalf sees them."""

from dataclasses import dataclass

from callcenter.domain.access import Permission, Role, may
from callcenter.domain.ids import OperatorId


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a login."""

    id: OperatorId
    login: str
    name: str
    role: Role
    language: str
    has_phone: bool
    company_id: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether this person may do this."""
        return may(self.role, permission)
