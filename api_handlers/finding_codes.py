"""What the findings of deliveries mean and what is to be done, in three languages: a finding itself holds its code and one sentence."""

import msgspec

from api_handlers.base import Handler
from api_handlers.operations import operation
from preview.finding_texts import action, message
from preview.form.entries import InLanguages
from preview.readers.findings import Code


class FindingCode(msgspec.Struct, frozen=True):
    """One code of `findings`; `severity` is refused, error, warning or notice."""

    code: str
    severity: str
    messages: InLanguages
    actions: InLanguages


class FindingCodeList(msgspec.Struct, frozen=True):
    """All of them, in the order in which a file is read."""

    codes: list[FindingCode]


class FindingCodes(Handler):
    """The codes that a finding may have."""

    @operation(answers={200: FindingCodeList, 304: None}, heeds=("If-None-Match",), sends=("ETag",))
    def get(self) -> None:
        """Every code that a finding may have: what it says, and what is to be done."""
        texts = self.preview.texts
        codes = [FindingCode(code, code.severity, message(texts, code), action(texts, code)) for code in Code]
        self.reply(FindingCodeList(codes))
