"""The services of reviews, as the application has them."""

from preview.core.settings import Settings
from preview.reports.reconcile import ReportConfig
from preview.reviews.acknowledgements import Acknowledgements
from preview.reviews.approvals import Approvals
from preview.reviews.comments import Comments
from preview.reviews.deviations import DeviationQuery
from preview.reviews.field_deviations import FieldDeviationQuery
from preview.reviews.query import ReviewQuery
from preview.storage.database import Database


class ReviewServices:
    """Reads reviews (`query`) and deviations, and makes the decisions of which they consist."""

    def __init__(self, database: Database, report_config: ReportConfig, settings: Settings) -> None:
        """Use a store; where the setting `actor_header` is set, people are named."""
        people_are_named = settings.actor_header is not None
        self.query = ReviewQuery(database, report_config, settings)
        self.deviations = DeviationQuery(database, report_config)
        self.field_deviations = FieldDeviationQuery(database, report_config)
        self.approvals = Approvals(database, report_config, needs_named_actor=people_are_named)
        self.acknowledgements = Acknowledgements(database, report_config)
        self.comments = Comments(database, report_config, knows_authors=people_are_named)
