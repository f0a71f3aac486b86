"""Resource deviation rules: what each rule finds, where and with which limits (docs/api.md, Deviation rules)."""

import msgspec

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.views.deviation_rules import DeviationRule, deviation_rules


class DeviationRuleList(msgspec.Struct, frozen=True):
    """All deviation rules of the form, by severity."""

    rules: list[DeviationRule]


class DeviationRulesHandler(ApiHandler):
    """The list of deviation rules."""

    @operation(
        responses={200: DeviationRuleList, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag",),
    )
    def get(self) -> None:
        """List the rules by which reports are checked, with their limits, in three languages."""
        self.send_json(DeviationRuleList(deviation_rules(self.services.catalogue, self.services.texts)))
