"""What the directory's forms say of what was typed."""

import pytest
from pydantic import ValidationError

from callcenter.directory.forms import (
    CategoryForm,
    CompanyForm,
    CrewForm,
    DirectoryForm,
    HouseForm,
    PremisesForm,
    ResidentForm,
    ResponsibleForm,
)
from callcenter.directory.texts import form_problem
from callcenter.web.language import translations

NUMBERS = {"retention_days", "entrances", "entrance", "company_id", "crew_id"}
FORMS = (CategoryForm, CompanyForm, CrewForm, HouseForm, PremisesForm, ResidentForm, ResponsibleForm)


def said(form: type[DirectoryForm], typed: str) -> dict[str, str]:
    """By field, when this is typed into each."""
    with pytest.raises(ValidationError) as wrong:
        form.model_validate(dict.fromkeys(form.model_fields, typed), context={"city_code": ""})
    errors = wrong.value.errors(include_url=False, include_input=False)
    return {
        str(error["loc"][0]): form_problem(translations("en"), error["type"], error.get("ctx", {})) for error in errors
    }


@pytest.mark.parametrize("form", FORMS)
def test_only_of_numbers_it_is_said_that_a_number_is_needed(form: type[DirectoryForm]):
    for typed in ("", "x" * 5000):
        numbers = {name for name, text in said(form, typed).items() if text == "Enter a whole number."}
        assert numbers <= NUMBERS, typed


@pytest.mark.parametrize("form", [CompanyForm, CrewForm, ResidentForm, ResponsibleForm])
def test_a_name_that_is_empty_or_too_long_is_told_so(form: type[DirectoryForm]):
    assert said(form, "")["name"] == "Fill this in."
    assert said(form, "x" * 5000)["name"].startswith("At most ")
