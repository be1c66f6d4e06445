"""An Asterisk that another PBX configures, such as FreePBX: what is ours there, and what it reports of it.

Ours are the contexts, the queue, the AMI accounts and the operators' telephones of the files that it includes; their names
begin with `PREFIX`, except those of the telephones. What it reports is brought into the form of an Asterisk of our own
here, so that nobody else needs to know: uniqueids get the node's name, the queue its usual one, and what is said of other
queues is left out.
"""

import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from panoramisk.utils import CaseInsensitiveDict

from callcenter.domain.ids import OPERATORS, CallId, NodeName
from callcenter.errors import RenderError
from callcenter.telephony.framing import text

PREFIX = "callcenter-"
FOLDER = "callcenter"
"""Our folder in that of the other PBX's configuration: what it includes is relative to its own."""
QUEUE = f"{PREFIX}{OPERATORS}"

INCLUDED_IN = {
    "extensions.conf": "extensions_custom.conf",
    "pjsip.conf": "pjsip_custom.conf",
    "queues.conf": "queues_custom.conf",
    "manager.conf": "manager_custom.conf",
    "pjsip_notify.conf": "pjsip_notify_custom.conf",
}
"""The files that we make, and the file of FreePBX and Issabel, which they leave to their administrator, that includes each."""

_WITHOUT_NODE = re.compile(r"[0-9]{1,11}\.[0-9]{1,10}", re.ASCII)
_IDS = ("Uniqueid", "Linkedid", "Call", "About", "TransfereeUniqueid", "TransferTargetUniqueid")
_QUEUE_EVENTS = frozenset(
    {
        "queuecallerjoin",
        "queuecallerabandon",
        "agentcalled",
        "agentringnoanswer",
        "queuememberadded",
        "queuememberstatus",
    }
)
_QUEUE_LINES = frozenset({b"ENTERQUEUE", b"RINGNOANSWER", b"ABANDON", b"EXITWITHTIMEOUT"})
_COMMON = {"GLOBAL(": "GLOBAL(CALLCENTER_", "@waiting": "@callcenter", "GROUP(waiting)": "GROUP(callcenter)"}
"""Variables of the whole Asterisk, and the groups in which calls are counted."""
_SECTION = re.compile(r"^\[([^\]\s]+)\]", re.MULTILINE)
_CONTEXT = re.compile(r"^\[([a-z][a-z-]*)\]", re.MULTILINE)

Headers = Mapping[str, str | list[str]]


class SharedAsterisk:
    """What it reports, for the node of this name, as if the Asterisk were its own."""

    def __init__(self, node: NodeName) -> None:
        self._node = node

    def call(self, uniqueid: str) -> CallId:
        """Its uniqueids start with the node's name, unless its administrator gave it a `systemname`."""
        return CallId(f"{self._node}-{uniqueid}" if _WITHOUT_NODE.fullmatch(uniqueid) else uniqueid)

    def message(self, message: Headers) -> Headers | None:
        """None for an event of a queue that is not ours."""
        ours: CaseInsensitiveDict = CaseInsensitiveDict(message)  # type: ignore[no-untyped-call]
        if text(ours, "Event").lower() in _QUEUE_EVENTS:
            if text(ours, "Queue") != QUEUE:
                return None
            ours["Queue"] = OPERATORS
        for name in _IDS:
            if value := text(ours, name):
                ours[name] = self.call(value)
        if not text(ours, "Timestamp"):
            # It is in an event only if manager.conf has `timestampevents`.
            ours["Timestamp"] = f"{time.time():.6f}"
        return ours

    def line(self, line: bytes) -> bytes:
        """A line of queue_log; empty for one of a queue that is not ours."""
        fields = line.split(b"|")
        if len(fields) < 5:
            return line
        if fields[4].rstrip() in _QUEUE_LINES:
            if fields[2] != QUEUE.encode():
                return b""
            fields[2] = OPERATORS.encode()
        fields[1] = self.call(fields[1].decode(errors="replace")).encode()
        return b"|".join(fields)


def refuse_taken(etc: Path, endpoints: Iterable[str]) -> None:
    """Raise `RenderError` when a telephone of ours has the name of something of the other PBX's; `etc`: its folder.

    PJSIP would refuse one of the two, and it is not known which. Raises `OSError` when its files cannot be read.
    """
    wanted = frozenset(endpoints)
    for path in sorted(etc.glob("pjsip*.conf")):
        for name in _SECTION.findall(path.read_text(errors="replace")):
            if name in wanted:
                raise RenderError(f"the telephone {name} has the name of a section in {path.name}: give it another")


def include_lines() -> list[str]:
    """What the other PBX's administrator adds, a line each: the file, and the line for it."""
    return [f"{theirs}: #include {FOLDER}/{ours}" for ours, theirs in INCLUDED_IN.items()]


def with_prefix(files: Mapping[Path, str]) -> dict[Path, str]:
    """Our dialplan with `PREFIX` before the name of each context, where it is made and wherever it is named.

    A context is named as the first of `context,extension,priority` or `context^extension^priority`, and as the last
    argument of Queue, whose members go through it.
    """
    names = "|".join(
        sorted({name for each in files.values() for name in _CONTEXT.findall(each)}, key=len, reverse=True)
    )
    made = re.compile(rf"^(\[)({names})(?=\])")
    named = re.compile(rf"([(?:=])({names})(?=,[^()|]|\^)")
    last = re.compile(rf"(,Queue\(.*,)({names})(?=\)$)")

    def rename(line: str) -> str:
        if line.startswith(";"):
            return line
        for pattern in (made, named, last):
            line = pattern.sub(rf"\1{PREFIX}\2", line)
        for common, ours in _COMMON.items():
            line = line.replace(common, ours)
        return line

    return {path: "\n".join(map(rename, each.split("\n"))) for path, each in files.items()}
