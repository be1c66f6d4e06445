"""Every phrase that is played is there, in every language."""

import re

from callcenter.resources import ROOT
from callcenter.telephony.render import LANGUAGES

PLAYED = re.compile(r"\{\{ sounds \}\}/(?:\$\{CHANNEL\(language\)\}|\{\{ language \}\})/([\w-]+)")


def test_what_is_played_is_spoken_in_every_language() -> None:
    configuration = [*(ROOT / "dialplan").glob("*.j2"), *(ROOT / "asterisk" / "templates").glob("*.j2")]
    played = {name for file in configuration for name in PLAYED.findall(file.read_text())}
    lines = (ROOT / "asterisk" / "sounds" / "phrases.txt").read_text().splitlines()
    texts: dict[str, str] = dict(line.split(maxsplit=1) for line in lines)  # type: ignore[misc]
    assert len(texts) == len(lines)
    names = {place.partition("/")[2] for place in texts}
    assert played <= names
    assert texts.keys() == {f"{language}/{name}" for language in LANGUAGES for name in names}
