"""Every member of every enumeration that people see has a label in both languages."""

import importlib
import pkgutil
from collections.abc import Iterator
from enum import StrEnum

import pytest

import callcenter
from callcenter.domain.call import Outcome
from callcenter.domain.deadlines import LimitStep
from callcenter.web.labels import REGISTERED, labels
from callcenter.web.language import LANGUAGES
from callcenter.web.script_texts import script_texts

for module in pkgutil.walk_packages(callcenter.__path__, "callcenter."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

NOT_SHOWN = {
    "Transport": "a word of its own in every language",
    "NumberForm": "shown as an example",
    "Account": "the AMI accounts of a node",
    "ProcessRole": "what doctor calls a process",
    "AsidePhase": "said by a sentence of the telephone",
    "Case": "of grammar",
    "CallState": "shown as the outcome, or as one of two sentences while the call lasts",
    "Defect": "its text is what is kept and shown",
    "DeletionReason": "its text is what is kept and shown",
    "DeliveryState": "shown as the heading under which a message stands",
    "Direction": "of calls; all of them come in so far",
    "FileOrderState": "shown as a button, a progress bar or a sentence",
    "Level": "of a place that may have an outage, shown as its addresses",
    "Noun": "of grammar",
    "OperatorState": "shown as the operator's status",
    "Part": "of a pack, in the output of `callcenter verify`",
    "Party": "who ended a call, for programs",
    "Permission": "named nowhere but in the code",
    "PhoneFault": "said by the problem of a form's field or a sheet's row",
    "Presence": "shown as the operator's status",
    "RecordingStep": "between the states, which are shown",
    "RequestKind": "said by the control that asks",
    "RequestMove": "between the states of a request",
    "RequestState": "said by a sentence on the page of who asked",
    "Scope": "of tokens, shown as programs write them",
    "Signal": "what moves an operator's state",
    "Source": "of events",
    "TalkStep": "said by the button that asks",
    "Unit": "the steps of a chart",
    "Variant": "shown as the use of a link",
    "What": "in the output of `callcenter verify`",
}
"""Enumerations without labels, and why."""


def enumerations(base: type[StrEnum] = StrEnum) -> Iterator[type[StrEnum]]:
    for each in base.__subclasses__():
        if each.__module__.startswith("callcenter."):
            yield each
        yield from enumerations(each)


@pytest.mark.parametrize("enumeration", list(enumerations()), ids=lambda each: each.__name__)
def test_an_enumeration_has_labels_unless_it_is_known_not_to_be_shown(enumeration: type[StrEnum]):
    assert (enumeration in REGISTERED) != (enumeration.__name__ in NOT_SHOWN)


def test_nothing_is_excused_that_does_not_exist():
    assert {each.__name__ for each in enumerations()} >= NOT_SHOWN.keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("enumeration", list(REGISTERED), ids=lambda each: each.__name__)
def test_every_member_has_a_label(enumeration: type[StrEnum], language: str):
    found = REGISTERED[enumeration](language)
    assert found.keys() == set(enumeration)
    assert all(label.strip() for label in found.values())


@pytest.mark.parametrize("enumeration", list(REGISTERED), ids=lambda each: each.__name__)
def test_a_label_is_translated(enumeration: type[StrEnum]):
    russian, english = (REGISTERED[enumeration](language) for language in ("ru", "en"))
    assert [member for member in enumeration if russian[member] == english[member]] == []


def test_labels_are_given_once():
    with pytest.raises(ValueError, match="Outcome has labels already"):
        labels(Outcome)(lambda _t: {})


@pytest.mark.parametrize("language", LANGUAGES)
def test_scripts_have_the_same_labels(language: str):
    said = script_texts(language)
    assert said["outcomes"] == REGISTERED[Outcome](language)
    assert said["limits"] == REGISTERED[LimitStep](language)
