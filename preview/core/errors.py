"""The domain's exceptions. Each border turns them into its own words in one place (api_handlers/problem_details.py, components/, cli.py).

A message names what and where, never a value of a case (`domain.md` 4.1, contract E4).
"""

from typing import NamedTuple


class FieldError(NamedTuple):
    """One thing wrong with a body or query: `pointer` is a JSON pointer (`/period_id`), `detail` a sentence."""

    pointer: str
    detail: str


class PreviewError(Exception):
    """The root of the tree; `detail` is one sentence for a person, free of case data."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(PreviewError):
    """No such snapshot, job, delivery or organisation."""


class ValidationError(PreviewError):
    """Well-formed input that breaks a rule (contract E3); `faults` says where."""

    def __init__(self, detail: str, field_errors: list[FieldError] | None = None) -> None:
        super().__init__(detail)
        self.field_errors = field_errors or []


class Conflict(PreviewError):
    """The request cannot be carried out in the present state (contract E3: 409)."""


class PreconditionFailed(PreviewError):
    """`If-Match` names another version of the document than the present one (contract H1)."""


class PayloadTooLarge(PreviewError):
    """A delivery is over the limit."""


class Unavailable(PreviewError):
    """The program is stopping, or the store cannot be had; worth trying again."""


class TooManyRequests(Unavailable):
    """As much is under way as the settings allow; worth trying again in a moment (contract E2: 429)."""


class InsufficientStorage(Unavailable):
    """The disk has no room for a delivery."""


class StoreError(PreviewError):
    """The store cannot be used by this program: newer than the code, another key, or too old a SQLite."""


class AddressInUse(PreviewError):
    """Nothing can listen at the address and port of the settings."""


class ConfigurationError(PreviewError):
    """A setting is not what it must be; the message names it."""


class CatalogueError(PreviewError):
    """The form's data or the texts are not what they must be; the message says what and where. Found at start."""


class LeaseLost(PreviewError):
    """Another worker has taken over the job or delivery, or it was cancelled: stop writing."""


class ParserCrashed(PreviewError):
    """The process that reads deliveries has ended before it was done: over its memory, or killed."""
