"""What the findings of deliveries mean and what is to be done, in three languages: a finding itself holds its code and one sentence."""

import msgspec

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.form.entries import LocalizedText
from preview.i18n.finding_texts import finding_action, finding_codes, finding_message


class FindingCodeDocument(msgspec.Struct, frozen=True):
    """One code of `findings`; `severity` is refused, error, warning or notice."""

    code: str
    severity: str
    messages: LocalizedText
    actions: LocalizedText


class FindingCodeList(msgspec.Struct, frozen=True):
    """All of them: the faults in the order in which a file is read, then the controls of Statistics Norway, whose codes begin with `kontroll_`."""

    codes: list[FindingCodeDocument]


class FindingCodesHandler(ApiHandler):
    """The codes that a finding may have."""

    @operation(responses={200: FindingCodeList, 304: None}, request_headers=("If-None-Match",), response_headers=("ETag",))
    def get(self) -> None:
        """Every code that a finding may have: what it says, and what is to be done."""
        texts = self.services.texts
        documents = [
            FindingCodeDocument(code, severity, finding_message(texts, code), finding_action(texts, code))
            for code, severity in finding_codes()
        ]
        self.send_json(FindingCodeList(documents))
