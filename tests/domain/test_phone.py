"""Telephone numbers in one form, and which of them can exist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.phone import PhoneFault, e164, existing, local, national, set_country, spellings


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("79000000001", "+79000000001"),
        ("89000000001", "+79000000001"),
        ("9000000001", "+79000000001"),
        ("+89000000001", "+79000000001"),
        ("+84951234567", "+74951234567"),
        ("789000000001", "+79000000001"),
        ("+7 (8) 900 000-00-01", "+79000000001"),
        ("9000000001#4950000101", "+79000000001"),
        ("#9000000001", "+79000000001"),
        ("tel:+79000000001", "+79000000001"),
        ("８ ９００ ０００００００", "+79000000000"),
        ("8 900 000-00-01 доб. 12", "+79000000001"),
        ("375291234567", "+375291234567"),
        ("00375291234567", "+375291234567"),
        ("810375291234567", "+375291234567"),
        ("8~10 375 29 123-45-67", "+375291234567"),
        ("+810375291234567", "+375291234567"),
        ("81079000000001", "+79000000001"),
        ("8613800138000", "+8613800138000"),
        ("+493012345", "+493012345"),
    ],
)
def test_one_number_has_one_form_however_it_is_written(written: str, number: str):
    assert e164(written) == number


@pytest.mark.parametrize("number", ["", "anonymous", "112", "0511", "0042000001", "80291234567", "1+1", "++7916", "+"])
def test_what_is_no_whole_number_stays_as_it_came(number: str):
    assert e164(number) == number


@pytest.mark.parametrize(
    ("country", "written", "number"),
    [
        ("BY", "8 029 123 45 67", "+375291234567"),
        ("BY", "80291234567", "+375291234567"),
        ("BY", "291234567", "+375291234567"),
        ("BY", "81079000000001", "+79000000001"),
        ("KZ", "8 701 234 56 78", "+77012345678"),
        ("KZ", "8 916 123 45 67", "+79161234567"),
        ("DE", "030 123456", "+4930123456"),
        ("UA", "044 123 45 67", "+380441234567"),
        ("US", "(212) 555-1234", "+12125551234"),
        ("US", "011 375 29 123 45 67", "+375291234567"),
        ("RU", "+375 29 123 45 67", "+375291234567"),
    ],
)
def test_a_number_without_a_country_code_is_of_the_centres_country(country: str, written: str, number: str):
    assert e164(written, country) == number


@given(st.text("+0123456789 -()#", max_size=20), st.sampled_from(["RU", "BY", "KZ", "DE", "US"]))
def test_the_form_of_a_form_is_itself(text: str, country: str):
    once = e164(text, country)
    assert e164(once, country) == once


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("8 (495) 234-56-78", "+74952345678"),
        ("00 49 170 123 45 67", "+491701234567"),
        ("+8 900 000-00-05", "+79000000005"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("234-56-78", PhoneFault.NO_CODE),
        ("2-34-56", PhoneFault.NO_CODE),
        ("8 900 000 00 1", PhoneFault.NO_SUCH_NUMBER),
        ("8 900 000 00 012", PhoneFault.NO_SUCH_NUMBER),
        ("0 29 123 45 67", PhoneFault.NO_SUCH_NUMBER),
        ("+7 000 123-45-67", PhoneFault.NO_SUCH_NUMBER),
        ("112", PhoneFault.NOT_A_NUMBER),
        ("нет", PhoneFault.NOT_A_NUMBER),
        ("+", PhoneFault.NOT_A_NUMBER),
        ("", PhoneFault.NOT_A_NUMBER),
    ],
)
def test_a_telephone_that_cannot_exist_is_known_with_the_reason(typed: str, found: str):
    assert existing(typed) == found


@pytest.mark.parametrize(
    ("typed", "code", "found"),
    [
        ("234-56-78", "495", "+74952345678"),
        ("23-45-67", "4012", "+74012234567"),
        ("2-34-56", "48439", "+74843923456"),
        ("8 (812) 234-56-78", "495", "+78122345678"),
        ("234-56-78", "812", "+78122345678"),
        ("234-56-78", "", PhoneFault.NO_CODE),
        ("234-56", "495", PhoneFault.NO_SUCH_NUMBER),
        ("034-56-78", "000", PhoneFault.NO_SUCH_NUMBER),
        ("112", "495", PhoneFault.NOT_A_NUMBER),
    ],
)
def test_a_local_number_gets_the_companys_city_code(typed: str, code: str, found: str):
    assert existing(typed, city_code=code) == found


def test_a_number_is_dialled_in_many_ways():
    every = ["74951234567", "+74951234567", "4951234567", "84951234567"]
    assert spellings("74951234567") == every
    assert {*spellings("84951234567")} >= {*every}
    assert spellings("0511") == ["0511"]
    for spelt in every:
        assert e164(spelt) == "+74951234567"


@pytest.mark.parametrize("written", ["+79161234567", "89161234567", "+8 916 123 45 67", "9161234567#1"])
def test_a_number_is_looked_for_by_its_national_end(written: str):
    assert national(written) == "9161234567"


def test_a_foreign_number_and_a_part_are_looked_for_whole():
    assert [national(each) for each in ("00375291234567", "1234567")] == ["375291234567", "1234567"]


def test_a_number_as_people_here_write_it_is_the_same_number():
    assert [local(each) for each in ("+79161234567", "+375291234567")] == ["8 (916) 123-45-67", "+375 29 123-45-67"]


def test_the_centres_country_is_set_once_for_all():
    try:
        set_country("BY")
        assert e164("8 029 123 45 67") == "+375291234567"
        assert national("80291234567") == "291234567"
    finally:
        set_country("RU")
    assert e164("8 029 123 45 67") == "80291234567"


def test_a_country_without_telephones_is_refused():
    with pytest.raises(ValueError, match="no country"):
        set_country("XX")
