"""Every phrase that is played is there, in every language."""

import re

from callcenter.resources import ROOT
from callcenter.telephony.render import LANGUAGES

PLAYED = re.compile(r"\{\{ sounds \}\}/(?:\$\{CHANNEL\(language\)\}|\{\{ language \}\})/([\w-]+)")


def test_what_is_played_is_spoken_in_every_language() -> None:
    configuration = [*(ROOT / "dialplan").glob("*.j2"), *(ROOT / "asterisk" / "templates").glob("*.j2")]
    played = {name for file in configuration for name in PLAYED.findall(file.read_text())}
    lines = (ROOT / "asterisk" / "sounds" / "phrases.txt").read_text().splitlines()
    spoken = {line.split(maxsplit=1)[0] for line in lines if line.split(maxsplit=1)[1:]}
    assert len(spoken) == len(lines)
    names = {place.partition("/")[2] for place in spoken}
    assert played <= names
    assert spoken == {f"{language}/{name}" for language in LANGUAGES for name in names}
