"""What Prometheus is told of the database."""

from prometheus_client import REGISTRY

from callcenter.reports.figures import Figures
from callcenter.web.keys import SETTINGS
from tests.site import Site


def figure(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"callcenter_{name}", labels)


async def test_outages_that_go_on_are_counted_and_others_are_not(site: Site) -> None:
    company = await site.pool.fetchval("select min(id) from companies")
    added = "insert into outages (company_id, state, since, finished_at) values ($1, $2, now(), $3)"
    async with site.pool.acquire() as connection:
        figures = Figures(site.server.app[SETTINGS].database)
        await figures.look(connection)
        assert figure("outages", state="suspected") == 0
        await connection.execute(added, company, "suspected", None)
        await figures.look(connection)
    assert figure("outages", state="suspected") == 1
    assert figure("outages", state="closed") is None
    assert figure("messages_failed", kind="crew", state="dead") == 0
