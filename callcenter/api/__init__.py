"""The programming interface, `/api/v1`: its routes, and the document that describes them."""

from callcenter.api import calls, deliveries, directory, document, outages, outbound_rules, tickets, trunks
from callcenter.api.endpoint import endpoints

# Their endpoints are listed as they are imported.
SUBJECTS = (tickets, outages, directory, calls, deliveries, trunks, outbound_rules, document)

routes = [endpoint.route() for endpoint in endpoints.all]
