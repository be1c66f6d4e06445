"""The exception tree.

CallcenterError
├── SettingsError        the settings make no sense; the text says which one and what to write instead
├── TelephonyError
│   ├── NotConnected     no AMI connection now; the action was not sent
│   ├── LoginRefused     Asterisk refused the account; trying again will not help
│   ├── ActionRefused    Asterisk answered "Error"; its words are in the text
│   ├── ActionTimeout    no answer before the deadline; the action may or may not have been carried out
│   ├── ParseProblem     Asterisk sent something that makes no sense; the text names the field, never its value
│   └── UnsafeValue      a value that must not go into an AMI action (CR, LF, too long); a defect of ours
├── StorageError         PostgreSQL holds something that this program cannot work with (a migration altered, a newer schema)
├── StoreError           the S3 store cannot be reached, or answers wrongly
│   ├── ObjectMissing    the store works, and does not have this object
│   └── ObjectLocked     the store works, and keeps this object from being removed
├── NotReady             a part cannot do its work now; the text says why, for whoever watches `/readyz`
├── AudioProblem         a recording of which no copy can be made; the text says why
├── InvitationError      this login cannot be invited; the text says why
└── RenderError          the Asterisk configuration cannot be rendered from these settings
"""


class CallcenterError(Exception):
    """Base of every error that this program raises on purpose."""


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


class ObjectLocked(StoreError):
    """The store keeps this object: its retention is not over, or a legal hold lasts."""


class NotReady(CallcenterError):
    """A part cannot do its work now."""


class AudioProblem(CallcenterError):
    """No copy for listening can be made of this recording."""


class InvitationError(CallcenterError):
    """This login cannot be invited."""


class RenderError(CallcenterError):
    """The Asterisk configuration cannot be rendered."""
