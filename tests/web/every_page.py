"""Every page of the product, and how somebody comes to it."""

from dataclasses import dataclass, field
from typing import Any

NOT_PAGES = {
    # Answers for scripts and programs.
    "/session", "/healthz", "/readyz", "/metrics", "/ws", "/static/{room}/{name}", "/tickets/live",
    "/listening/{id}/waveform", "/public/outages/{page}.json", "/directory/lookup", "/workplace/calls/{call}",
    # Parts of pages, which scripts put into them.
    "/tickets/list", "/calls/list", "/listening/list", "/tickets/{id}/filing",
    # Files.
    "/directory/export.{kind}", "/directory/import/{id}/problems", "/tickets/{id}/files/{file}", "/outages/{id}/heard.wav", "/recordings/{id}",
    "/recordings/{id}/copy", "/recordings/deleted.csv", "/l/{token}/{place}/{name}", "/tickets/{id}/evidence/{pack}",
    "/personal-data/residents/{id}/all.csv", "/reports/exports/{id}", "/reports/{table}.{format}", "/reports/today", "/telephone/{token}/linphone.xml",
    "/telephone/{token}/cfg{mac}.xml",
    # Leads to the first page of whoever comes.
    "/", "/start",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """A page: the path of its route, and what fills the names in it (as in `Filled.known`, or after `=` the value itself).

    `sent`: a form that is sent to this address, by which the page is reached; `file`: a sheet, its name and its text,
    sent by the form on the page; `unbuilt`: before the set-up has made the telephone. `shows`: what is on it when there is something on it.
    """

    route: str
    login: str | None
    shows: str
    names: dict[str, str] = field(default_factory=dict)
    query: str = ""
    status: int = 200
    sent: dict[str, str] | None = None
    file: tuple[str, str] | None = None
    unbuilt: bool = False

    def path(self, filled: Any, language: str) -> str:
        path = self.route
        for name, value in self.names.items():
            wanted = value.replace("{language}", language)
            path = path.replace(f"{{{name}}}", wanted[1:] if wanted[0] == "=" else str(filled.known[wanted]))
        assert "{" not in path, path
        return path + self.query.replace("{language}", language)


SHEET = "Ключ дома;Управляющая компания;Город;Улица;Дом;Подъездов;Квартира;Подъезд;Лицевой счёт;Житель;Телефоны"
GOOD_LINE = "k1;УК «Заречье»;Москва;Речная ул.;3;4;1;1;100;Иванова Анна;8 916 111-22-33"
WORKS = "Управляющая компания;Дом;Что отключают;Начало;Окончание;Причина;Подъезды;Квартиры"
VISITS = (
    # Who comes in.
    Visit("/login", None, "#login"),
    Visit("/login", None, "[role=alert]", sent={"login": "nobody", "password": "wrong"}, status=401),
    Visit("/login/code", None, "#code", query="?boris"),
    Visit("/invite/{token}", None, "#new", {"token": "invitation"}),
    Visit("/invite/{token}", None, "h1", {"token": "=gone"}, status=404),
    Visit("/setup/{token}", None, "h1", {"token": "=gone"}, status=404),
    Visit("/telephone/{token}", None, "form", {"token": "telephone link {language}"}),
    Visit("/telephone/{token}", None, "code", {"token": "telephone link {language}"}, sent={}),
    Visit("/telephone/{token}", None, "h1", {"token": "=gone"}, status=404),
    Visit("/nowhere", None, "h1", status=404),
    Visit("/people", "anna", "h1", status=403),
    Visit("/account", "vera", "#old"),
    Visit("/account/codes", "vera", "svg", sent={"password": "correct horse"}),
    Visit("/account/codes/recovery", "boris", ".recovery-codes", sent={"password": "correct horse"}),
    Visit("/account/tokens", "maria", "table"),
    # Calls.
    Visit("/workplace", "anna", "#card h1, #card h2"),
    Visit("/workplace", "boris", "#telephone"),
    Visit("/workplace", "boris", "h1", unbuilt=True, status=503),
    Visit("/board", "vera", "#operators li"),
    Visit("/calls", "vera", "table"),
    Visit("/listening", "vera", "table"),
    Visit("/listening/log", "vera", "table"),
    Visit("/listening/{id}", "vera", "audio, canvas, form", {"id": "recording"}),
    Visit("/listening/cards", "vera", "h1"),
    Visit("/reviews", "anna", ".reviews"),
    Visit("/listening/cards/{company}", "vera", "form", {"company": "company"}),
    Visit("/recordings/ledger", "vera", "table", query="?days=31"),
    Visit("/personal-data", "vera", "table"),
    Visit("/personal-data/residents/{id}", "alla", "form", {"id": "resident"}),
    Visit("/personal-data/residents/{id}", "alla", "[aria-invalid]", {"id": "resident"}, sent={}, status=422),
    Visit("/personal-data/{company}", "vera", "table", {"company": "company"}),
    Visit("/personal-data/{company}", "alla", "input", {"company": "company"}),
    Visit(
        "/personal-data/{company}", "alla", "[aria-invalid]", {"company": "company"}, sent={"calls": "x"}, status=422
    ),
    Visit("/personal-data/{company}", "alla", "[name=confirmed]", {"company": "company"}, sent={"calls": "1"}),
    # Tickets.
    Visit("/tickets", "vera", "table"),
    Visit("/tickets", "maria", "table"),
    Visit("/tickets/bulk", "vera", ".list", sent={"action": "cancel", "comment": "x", "ticket": "999999"}),
    Visit("/tickets/bulk", "vera", "h1", sent={"action": "close", "comment": "x"}, status=422),
    Visit("/tickets/new", "vera", "#subject", query="?company=1"),
    Visit("/tickets/new", "vera", "form"),
    Visit("/tickets/new", "vera", "[aria-invalid]", sent={"company": "1", "contact_phone": "x"}, status=422),
    Visit("/tickets/{id}", "vera", "form", {"id": "ticket"}),
    Visit("/tickets/{id}", "vera", "form", {"id": "shared ticket"}),
    Visit("/tickets/{id}", "vera", "form", {"id": "incident"}),
    Visit("/tickets/{id}", "kirill", "form", {"id": "ticket"}),
    Visit("/tickets/{id}/evidence", "vera", "h1", {"id": "ticket"}),
    Visit("/deliveries", "vera", "form"),
    Visit("/w/{token}", None, "form", {"token": "crew link"}),
    Visit("/w/{token}", None, "h1", {"token": "=gone"}, status=404),
    Visit("/crew/{token}", None, "a", {"token": "crew list"}),
    Visit("/crew/{token}", None, "h1", {"token": "=gone"}, status=404),
    Visit("/crew/{token}/{ticket}", None, "form", {"token": "crew list", "ticket": "crew ticket"}),
    Visit("/l/{token}", None, "audio", {"token": "shared"}, query="?language={language}"),
    Visit("/l/{token}", None, "#pin", {"token": "with pin"}, query="?language={language}"),
    Visit("/l/{token}", None, "h1", {"token": "=gone"}, query="?language={language}", status=404),
    # Outages.
    Visit("/outages", "vera", "a[href^='/outages/']"),
    Visit("/outages/new", "vera", "form"),
    Visit("/outages/new", "vera", "form", query="?company=1"),
    Visit("/outages/{id}", "vera", "form", {"id": "outage"}),
    Visit("/outages/{id}", "anna", "form", {"id": "heard outage"}),
    Visit("/outages/{id}/places", "vera", "#house option", {"id": "outage"}),
    Visit("/outages/import", "vera", "input[type=file]"),
    Visit("/outages/import", "vera", "table", file=("works.csv", f"{WORKS}\n;Нигде;Лифт;;;;;\n"), status=422),
    Visit("/outages/recipients", "alla", ".outage-list"),
    Visit("/outages/recipients/{id}", "alla", "form", {"id": "recipient"}),
    Visit("/outages/messages", "vera", "form"),
    Visit("/public/outages/{page}", None, "h2", {"page": "=zarechye"}, query="?lang={language}"),
    Visit(
        "/public/outages/{page}/house/{house}",
        None,
        "h2",
        {"page": "=zarechye", "house": "house"},
        query="?lang={language}",
    ),
    # The directory.
    Visit("/directory", "vera", "a[href^='/directory/houses/']", query="?q=Лесная"),
    Visit("/directory/import", "vera", "input[type=file]"),
    Visit("/directory/import", "vera", "form", file=("houses.csv", f"{SHEET}\n{GOOD_LINE}\n")),
    Visit("/directory/import", "vera", ".problems", file=("houses.csv", f"{SHEET}\n;;Москва;;1;;;;;;\n")),
    Visit("/directory/import", "vera", "[href$=columns]", file=("houses.csv", "A;B\nЛесная;3\n"), status=422),
    Visit("/directory/twins", "vera", "tbody a"),
    Visit("/directory/twins/{kind}/{kept}/{gone}", "vera", "form", {"kind": "=house", "kept": "house", "gone": "twin"}),
    Visit("/directory/import/{id}/columns", "alla", "select", {"id": "sheet"}),
    Visit("/directory/companies", "vera", "a"),
    Visit("/directory/companies/new", "vera", "form"),
    Visit("/directory/companies/new", "vera", "[aria-invalid]", sent={"name": ""}, status=422),
    Visit("/directory/companies/{id}", "vera", "table", {"id": "company"}),
    Visit("/directory/companies/{id}/edit", "vera", "form", {"id": "company"}),
    Visit("/directory/companies/{id}/limits", "vera", "form", {"id": "company"}),
    Visit("/directory/companies/{id}/categories/new", "vera", "form", {"id": "company"}),
    Visit("/directory/categories/{id}", "vera", "form", {"id": "category"}),
    Visit("/directory/companies/{id}/crews/new", "vera", "form", {"id": "company"}),
    Visit("/directory/crews/{id}", "vera", "form", {"id": "crew"}),
    Visit("/directory/companies/{id}/responsibles/new", "vera", "form", {"id": "company"}),
    Visit("/directory/responsibles/{id}", "vera", "form", {"id": "responsible"}),
    Visit("/directory/houses/new", "vera", "form", query="?company=1"),
    Visit("/directory/houses/{id}", "vera", "table", {"id": "house"}),
    Visit("/directory/houses/{id}/edit", "vera", "form", {"id": "house"}),
    Visit("/directory/houses/{id}/flats/new", "vera", "form", {"id": "house"}),
    Visit("/directory/flats/{id}", "vera", "h2", {"id": "flat"}),
    Visit("/directory/flats/{id}/edit", "vera", "form", {"id": "flat"}),
    Visit("/directory/flats/{id}/residents/new", "vera", "form", {"id": "flat"}),
    Visit("/directory/residents/{id}", "vera", "h1", {"id": "resident"}),
    Visit("/directory/residents/{id}/edit", "vera", "form", {"id": "resident"}),
    # Reports.
    Visit("/reports", "maria", "svg"),
    *(
        Visit("/reports/{page}", "vera", "table", {"page": f"={page}"})
        for page in ("emergencies", "paid", "visits", "categories", "reviews", "calls", "unserved")
    ),
    Visit("/reports/exports", "maria", ".orders"),
    # Administration.
    Visit("/people", "alla", "table"),
    Visit("/people/new", "alla", "form"),
    Visit("/people/new", "alla", "[aria-invalid]", sent={"login": "", "name": ""}, status=400),
    Visit("/people/{id}", "alla", "form", {"id": "person"}),
    Visit("/pauses", "alla", "table"),
    Visit("/pauses", "alla", "[aria-invalid]", sent={"ru0": ""}, status=400),
    Visit("/start/new", "alla", "form"),
    Visit("/start/new", "alla", "[aria-invalid]", sent={"name": ""}, status=422),
    Visit("/start/{id}", "alla", ".start-points", {"id": "company"}),
    Visit("/audit", "alla", "table"),
    Visit("/trunks", "alla", "table"),
    Visit("/trunks/new", "alla", "form"),
    Visit("/trunks/{id}", "alla", "form", {"id": "trunk"}),
    Visit("/trunks/rules", "alla", "table"),
)
