"""Reporting periods: a year or one of its halves (rule G4, docs/api.md; rule 5.1, docs/domain.md)."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from preview.core.errors import FieldError, ValidationError

PERIOD_ID_PATTERN = r"^[0-9]{4}(-H[12])?$"
_PERIOD_ID = re.compile(r"([0-9]{4})(?:-H([12]))?\Z")


@dataclass(frozen=True)
class Period:
    """A reporting period. `str()` returns its `period_id`.

    Attributes:
        year: The calendar year.
        half: 1 or 2 for a half year, 0 for the whole year.
    """

    year: int
    half: int = 0

    @classmethod
    def parse(cls, period_id: str, pointer: str = "/period_id") -> "Period":
        """Return the period with an id.

        Args:
            period_id: `YYYY`, `YYYY-H1` or `YYYY-H2`, of the years 1900 to 9998.
            pointer: JSON pointer to name in the error.

        Raises:
            ValidationError: If the text is no id of a period.
        """
        match = _PERIOD_ID.match(period_id)
        if match is None or not 1900 <= int(match[1]) <= 9998:
            raise ValidationError("Not a period.", [FieldError(pointer, "must be YYYY, YYYY-H1 or YYYY-H2")])
        return cls(int(match[1]), int(match[2] or 0))

    def __str__(self) -> str:
        return f"{self.year:04}-H{self.half}" if self.half else f"{self.year:04}"

    @cached_property
    def first_day(self) -> date:
        """First day of the period."""
        return date(self.year, 7 if self.half == 2 else 1, 1)

    @cached_property
    def last_day(self) -> date:
        """Last day of the period."""
        return date(self.year, 6, 30) if self.half == 1 else date(self.year, 12, 31)

    @property
    def prior(self) -> "Period":
        """The same period one year earlier."""
        return Period(self.year - 1, self.half)

    @property
    def next(self) -> "Period":
        """The same period one year later: the period whose prior period this is."""
        return Period(self.year + 1, self.half)

    def is_as_long_as(self, other: "Period") -> bool:
        """Return whether both are years, or both half years: only such periods are compared (rule 7.2)."""
        return bool(self.half) == bool(other.half)

    def is_provisional(self, extract_day: str) -> bool:
        """Return whether data extracted on a day, ISO text, end before the period does (rule P3, docs/api.md)."""
        return extract_day < self.last_day.isoformat()

    @property
    def sort_key(self) -> str:
        """Text that sorts periods from old to new: by last day, a half before the year that ends with it (rule S1)."""
        return f"{self.last_day.isoformat()}/{1 if self.half else 2}"


def same_day_of_year_before(day: date) -> date:
    """Return the same day and month one year earlier; 28 February for 29 February (rule 7.3, docs/domain.md)."""
    return date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
