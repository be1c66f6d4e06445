"""Labels of trunks."""

from callcenter.telephony.trunk_line import Dtmf, NumberForm, SessionTimers, Transport
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
        "node": t.gettext("There is no such node."),
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
