"""What the pages of recipients and the messages to them say."""

from collections.abc import Mapping

from callcenter.common.delivery import DeliveryProblem
from callcenter.outages.notices.notice import Notice, NoticeEvent, NoticeWay, RecipientParty
from callcenter.web.formats import Translator
from callcenter.web.labels import delivery_problems, labels
from callcenter.web.render import environment


@labels(RecipientParty)
def parties(t: Translator) -> dict[RecipientParty, str]:
    """Whom a recipient belongs to."""
    return {
        RecipientParty.COMPANY: t.pgettext("recipient", "The company"),
        RecipientParty.MUNICIPALITY: t.pgettext("recipient", "The municipality"),
        RecipientParty.SUPPLIER: t.pgettext("recipient", "The supplier"),
    }


@labels(NoticeWay)
def notice_ways(t: Translator) -> dict[NoticeWay, str]:
    """How a recipient is reached."""
    return {
        NoticeWay.EMAIL: t.pgettext("recipient", "E-mail"),
        NoticeWay.WEBHOOK: t.pgettext("recipient", "Webhook"),
        NoticeWay.MAX: t.pgettext("recipient", "Chat in MAX"),
    }


@labels(NoticeEvent)
def notice_events(t: Translator) -> dict[NoticeEvent, str]:
    """What a message is about."""
    return {
        NoticeEvent.OPENED: t.pgettext("outage notice", "Outage"),
        NoticeEvent.CHANGED: t.pgettext("outage notice", "Outage, changed"),
        NoticeEvent.ENDED: t.pgettext("outage notice", "Outage, over"),
    }


def notice_problems(language: str) -> Mapping[str, str]:
    """Why a message was not delivered."""
    t = Translator(language)
    return {
        **{str(problem): text for problem, text in delivery_problems(language).items()},
        DeliveryProblem.NO_WAY: t.pgettext("outage notice", "The recipient has no address."),
        DeliveryProblem.ANSWER: t.pgettext("outage notice", "The recipient's server answered with an error."),
        DeliveryProblem.REDIRECT: t.pgettext(
            "outage notice", "The recipient's server answered with a redirect, which is not followed."
        ),
    }


def recipient_problems(t: Translator) -> Mapping[str, str]:
    """What is wrong with a recipient that was typed, by field."""
    choose = t.pgettext("recipient", "Choose from the list.")
    return {
        **dict.fromkeys(("party", "way", "language"), choose),
        "company": t.pgettext("recipient", "Choose a company."),
        "name": t.pgettext("recipient", "Write a name of at most 200 letters."),
        "address": t.pgettext(
            "recipient", "Write an e-mail address, an address that begins with https://, or the number of a chat."
        ),
    }


def letter(notice: Notice) -> tuple[str, str]:
    """Subject and text of a message, in the recipient's language."""
    language = notice.language
    text = (
        environment(language)
        .get_template("outages/notice.txt")
        .render(notice=notice, outage=notice.outage, language=language, event=notice_events(language)[notice.event])
    )
    subject, _, body = text.partition("\n")
    return subject, body.lstrip("\n")
