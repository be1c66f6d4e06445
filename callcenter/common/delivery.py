"""Why a message to a crew or an external person was not delivered."""

from enum import StrEnum

from callcenter.errors import CallcenterError


def one_line(text: str) -> str:
    """The text without anything that could end a line or steer a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


class DeliveryProblem(StrEnum):
    """Why a message was not delivered."""

    NO_WAY = "no way"
    NO_MAIL_SERVER = "no mail server"
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
