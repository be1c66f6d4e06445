"""What the printed page of an evidence pack says, and what the pages about packs say."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from callcenter.domain.file_order import PackProblem
from callcenter.evidence.printed import PrintedDocument, PrintedSection, PrintedTable
from callcenter.evidence_packs.facts import Row, TicketFacts
from callcenter.tickets.texts import TicketTexts, ticket_texts
from callcenter.tickets.ticket import Deadline, TicketEvent
from callcenter.tickets.timeline import change_texts
from callcenter.web.formats import Translator
from callcenter.web.labels import labels, outcomes, recording_states
from callcenter.web.render import lasting, telephone


def page(facts: TicketFacts, language: str, fingerprint: str) -> PrintedDocument:
    """The readable page of a pack: the ticket, its deadlines, its calls, recordings, entries; how to check all that."""
    return _Page(facts, language, fingerprint).document()


@labels(PackProblem)
def pack_problems(t: Translator) -> dict[PackProblem, str]:
    """Why a pack could not be made."""
    return {
        PackProblem.STORE: t.gettext("The store of recordings could not be reached. Order the pack again."),
        PackProblem.LOST: t.gettext("A recording is not in the store any more. Tell the administrator at once."),
        PackProblem.ALTERED: t.gettext(
            "A recording in the store is not what was recorded. Tell the administrator at once."
        ),
        PackProblem.LEDGER: t.gettext(
            "The custody chain of this company has been altered. Tell the administrator at once."
        ),
        PackProblem.TOO_LARGE: t.gettext("The recordings are more than one pack can hold, 4 GB."),
        PackProblem.PROGRAM: t.gettext("A program error occurred. Tell the administrator."),
    }


class _Page:
    def __init__(self, facts: TicketFacts, language: str, fingerprint: str) -> None:
        self._facts = facts
        self._language = language
        self._fingerprint = fingerprint
        self._t = Translator(language)
        self._texts: TicketTexts = ticket_texts(language)

    def document(self) -> PrintedDocument:
        t, ticket = self._t, self._facts.ticket
        made = t.gettext("{company}. Made on {when}; times are those of {zone}.")
        foot = t.gettext("Ticket No. {number} · page {{page}} of {{pages}} · this page is a part of a signed pack")
        return PrintedDocument(
            language=self._language,
            title=t.gettext("Evidence pack, ticket No. {number}").format(number=ticket.number),
            subtitle=made.format(company=ticket.company, when=self._at(self._facts.at), zone=ticket.zone),
            sections=[
                self._ticket(),
                self._deadlines(),
                self._calls(),
                self._recordings(),
                self._entries(),
                self._check(),
            ],
            foot=foot.format(number=ticket.number),
            made_at=self._facts.at,
        )

    def _ticket(self) -> PrintedSection:
        t, ticket, names = self._t, self._facts.ticket, self._texts.fields
        flat = t.gettext("flat {flat}").format(flat=ticket.flat) if ticket.flat else ""
        facts = [
            (t.pgettext("evidence", "Opened"), self._at(ticket.opened_at)),
            (names["state"], self._texts.states[ticket.state]),
            (names["category_id"], ticket.category_name(self._language)),
            (t.gettext("Address"), ", ".join(filter(None, (ticket.address, flat)))),
            (t.gettext("Caller"), " · ".join(filter(None, (ticket.resident, telephone(ticket.caller))))),
            (names["contact_name"], " ".join(filter(None, (ticket.contact_name, telephone(ticket.contact_phone))))),
            (t.gettext("Operator"), ticket.operator),
            (names["crew_id"], ticket.crew),
            (names["responsible_id"], ticket.responsible),
            (names["planned_from"], self._at(ticket.planned_from)),
            (names["planned_until"], self._at(ticket.planned_until)),
            (names["done_at"], self._at(ticket.done_at)),
            (names["closed_at"], self._at(ticket.closed_at)),
            (names["subject"], ticket.subject),
            (names["description"], ticket.description),
            (names["result"], ticket.result),
            (names["cancel_reason"], ticket.cancel_reason),
        ]
        return PrintedSection(t.gettext("Ticket"), [(name, value) for name, value in facts if value])

    def _deadlines(self) -> PrintedSection:
        t, ticket = self._t, self._facts.ticket
        now = ticket.closed_at or self._facts.at
        rows = [
            (
                self._texts.limits[line.step],
                self._at(line.due_at),
                self._at(line.met_at) or t.gettext("not noted"),
                self._result(line, now),
            )
            for line in ticket.deadlines
        ]
        head = (
            t.pgettext("evidence", "Deadline"),
            t.pgettext("evidence", "Until"),
            t.pgettext("evidence", "Done at"),
            t.gettext("Result"),
        )
        return PrintedSection(
            t.gettext("Deadlines"), table=PrintedTable(head, rows, (34, 26, 26, 14), t.gettext("No deadline was set."))
        )

    def _result(self, line: Deadline, now: datetime) -> str:
        if line.late(now):
            return self._t.pgettext("evidence", "late")
        met, running = self._t.pgettext("evidence", "in time"), self._t.pgettext("evidence", "not over yet")
        return met if line.met_at else running

    def _calls(self) -> PrintedSection:
        t, names = self._t, outcomes(self._language)
        rows = []
        for call in self._facts.calls:
            rows.append(
                (
                    self._at(call["arrived_at"]),
                    telephone(call["caller"]) or t.gettext("Number withheld"),
                    lasting(call["wait_s"]),
                    self._at(call["answered_at"]) or "–",
                    lasting(call["talk_s"]),
                    names.get(call["outcome"], t.gettext("In progress")),
                    self._operators(call),
                )
            )
        head = (
            t.pgettext("evidence", "Arrived"),
            t.gettext("Caller"),
            t.pgettext("evidence", "Waited"),
            t.gettext("Answered"),
            t.pgettext("evidence", "Talked"),
            t.gettext("Outcome"),
            t.gettext("Operator"),
        )
        return PrintedSection(
            t.pgettext("evidence", "Calls"),
            table=PrintedTable(head, rows, (15, 18, 12, 15, 12, 12, 16), t.gettext("No call belongs to it.")),
        )

    def _operators(self, call: Row) -> str:
        names = [talk["operator"] for talk in self._facts.talks if talk["call_id"] == call["id"]] or [call["operator"]]
        return ", ".join(dict.fromkeys(filter(None, names)))

    def _recordings(self) -> PrintedSection:
        t, states, rows = self._t, recording_states(self._language), []
        for row in self._facts.recordings:
            kept = row["object_key"] is not None
            state = states[row["state"]] + (f": {row['because']}" if row["because"] else "")
            rows.append(
                (
                    f"originals/{row['id']}.wav" if kept else "–",
                    self._at(row["began_at"] or row["recorded_at"]),
                    lasting(row["duration_s"]),
                    state,
                    "" if row["sha256"] is None else row["sha256"].hex(),
                )
            )
        head = (
            t.pgettext("evidence", "File"),
            t.pgettext("evidence", "Talk began"),
            t.pgettext("evidence", "Length"),
            t.gettext("State"),
            "SHA-256",
        )
        return PrintedSection(
            t.pgettext("evidence", "Recordings"),
            table=PrintedTable(head, rows, (20, 19, 9, 20, 32), t.gettext("There is no recording.")),
            words=self._pauses(),
        )

    def _pauses(self) -> str:
        said = self._t.gettext("Recording was paused from {begin} to {end}, so that personal data were not recorded.")
        return "\n".join(
            said.format(begin=self._at(row["began_at"]), end=self._at(row["ended_at"]) or "–")
            for row in self._facts.pauses
        )

    def _entries(self) -> PrintedSection:
        t = self._t
        rows = [
            (self._at(event.at), event.who or event.crew or "–", self._what(event)) for event in self._facts.entries
        ]
        head = (t.pgettext("evidence", "When"), t.pgettext("evidence", "Who"), t.pgettext("evidence", "What"))
        return PrintedSection(
            t.gettext("Journal"), table=PrintedTable(head, rows, (20, 20, 60), t.gettext("No entries."))
        )

    def _what(self, event: TicketEvent) -> str:
        said = [self._texts.events.get(event.kind, event.kind)]
        if event.to_state:
            before = self._texts.states[event.from_state] + " → " if event.from_state else ""
            said.append(before + self._texts.states[event.to_state])
        if event.comment:
            said.append(event.comment)
        for name, old, new in change_texts(event, self._facts.ticket, self._language):
            said.append(f"{name}: {new}" if old == "–" else f"{name}: {old} → {new}")
        return "\n".join(said)

    def _check(self) -> PrintedSection:
        t = self._t
        words = t.gettext(
            "This pack is genuine if `callcenter verify PACK.zip` says so. The program needs no server: it compares the "
            "SHA-256 of each file with the signed manifest, the signature with the key, and each recording with the "
            "custody chain, in which its SHA-256 was entered when the talk was over. Whoever signs can be recognised "
            "by the fingerprint of the key; compare it with the one that the dispatch centre gives out."
        )
        return PrintedSection(
            t.gettext("How to check this"), [(t.pgettext("evidence", "Fingerprint"), self._fingerprint)], words=words
        )

    def _at(self, at: datetime | None) -> str:
        if at is None:
            return ""
        return format_datetime(
            at, "dd.MM.yyyy HH:mm:ss", tzinfo=ZoneInfo(self._facts.ticket.zone), locale=self._language
        )
