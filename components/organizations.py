"""The services to choose from, each with a link to its newest report: a plain page, without a session."""

from collections.abc import Mapping
from typing import Any

from components.language import Visit
from components.page import PageHandler
from preview.texts import formats


class OrganizationsPage(PageHandler):
    """`/`."""

    template = "organizations.html"
    here = "overview"
    title = "organizations.title"

    def content(self, of: Visit) -> Mapping[str, Any]:
        """Every organisation by name, and the names of the periods of their newest reports."""
        listed = self.house.application.organizations.all()
        periods = {period_id for each in listed if (period_id := each.newest_period_id)}
        return {"listed": listed, "periods": {period_id: formats.period(of.language, period_id) for period_id in periods}}
