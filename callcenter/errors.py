"""The exception tree; what belongs to one subject stands beside it.

`tests/test_errors.py` holds this drawing to the code.

CallcenterError
├── Refusal                      what a person asked for is not done; mapped to an answer once, in `web/errors.py`
│   ├── NotFound                 there is no such thing, or none that this person may see
│   │   ├── NoCall
│   │   ├── NoOutage
│   │   └── NoTicket
│   ├── LimitReached             the maximum number, or the maximum rate, is reached
│   │   ├── TooManyAttempts
│   │   ├── TooManyExports
│   │   ├── TooManyFilters
│   │   ├── TooManyPacks
│   │   └── TooManyRequests
│   ├── BadEdit                  a ticket would not make sense
│   ├── BadFile                  neither photograph nor PDF, or too large
│   ├── BadFlats                 a list of flats that cannot be read
│   ├── BadLink                  a link to recordings that are not the ticket's
│   ├── BadOutage                an outage would not make sense
│   ├── BadPeriod                dates that make no period
│   ├── BadReason                a legal hold without a reason, or with one too long
│   ├── BadPoints                points that do not fit the score card
│   ├── BadSound                 a file that cannot be played to callers
│   ├── CallTicketRefused        what became of the call's ticket allows no change of it
│   ├── CardChanged              somebody else has changed the score card
│   ├── Conflict                 somebody else has changed the ticket
│   ├── DirectoryConflict        another row has this already
│   ├── InUse                    calls or tickets name it
│   ├── JoinRefused              a call that cannot be attached to an outage's ticket any more
│   ├── LoginExpired             the first step of a login is too long ago
│   ├── MergeRefused             two tickets that cannot become one
│   ├── OutageConflict           somebody else has changed the outage
│   ├── OutageStepRefused        a step that an outage cannot take
│   ├── NoPlace                  the call's company has no such resident, flat or house
│   ├── NoReason                 an explanation in words is missing
│   ├── NoSuchHouse              no house has such an address, or too many have
│   ├── SheetRefused             a directory that cannot be read as a whole
│   ├── StaffRefusal             a change of a person's login that is not made
│   ├── StepRefused              a step that a ticket cannot take
│   ├── TrunkRefused             a trunk that cannot be so, or not with the rest
│   ├── TwinsRefused             two rows of the directory that are not merged now
│   └── TooLong                  a field, or a file, that is larger than it may be
├── ProblemDetails               a program's request is answered with this document
├── SettingsError                the settings make no sense; the text says which one and what to write instead
├── TelephonyError
│   ├── NotConnected             no AMI connection now; the action was not sent
│   ├── LoginRefused             Asterisk refused the account; trying again will not help
│   ├── ActionRefused            Asterisk answered "Error"; its words are in the text
│   ├── ActionTimeout            no answer before the deadline; the action may or may not have been carried out
│   ├── ConfigurationRefused     Asterisk does not have what was rendered; the text names what is missing
│   ├── ForeignFolder            a folder of configuration that others made; nothing was written
│   ├── LedgerUnreadable         a rotated ledger that cannot be unpacked; the text says why
│   ├── ParseProblem             Asterisk sent something that makes no sense; the text names the field, never its value
│   └── UnsafeValue              a value that must not go into an AMI action (CR, LF, too long); a defect of ours
├── NotApplicable                an event that cannot be in the state that a call is in
├── RecordingStepRefused         a step that a recording cannot take; a defect of ours
├── StorageError                 PostgreSQL holds something that this program cannot work with (a migration altered, a newer schema)
│   └── UnreadableSecret         a secret was encrypted with a key that the settings do not have
├── StoreError                   the S3 store cannot be reached, or answers wrongly
│   ├── ObjectMissing            the store works, and does not have this object
│   ├── ObjectAltered            the store works, and has something else under this key
│   └── ObjectLocked             the store works, and keeps this object from being removed
├── NotReady                     a part cannot do its work now; the text says why, for whoever watches `/readyz`
├── NotDelivered                 a message to a crew or an external person was not delivered
├── SpeechError                  a phrase was not spoken; the text says why, for whoever watches the voices
│   ├── TextRefused              a text that cannot be spoken as it is
│   └── PhrasesMissing           some of several phrases were not spoken
├── AudioProblem                 a recording of which no copy can be made; the text says why
├── FileNotMade                  an ordered file that cannot be made, now or later
├── TooLarge                     more than one evidence pack can hold
├── SheetReaderFailed            the process that reads a sheet has an error; our fault
├── Unsafe                       a file that is no evidence pack, or must not be opened as one
├── BadMessage                   a browser sent something that is not in the protocol
├── Again                        a job is to be done again later
├── StopSending                  no more of the content may be sent
├── CheckFailed                  what `callcenter doctor` found broken
├── CheckWarning                 what `callcenter doctor` found not as it should be
├── BackupProblem                a folder that is no whole back-up
├── InvitationError              this login cannot be invited; the text says why
└── RenderError                  the Asterisk configuration cannot be rendered from these settings
"""

from collections.abc import Mapping
from typing import ClassVar


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogues; whoever shows it translates it."""
    return text


class CallcenterError(Exception):
    """Base of every error that this program raises on purpose."""


class Refusal(CallcenterError):
    """What a person asked for is not done, and nothing has changed; there is something that the person can do about it.

    `code`: why, stable, for texts and for programs; `field`: of the form, empty when it is about the whole of it.
    `status`: of the answer over HTTP, unless a form says it beside the field; `text`: what a page says then, and a program
    as it is; `meanings`: what programs are told of a code.
    """

    status: ClassVar[int] = 422
    text: ClassVar[str] = gettext_noop("This cannot be done in this form.")
    meanings: ClassVar[Mapping[str, str]] = {}
    code: str = "refused"

    def __init__(self, code: str = "", field: str = "") -> None:
        self.code = code or self.code
        self.field = field
        super().__init__(f"{field}: {self.code}" if field else self.code)

    @property
    def fields(self) -> Mapping[str, str]:
        """What is wrong, by field."""
        return {self.field: self.code} if self.field else {}

    @property
    def details(self) -> Mapping[str, object]:
        """What else programs are told, by member of the document (RFC 9457)."""
        return {}


class NotFound(Refusal):
    """There is no such thing, or none that this person may see."""

    status = 404
    text = gettext_noop("It does not exist, or you have no access to it.")
    code = "not found"


class LimitReached(Refusal):
    """As much as one may have, or ask for in a while, is there already."""

    status = 429
    text = gettext_noop("The limit is reached for now. Try again later.")
    code = "too many"


class SettingsError(CallcenterError):
    """The settings make no sense."""


class TelephonyError(CallcenterError):
    """Asterisk cannot be used as asked."""


class NotConnected(TelephonyError):
    """There is no AMI connection now; the action was not sent."""


class LoginRefused(TelephonyError):
    """Asterisk refused the AMI account."""


class ActionRefused(TelephonyError):
    """Asterisk answered an action with an error."""


class ActionTimeout(TelephonyError):
    """Asterisk did not answer an action before its deadline."""


class ParseProblem(TelephonyError):
    """Something from Asterisk that makes no sense. Names the field, never its value."""


class UnsafeValue(TelephonyError):
    """A value that must not be written into an AMI action."""


class StorageError(CallcenterError):
    """The database holds something that this program cannot work with."""


class StoreError(CallcenterError):
    """The S3 store cannot be reached, or does not do what S3 does."""


class ObjectMissing(StoreError):
    """The store does not have this object."""


class ObjectAltered(StoreError):
    """The store has the object, and it is not what was stored."""


class ObjectLocked(StoreError):
    """The store keeps this object: its retention is not over, or a legal hold lasts."""


class BackupProblem(CallcenterError):
    """A folder that cannot be restored from; the text says why."""


class NotReady(CallcenterError):
    """A part cannot do its work now."""


class AudioProblem(CallcenterError):
    """No copy for listening can be made of this recording."""


class SpeechError(CallcenterError):
    """A phrase was not spoken. What was spoken before is still there."""


class TextRefused(SpeechError):
    """A text that cannot be spoken as it is."""


class PhrasesMissing(SpeechError):
    """Some of several phrases were not spoken. `reasons`: why, by text."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self.reasons = reasons
        super().__init__(f"{len(reasons)} phrases not spoken: {'; '.join(sorted(set(reasons.values())))}")


class InvitationError(CallcenterError):
    """This login cannot be invited."""


class RenderError(CallcenterError):
    """The Asterisk configuration cannot be rendered."""
