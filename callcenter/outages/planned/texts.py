"""What is wrong with a sheet of planned works, in words."""

from callcenter.common.sheet_problems import SheetProblem, SheetRefused
from callcenter.web.formats import Translator
from callcenter.web.sheets import cell_problems, refusal


def works_problem(t: Translator, problem: SheetProblem) -> str:
    """A problem of a line of planned works, without its number."""
    texts = {
        **cell_problems(t),
        "missing": t.pgettext("planned works", "is missing"),
        "too long": t.pgettext("planned works", "longer than %(limit)s characters; shorten it"),
        "bad moment": t.pgettext(
            "planned works", "“%(value)s” is not a date with a time; write it like 05.03.2026 09:30"
        ),
        "before start": t.pgettext("planned works", "the end is not after the start"),
        "bad entrances": t.pgettext("planned works", "“%(value)s”: write numbers of entrances: 1, 2"),
        "bad flats": t.pgettext("planned works", "“%(value)s”: write flats as numbers and ranges: 1-40, 55"),
        "unknown company": t.pgettext("planned works", "there is no company “%(value)s”"),
        "unknown kind": t.pgettext("planned works", "nothing that can be off is called “%(value)s”"),
        "unknown house": t.pgettext("planned works", "there is no house “%(value)s” in the directory"),
        "several houses": t.pgettext("planned works", "several houses have the address “%(value)s”; add the city"),
        "house twice": t.pgettext("planned works", "the same house as in line %(value)s"),
        "too many houses": t.pgettext(
            "planned works", "the same works are in more than %(limit)s houses; give them two times"
        ),
        "works over": t.pgettext("planned works", "these works are over already"),
        "works known": t.pgettext("planned works", "these works have been opened already"),
    }
    return texts[problem.code] % problem.values


def works_refusal(t: Translator, refused: SheetRefused) -> str:
    """Why a file of planned works as a whole cannot be read."""
    texts = {
        "no works columns": t.pgettext("planned works", "There must be columns House, What is off, Since and Until."),
        "no headings": t.pgettext("planned works", "No line holds the headings: House, What is off, Since, Until."),
        "too many works": t.pgettext("planned works", "There are more than %(limit)s different works. Split the file."),
    }
    return texts[refused.code] % refused.values if refused.code in texts else refusal(t, refused)
