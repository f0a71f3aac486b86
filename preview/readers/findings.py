"""Findings: what is wrong with a delivery, by place and code, without a value or a file name of it (`domain.md` 10)."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """`refused` is the severity of what kept a whole file out."""

    REFUSED = "refused"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """`file` is the ordinal of the file in the delivery, from 1; `line` from 1, 0 where there is none.

    `element` is a path of the format (`Melding/Konklusjon@SluttDato`); `code` keys the texts and tells the rule.
    `detail` is one English sentence that holds no value of the delivery.
    """

    severity: Severity
    code: str
    file: int
    line: int
    element: str
    detail: str
