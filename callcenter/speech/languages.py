"""The languages that are spoken."""

from collections.abc import Mapping

from callcenter.speech.english import English
from callcenter.speech.russian import Russian
from callcenter.speech.words import Words

WORDS: Mapping[str, Words] = {"ru": Russian(), "en": English()}
