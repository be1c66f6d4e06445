"""Why a change of a person's login is not made."""

from callcenter.errors import Refusal, gettext_noop


class StaffRefusal(Refusal):
    """The change was refused; `field` and `code` say why."""

    status = 409
    text = gettext_noop("This login cannot be changed in this way.")
