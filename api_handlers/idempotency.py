"""The request header `Idempotency-Key` (rule H3, docs/api.md); preview.runtime.idempotency stores the responses."""

from collections.abc import Mapping

from preview.core.errors import FieldError, ValidationError

MAX_KEY_LENGTH = 255


def parse_idempotency_key(headers: Mapping[str, str]) -> str | None:
    """Return the key of a request, None if it has none.

    Raises:
        ValidationError: The key is empty or too long.
    """
    key = headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise ValidationError(
            f"The `Idempotency-Key` is invalid. Send one of 1 to {MAX_KEY_LENGTH} characters.",
            [FieldError("", f"Idempotency-Key must have 1 to {MAX_KEY_LENGTH} characters")],
        )
    return key
