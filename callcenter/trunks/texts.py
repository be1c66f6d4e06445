"""Labels of trunks."""

from callcenter.telephony.trunk_line import Dtmf, NumberForm, SessionTimers, Transport
from callcenter.trunks.outbound import Misfit, Purpose, Reason
from callcenter.trunks.trunk import TrunkState
from callcenter.web.formats import Translator
from callcenter.web.labels import labels


@labels(Dtmf)
def dtmf(t: Translator) -> dict[Dtmf, str]:
    """How keys go."""
    return {
        Dtmf.RFC4733: t.gettext("as events in the sound's packets (RFC 4733)"),
        Dtmf.INFO: t.gettext("as SIP INFO"),
        Dtmf.INBAND: t.gettext("as tones in the sound"),
        Dtmf.AUTO: t.gettext("as events if the other side can, otherwise as tones"),
    }


@labels(SessionTimers)
def session_timers(t: Translator) -> dict[SessionTimers, str]:
    """Whether a call is asked for now and then."""
    return {
        SessionTimers.ALWAYS: t.gettext("always: a call whose other side vanished ends"),
        SessionTimers.ACCEPTED: t.gettext("only if the telephone company asks for them"),
        SessionTimers.NEVER: t.gettext("never"),
    }


@labels(TrunkState)
def states(t: Translator) -> dict[TrunkState, str]:
    """What a node sees."""
    return {
        TrunkState.UP: t.pgettext("trunk", "works"),
        TrunkState.DOWN: t.pgettext("trunk", "does not answer"),
        TrunkState.REFUSED: t.pgettext("trunk", "refuses the login"),
        TrunkState.NAMELESS: t.pgettext(
            "trunk", "its name is not found (DNS): calls only come, from the last addresses"
        ),
        TrunkState.UNKNOWN: t.pgettext("trunk", "calls only come: nobody asks"),
    }


TRANSPORTS = {Transport.UDP: "UDP", Transport.TCP: "TCP", Transport.TLS: "TLS"}
NUMBER_FORMS = {NumberForm.PLUS: "+79161234567", NumberForm.DIGITS: "79161234567", NumberForm.NATIONAL: "89161234567"}


def problems(t: Translator) -> dict[str, str]:
    """What is wrong with a field of the form."""
    host = t.gettext("An address such as 203.0.113.5, or a name such as sip.example.org.")
    return {
        "name": t.gettext("1 to 20 of a–z, 0–9 and hyphen, a letter first."),
        "taken": t.gettext("Another trunk has this name."),
        "unknown": t.gettext("There is no such node."),
        "shared": t.gettext("The trunks of this node are those of the other PBX."),
        "hosts": t.gettext("Addresses, networks such as 203.0.113.0/28, or names; at least one, or a server."),
        "server": host,
        "from_domain": host,
        "port": t.gettext("A number from 1 to 65535."),
        "login": t.gettext("Letters, digits, and . _ + - without spaces."),
        "password": t.gettext("It is needed to register; without spaces, semicolons, brackets, and backslashes."),
        "registers": t.gettext("A server is needed to register at."),
        "codecs": t.gettext("alaw, ulaw, or both, the preferred one first."),
        "dialled_number_in": t.gettext("request, or names of SIP headers."),
        "from_user": t.gettext("Letters, digits, and . _ + - without spaces."),
        "caller_number": t.gettext("A telephone number in digits."),
        "calls_out": t.gettext("A server is needed to call out."),
        "srtp": t.gettext("Only with TLS: otherwise anybody can read the keys."),
        "number": t.gettext("A whole number, or nothing."),
        "choice": t.gettext("Choose one."),
    }


@labels(Purpose)
def purposes(t: Translator) -> dict[Purpose, str]:
    """Why a number is called."""
    return {
        Purpose.RESIDENT: t.pgettext(
            "calls out", "a resident: called within 30 days, has an open ticket, or is in the directory"
        ),
        Purpose.CREW: t.pgettext("calls out", "a crew or a responsible person"),
        Purpose.ANY: t.pgettext("calls out", "anybody"),
    }


@labels(Reason)
def reasons(t: Translator) -> dict[Reason, str]:
    """What is decided."""
    return {
        Reason.ALLOWED: t.pgettext("calls out", "yes"),
        Reason.NOT_A_NUMBER: t.pgettext("calls out", "no: this is not a telephone number with its country and city"),
        Reason.NO_RULE: t.pgettext("calls out", "no: no rule allows it"),
        Reason.OPERATOR_LIMIT: t.pgettext(
            "calls out", "no: this operator has called as often as the rule allows in an hour"
        ),
        Reason.LIMIT: t.pgettext("calls out", "no: all together have called as often as the rule allows in an hour"),
        Reason.NO_TRUNK: t.pgettext("calls out", "no: no trunk takes outgoing calls"),
        Reason.NO_NUMBER: t.pgettext("calls out", "no: there is no company whose number could be shown"),
    }


@labels(Misfit)
def misfits(t: Translator) -> dict[Misfit, str]:
    """Why a rule says nothing about a number."""
    return {
        Misfit.OFF: t.pgettext("calls out", "the rule is off"),
        Misfit.PREFIX: t.pgettext("calls out", "the number begins otherwise"),
        Misfit.PURPOSE: t.pgettext("calls out", "the number belongs to none of them"),
    }


def rule_problems(t: Translator) -> dict[str, str]:
    """What is wrong with a field of a rule."""
    return {
        "prefix": t.gettext("A plus and the first digits, such as +7495; a plus alone for every number."),
        "purpose": t.gettext("Choose one."),
        "number": t.gettext("A whole number, or nothing."),
    }
