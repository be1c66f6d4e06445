"""The webhook channel to a crew's program."""

from callcenter.common.webhook import SignedPost
from callcenter.dispatch.channels import Assignment


class Webhook(SignedPost):
    """Posts each assignment to its crew's program."""

    async def send(self, assignment: Assignment) -> None:
        """Post it. Raises `NotDelivered`."""
        await self.post(assignment.webhook_url, assignment.webhook_secret, assignment.key, _document(assignment))


def _document(assignment: Assignment) -> dict[str, object]:
    def stamp(name: str) -> str | None:
        at = getattr(assignment, name)
        return None if at is None else at.isoformat()

    plain = ("number", "company", "category", "subject", "description", "address", "entrance", "flat")
    more = ("common_property", "contact_name", "contact_phone", "access_reason", "access_people", "responsible")
    times = ("opened_at", "due_at", "access_at", "planned_from", "planned_until")
    return {
        "event": "ticket.assigned",
        "key": assignment.key,
        "link": assignment.link,
        "crew": {"id": assignment.crew_id, "name": assignment.crew},
        "ticket": {"id": assignment.ticket_id, "class": assignment.category_class}
        | {name: getattr(assignment, name) for name in (*plain, *more)}
        | {name: stamp(name) for name in times},
    }
