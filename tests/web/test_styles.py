"""The stylesheets: what several subjects use is a component, everything else belongs to one subject."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.web.render import PACKAGE

SHEETS = {f"{path.parent.parent.name}/{path.stem}": path.read_text() for path in PACKAGE.glob("*/static/*.css")}
SHARED = "web/components"
LAYERS = {"web/tokens": "tokens", "web/base": "base", "web/components": "components"}
SUBJECTS = sorted({path.parent.name for path in PACKAGE.glob("*/templates")})
NAME = re.compile(r"-?[A-Za-z_][\w-]*")


def selectors(sheet: str) -> Iterator[str]:
    """Each selector by itself, without the at-rules around it."""
    text = re.sub(r"/\*.*?\*/|@layer [\w, ]+;", "", SHEETS[sheet], flags=re.DOTALL)
    text = re.sub(r"@keyframes [^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", text)
    for head in re.findall(r"([^{};]+)\{", text):
        if not head.strip().startswith("@"):
            # A comma inside brackets belongs to one selector.
            yield from re.split(r",(?![^(]*\))", head.strip())


def classes_of(selector: str) -> set[str]:
    return set(re.findall(rf"\.({NAME.pattern})", re.sub(r"\[[^\]]*\]", "", selector)))


def defined() -> dict[str, set[str]]:
    """Every class, with the sheets that name it; of the sheets of subjects only when no shared one does."""
    found: dict[str, set[str]] = defaultdict(set)
    for sheet in SHEETS:
        for selector in selectors(sheet):
            for name in classes_of(selector):
                found[name].add(sheet)
    return {name: sheets & {SHARED} or sheets for name, sheets in found.items()}


DEFINED = defined()


def sources(subject: str, *endings: str) -> Iterator[str]:
    for path in sorted((PACKAGE / subject).rglob("*")):
        if path.suffix in endings:
            yield path.read_text()


def split(value: str) -> tuple[set[str], set[str]]:
    """The classes in an attribute's value or a script's literal, and the beginnings of those that are put together."""
    value = re.sub(r"\{%.*?%\}", " ", value)
    # What a value is compared with is no class.
    value = re.sub(r'[!=]= "[^"]*"|"[^"]*" (?:not )?in|in \([^)]*\)', "", value)
    literals = " ".join(
        text
        for inner in re.findall(r"\{\{(.*?)\}\}|\$\{(.*?)\}", value)
        for text in re.findall(r'"([^"]*)"', "".join(inner))
    )
    begun = set(re.findall(rf"({NAME.pattern}-)(?:\{{\{{|\$\{{)", value))
    plain = re.sub(r"\S*(\{\{.*?\}\}|\$\{.*?\})\S*", " ", value)
    return {name for name in f"{plain} {literals}".split() if NAME.fullmatch(name)}, begun


def used(subject: str) -> tuple[set[str], set[str]]:
    names: set[str] = set()
    begun: set[str] = set()
    values = [
        value
        for page in sources(subject, ".html", ".txt")
        for value in re.findall(r'class="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{])*)"', page)
        + re.findall(r"\{% block page %\}(.*?)\{% endblock %\}", page)
    ]
    for script in sources(subject, ".js"):
        values += [
            literal
            for call in re.findall(r'\bel\(\s*"\w+",\s*((?:`[^`]*`|[^,`])*)', script)
            for literal in re.findall(r'"([^"]*)"|`([^`]*)`', call)
            for literal in literal
        ]
        values += re.findall(r'className = "([^"]*)"', script) + re.findall(r'classList\.\w+\("([^"]*)"', script)
    for module in sources(subject, ".py"):
        values += re.findall(r'class="([^"{]*)"', module)
    for value in values:
        plain, put_together = split(value)
        names |= plain
        begun |= put_together
    return names, begun


@pytest.mark.parametrize("sheet", sorted(SHEETS))
def test_a_sheet_is_one_layer(sheet: str):
    layer = LAYERS.get(sheet, "pages")
    text = re.sub(r"/\*.*?\*/", "", SHEETS[sheet], flags=re.DOTALL)
    assert re.findall(r"@layer (\w+) \{", text) == [layer]
    assert re.fullmatch(
        rf"(@layer tokens, base, components, pages;)?\s*@layer {layer} \{{.*\n\}}\s*", text.lstrip(), re.DOTALL
    )


def test_a_subject_has_one_sheet_of_its_own_name():
    assert {sheet for sheet in SHEETS if sheet not in LAYERS} <= {f"{subject}/{subject}" for subject in SUBJECTS}


def test_no_class_is_defined_in_two_sheets():
    assert {name: sheets for name, sheets in DEFINED.items() if len(sheets) > 1} == {}


@pytest.mark.parametrize("sheet", sorted(set(SHEETS) - set(LAYERS)))
def test_a_subject_changes_a_component_only_within_its_own_classes(sheet: str):
    assert [each for each in selectors(sheet) if not any(DEFINED[name] == {sheet} for name in classes_of(each))] == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_a_subject_uses_is_its_own_or_a_component(subject: str):
    known = {name for name, sheets in DEFINED.items() if sheets <= {SHARED, f"{subject}/{subject}"}}
    names, begun = used(subject)
    assert names - known == set()
    assert {start for start in begun if not any(name.startswith(start) for name in known)} == set()


@pytest.mark.parametrize("sheet", sorted(set(SHEETS) - {"web/tokens", "web/base"}))
def test_nothing_is_defined_that_nobody_uses(sheet: str):
    subjects = SUBJECTS if sheet == SHARED else [sheet.partition("/")[0]]
    text = "\n".join(page for subject in (*subjects, "domain") for page in sources(subject, ".html", ".js", ".py"))
    begun = tuple(start for subject in subjects for start in used(subject)[1])
    begun += tuple(re.findall(rf'f"({NAME.pattern})\{{\w+\}}"', text))
    own = {name for name, sheets in DEFINED.items() if sheet in sheets}
    unused = {name for name in own if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)}
    assert {name for name in unused if not (begun and name.startswith(begun))} == set()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_page_that_uses_classes_of_its_subject_names_the_sheet(subject: str):
    own = {name for name, sheets in DEFINED.items() if sheets == {f"{subject}/{subject}"}}
    pages: list[Path] = sorted((PACKAGE / subject / "templates").glob("*.html"))
    linked = f"/static/{subject}/{subject}.css"
    assert (
        not own
        or any(linked in page.read_text() for page in pages)
        or f"{subject}/{subject}.css" in "".join(sources(subject, ".py"))
    )
