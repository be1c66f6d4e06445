"""Messages to people and programs outside: where one is, and why it was not delivered."""

from enum import StrEnum

from callcenter.errors import CallcenterError


def one_line(text: str) -> str:
    """The text without anything that could end a line or steer a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


class DeliveryState(StrEnum):
    """Where a message is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up until a person sends it again."""
    DROPPED = "dropped"
    """Not needed any more: what it said is no longer so."""


class DeliveryProblem(StrEnum):
    """Why a message was not delivered."""

    NO_WAY = "no way"
    NO_MAIL_SERVER = "no mail server"
    NO_BOT = "no bot"
    BAD_ADDRESS = "bad address"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too slow"
    CERTIFICATE = "certificate"
    MAIL_REFUSED = "mail refused"
    LOGIN_REFUSED = "login refused"
    ANSWER = "answer"
    REDIRECT = "redirect"
    INNER_ADDRESS = "inner address"
    OURS = "ours"


class NotDelivered(CallcenterError):
    """The message was not delivered. `lasting`: a retry will not help."""

    def __init__(self, problem: DeliveryProblem, detail: str = "", *, lasting: bool = False) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem
        self.detail = one_line(detail)[:300]
        self.lasting = lasting
