"""The crews that most companies have."""

from callcenter.web.formats import Translator


def usual_crews(language: str) -> list[str]:
    """Their names, in the company's language."""
    t = Translator(language)
    return [
        t.pgettext("crew", "Emergency crew"),
        t.pgettext("crew", "Plumbers"),
        t.pgettext("crew", "Electricians"),
        t.pgettext("crew", "Lifts"),
        t.pgettext("crew", "Cleaning"),
    ]
