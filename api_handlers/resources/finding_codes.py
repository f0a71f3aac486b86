"""Resource finding codes: what each code of a finding means and what to do, in three languages."""

import msgspec

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.form.entries import LocalizedText
from preview.i18n.finding_texts import finding_action, finding_codes, finding_message


class FindingCodeDocument(msgspec.Struct, frozen=True):
    """One finding code. `severity` is refused, error, warning or notice; `messages` says what, `actions` what to do."""

    code: str
    severity: str
    messages: LocalizedText
    actions: LocalizedText


class FindingCodeList(msgspec.Struct, frozen=True):
    """All finding codes: the program's own in the order in which a file is read, then Statistics Norway's checks, whose
    codes begin with `kontroll_`.
    """

    codes: list[FindingCodeDocument]


class FindingCodesHandler(ApiHandler):
    """The list of finding codes."""

    @operation(
        responses={200: FindingCodeList, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag",),
    )
    def get(self) -> None:
        """List every code that a finding can have, with what it means and what to do."""
        texts = self.services.texts
        documents = [
            FindingCodeDocument(code, severity, finding_message(texts, code), finding_action(texts, code))
            for code, severity in finding_codes()
        ]
        self.send_json(FindingCodeList(documents))
