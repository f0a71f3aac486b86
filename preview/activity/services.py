"""The services of activity, as the application has them."""

from preview.activity.changes import ChangesQuery
from preview.activity.query import ActivityQuery
from preview.reports.reconcile import ReportConfig
from preview.storage.database import Database


class ActivityServices:
    """Reads what happened (`query`), and what has changed in a report since then (`changes`)."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self.query = ActivityQuery(database, report_config)
        self.changes = ChangesQuery(database, report_config)
