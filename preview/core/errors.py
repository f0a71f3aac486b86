"""Errors of the domain.

Each interface renders them in one place: api_handlers/problem_details.py, components/layout/error_messages.py and
preview/cli/commands.py.

A message names what is wrong and where, never a value of a case (rule E4, docs/api.md; rule 4.1, docs/domain.md).
"""

from collections.abc import Sequence
from typing import NamedTuple


class FieldError(NamedTuple):
    """One error in a request body or query.

    Attributes:
        pointer: JSON pointer to the value, such as `/period_id`.
        detail: What the value must be, as the end of a sentence.
    """

    pointer: str
    detail: str


class PreviewError(Exception):
    """Base class of the domain's errors.

    Attributes:
        detail: One sentence for people, without case data.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(PreviewError):
    """The snapshot, job, delivery, organisation or path does not exist."""


class Gone(PreviewError):
    """What is asked for was stored once, and retention has removed it (rule A3)."""


class ValidationError(PreviewError):
    """The input is well-formed but breaks a rule (rule E3).

    Attributes:
        field_errors: The values that are wrong, if they are known.
    """

    def __init__(self, detail: str, field_errors: list[FieldError] | None = None) -> None:
        super().__init__(detail)
        self.field_errors = field_errors or []


class Conflict(PreviewError):
    """The request cannot be carried out in the present state (rule E3)."""


class ApprovalBlocked(Conflict):
    """A report cannot be approved in its present state (rule R2).

    Attributes:
        blocking: What stands in the way: code, field and rule, the last two None unless it is a deviation.
    """

    def __init__(self, detail: str, blocking: Sequence[tuple[str, str | None, str | None]]) -> None:
        super().__init__(detail)
        self.blocking = blocking


class PreconditionFailed(PreviewError):
    """`If-Match` names another version of the document than the present one (rule H1)."""


class PreconditionRequired(PreviewError):
    """The change needs `If-Match`, so that it is made to what its author has seen (rule R2)."""


class NotPermitted(PreviewError):
    """The person may not do this, or is not named (rules R6 and R8)."""


class PayloadTooLarge(PreviewError):
    """The delivery is larger than the limit."""


class Unavailable(PreviewError):
    """The program is stopping or cannot use the store at the moment; a retry may succeed."""


class TooManyRequests(Unavailable):
    """As many requests of this kind run as the settings allow; a retry may succeed in a moment (rule E2)."""


class InsufficientStorage(Unavailable):
    """The disk has no room for the delivery."""


class StoreError(PreviewError):
    """The program cannot use the store: newer schema than the code's, another key, or too old a SQLite."""


class AddressInUse(PreviewError):
    """Another process listens at the configured address and port."""


class ConfigurationError(PreviewError):
    """A setting has an invalid value, or a file of the program is missing; the message names it."""


class CatalogueError(PreviewError):
    """The form's data or the texts are invalid; raised at start, with what is wrong and where."""


class LeaseLost(PreviewError):
    """The job or delivery was cancelled or claimed by another worker: this worker must not write any more."""


class ParserCrashed(PreviewError):
    """The process that parses deliveries ended before it was done: it was killed, or over its memory limit."""


class ParserTooSlow(ParserCrashed):
    """A delivery took the process longer than the bytes of its files allow."""
