"""What the findings of deliveries mean and what is to be done, in three languages: a finding itself holds its code and one sentence."""

import msgspec

from api_handlers.base import Handler
from api_handlers.operations import operation
from preview.form.entries import InLanguages
from preview.i18n.finding_texts import action, codes, message


class FindingCode(msgspec.Struct, frozen=True):
    """One code of `findings`; `severity` is refused, error, warning or notice."""

    code: str
    severity: str
    messages: InLanguages
    actions: InLanguages


class FindingCodeList(msgspec.Struct, frozen=True):
    """All of them: the faults in the order in which a file is read, then the controls of Statistics Norway, whose codes begin with `kontroll_`."""

    codes: list[FindingCode]


class FindingCodes(Handler):
    """The codes that a finding may have."""

    @operation(answers={200: FindingCodeList, 304: None}, heeds=("If-None-Match",), sends=("ETag",))
    def get(self) -> None:
        """Every code that a finding may have: what it says, and what is to be done."""
        texts = self.preview.texts
        told = [FindingCode(code, severity, message(texts, code), action(texts, code)) for code, severity in codes()]
        self.reply(FindingCodeList(told))
