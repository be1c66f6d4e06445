"""Texts of the problems of a directory form or a sheet; they say what to do."""

from collections.abc import Callable, Mapping

from babel.support import NullTranslations
from babel.units import format_unit

from callcenter.common.sheet_problems import SheetNote, SheetProblem, place_of
from callcenter.directory.headings import ALL
from callcenter.web.sheets import cell_problems, sheet_note


def form_problem(t: NullTranslations, code: str, values: Mapping[str, object]) -> str:
    """The text of a validation error's `type`, with its context filled in."""
    texts = {
        "missing": t.gettext("Fill this in."),
        # Pydantic has two names for each, by whether something of ours has looked at the text before.
        "string_too_short": t.gettext("Fill this in."),
        "too_short": t.gettext("Fill this in."),
        "string_too_long": t.gettext("At most %(max_length)s characters."),
        "too_long": t.gettext("At most %(max_length)s characters."),
        "greater_than_equal": t.gettext("At least %(ge)s."),
        "less_than_equal": t.gettext("At most %(le)s."),
        "string_pattern_mismatch": t.gettext("Lower-case Latin letters, digits and underscores, a letter first."),
        "literal_error": t.gettext("Choose from the list."),
        "enum": t.gettext("Choose from the list."),
        "bad_city_code": t.gettext("Enter the digits of the city code, for example 495."),
        "bad_zone": t.gettext("Choose a time zone from the list, for example Europe/Moscow."),
        "control_characters": t.gettext("It contains invisible control characters. Type it again."),
        "bad_phone": t.gettext("“%(value)s” is not a telephone number. Write it like +7 916 123-45-67."),
        "phone_without_code": t.gettext(
            "“%(value)s” lacks its city code. Write the city code, or set it for the company."
        ),
        "no_such_phone": t.gettext(
            "There is no number “%(value)s”: its code is wrong, or it has too few or many digits."
        ),
        "too_many_phones": t.gettext("At most %(limit)s telephones."),
        "bad_email": t.gettext("This is not an e-mail address. Write it like crew@example.org."),
        "bad_url": t.gettext("Enter a full address that begins with https://, without a user name and password in it."),
        "bad_page_name": t.gettext("Lower-case Latin letters, digits and hyphens between them, 3 to 48 characters."),
        "bad_hours": t.gettext("Enter hours like 08:00–17:00; several with commas between them."),
        "bad_time": t.gettext("Enter a time like 08:00."),
        "hours_end_before_they_begin": t.gettext(
            "The end must come after the beginning. Enter a night as two days: until 24:00, and from 00:00."
        ),
        "hours_overlap": t.gettext("These hours overlap."),
        "limit_without_minutes": t.gettext("Enter the minutes of the limit, or leave the whole line empty."),
        "warning_after_the_limit": t.gettext("The warning must come before the limit ends."),
        "half_a_window": t.gettext("Enter both the beginning and the end of the window, or neither."),
    }
    if code.startswith("taken_"):
        return _taken(t, code.removeprefix("taken_"))
    if code.startswith("int_"):
        return t.gettext("Enter a whole number.")
    # What no browser sends, such as a tick that is neither set nor not.
    return texts.get(code, texts["enum"]) % values


def _taken(t: NullTranslations, field: str) -> str:
    return {
        "name": t.gettext("This name is taken already."),
        "building": t.gettext("This address is in the directory already."),
        "key": t.gettext("Another house has this key."),
        "flat": t.gettext("This flat is in the house already."),
        "account": t.gettext("Another resident has this account."),
        "numbers": t.gettext("One of these numbers belongs to another company."),
        "code": t.gettext("This code is taken already."),
        "outage_page": t.gettext("Another company's page has this name."),
    }.get(field, t.gettext("Choose from the list."))


def row_problem(t: NullTranslations, problem: SheetProblem) -> str:
    """A problem of a sheet's line, without its number."""
    texts = {
        **cell_problems(t),
        "too long": t.gettext("longer than %(limit)s characters; shorten it"),
        "not a count": t.gettext("“%(value)s” is not a whole number from 1 to %(limit)s"),
        "bad phone": t.gettext("“%(value)s” is not a telephone number; write it like +7 916 123-45-67"),
        "phone without code": t.gettext(
            "“%(value)s” lacks its city code; write the city code, or set it for the company"
        ),
        "no such phone": t.gettext(
            "there is no number “%(value)s”: its code is wrong, or it has too few or many digits"
        ),
        "power of ten": t.gettext(
            "the spreadsheet program has truncated the number to “%(value)s”; format the column as text and enter it again"
        ),
        "too many phones": t.gettext("more than %(limit)s telephones"),
        "no house": t.gettext("missing; write the house key, or city, street and building"),
        "half an address": t.gettext("missing; write the whole address, or the house key alone"),
        "resident without flat": t.gettext("a resident needs a flat; write its number"),
        "entrance without flat": t.gettext("an entrance number belongs to a flat; write the flat"),
        "no name": t.gettext("a telephone or an account needs a resident; write the name"),
        "excel date": t.gettext(
            "the spreadsheet program has made a date of a number: “%(value)s” was probably %(guess)s;"
            " format the column as text and enter it again"
        ),
        "address not understood": t.gettext(
            "“%(value)s”: no street and house can be told; write: Tver, Mira, 7 bldg 2, 12"
        ),
        "two houses": t.gettext("the key and the address belong to different houses; see line %(other)s"),
        "another key": t.gettext("this address has the key “%(value)s” in line %(other)s"),
        "another address": t.gettext("this house has another address in line %(other)s"),
        "contradiction": t.gettext("line %(other)s says “%(value)s”; make them agree"),
        "account in two flats": t.gettext("line %(other)s has the same account in another flat"),
        "account of two": t.gettext("line %(other)s has the same account under another name"),
        "unknown company": t.gettext("there is no company “%(value)s”; add it first or correct the name"),
        "unknown house": t.gettext("no house has this key; write its city, street and building to add it"),
        "house has another key": t.gettext("the house at this address has the key “%(value)s” already"),
        "address of another house": t.gettext("another house stands at this address; its key is “%(value)s”"),
        "one house twice": t.gettext("this is the same house as in line %(value)s, under another key or address"),
        "account of another flat": t.gettext("the account %(value)s belongs to a resident of another flat"),
        "one resident twice": t.gettext("this is the same resident as in line %(value)s"),
    }
    return texts[problem.code] % _with_lines(problem)


def _with_lines(problem: SheetProblem) -> Mapping[str, object]:
    """The parameters, with lines as a spreadsheet program numbers them."""
    values = dict(problem.values)
    for name in ("other", "value"):
        if (name == "other" or problem.code in ("one house twice", "one resident twice")) and name in values:
            values[name] = place_of(int(str(values[name])))[1]
    return values


def note_text(t: NullTranslations, note: SheetNote, language: str) -> str:
    """What was understood, changed or left out on reading, as a sentence."""
    if (text := sheet_note(t, note)) is not None:
        return text
    values = dict(note.values)
    count = int(str(values["count"]))
    values["column"] = column_name(str(values.get("column", "")), language)
    texts = {
        "zeros shown": t.ngettext(
            "%(column)s: %(count)s cell shows %(shown)s but holds %(value)s, and this is taken. If the zeros belong"
            " to it, format the column as text and enter it again.",
            "%(column)s: %(count)s cells show zeros that they do not hold (%(shown)s is %(value)s), and what they hold"
            " is taken. If the zeros belong to it, format the column as text and enter it again.",
            count,
        ),
        "decimals": t.ngettext(
            "%(column)s: “%(value)s” is taken as %(taken)s, in %(count)s line.",
            "%(column)s: “%(value)s” and the like are taken as %(taken)s, in %(count)s lines.",
            count,
        ),
        "words beside telephones": t.ngettext(
            "%(column)s: words beside a telephone are not stored (“%(value)s”), in %(count)s line.",
            "%(column)s: words beside telephones are not stored (“%(value)s”), in %(count)s lines.",
            count,
        ),
    }
    return texts[note.code] % values


def column_name(column: str, language: str) -> str:
    """The heading of a sheet's column; empty for a whole line."""
    return ALL[column][0 if language == "en" else 1] if column else ""


def count_texts(t: NullTranslations, counts: Mapping[str, int], shown: Callable[[int], str] = str) -> list[str]:
    """What an import adds and changes, each as `12 new houses`. `shown`: how a number is written."""
    texts: dict[str, Callable[[int], str]] = {
        "houses added": lambda n: t.ngettext("%(count)s new house", "%(count)s new houses", n),
        "houses changed": lambda n: t.ngettext("%(count)s changed house", "%(count)s changed houses", n),
        "flats added": lambda n: t.ngettext("%(count)s new flat", "%(count)s new flats", n),
        "flats changed": lambda n: t.ngettext("%(count)s changed flat", "%(count)s changed flats", n),
        "residents added": lambda n: t.ngettext("%(count)s new resident", "%(count)s new residents", n),
        "residents changed": lambda n: t.ngettext("%(count)s changed resident", "%(count)s changed residents", n),
        "residents moved out": lambda n: t.ngettext("%(count)s resident moved out", "%(count)s residents moved out", n),
        "phones added": lambda n: t.ngettext("%(count)s new telephone", "%(count)s new telephones", n),
    }
    return [text(counts[kind]) % {"count": shown(counts[kind])} for kind, text in texts.items() if counts.get(kind)]


def line_count(t: NullTranslations, count: int) -> str:
    """So many lines of a sheet."""
    return str(t.ngettext("%(count)s line", "%(count)s lines", count) % {"count": count})


def span(minutes: int, language: str) -> str:
    """A duration: whole days, whole hours, or minutes."""
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes % length == 0:
            return format_unit(minutes // length, unit, "short", locale=language)
    return format_unit(minutes, "minute", "short", locale=language)
