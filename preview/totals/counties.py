"""The counties of Norway by year, and the county of an organisation (rule T4, docs/api.md)."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec

COUNTIES_FILE = Path(__file__).with_name("counties.toml")


class County(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A county.

    Attributes:
        number: Its number, of two digits.
        name: Its name, the same in all languages.
        first_year: The first year in which it exists.
        last_year: The last one; None if it still exists.
        successors: Numbers of the counties of later years that its municipalities belong to.
    """

    number: str
    name: str
    first_year: int
    last_year: int | None = None
    successors: tuple[str, ...] = ()

    def exists_in(self, year: int) -> bool:
        """Return whether the county exists in a year."""
        return self.first_year <= year and (self.last_year is None or year <= self.last_year)


class Counties:
    """All counties of all years."""

    def __init__(self, counties: Iterable[County]) -> None:
        """Create the set; numbers are unique, and `successors` names counties of it."""
        self._by_number = {county.number: county for county in sorted(counties, key=lambda county: county.number)}
        self._predecessors: dict[str, list[str]] = {number: [] for number in self._by_number}
        for county in self._by_number.values():
            for successor in county.successors:
                self._predecessors[successor].append(county.number)

    @classmethod
    @cache
    def load(cls) -> "Counties":
        """Return the counties of the data file."""
        data = tomllib.loads(COUNTIES_FILE.read_text(encoding="utf-8"))
        return cls(msgspec.convert(data["county"], list[County]))

    def find(self, number: str, year: int) -> County | None:
        """Return the county with a number, or None if there is none in that year."""
        county = self._by_number.get(number)
        return county if county is not None and county.exists_in(year) else None

    def name_of(self, number: str) -> str | None:
        """Return the name of the county with a number, of whatever year, or None if there never was one."""
        county = self._by_number.get(number)
        return county.name if county else None

    def in_year(self, year: int) -> list[County]:
        """Return the counties of a year, by number."""
        return [county for county in self._by_number.values() if county.exists_in(year)]

    def counterpart(self, number: str, year: int) -> County | None:
        """Return what a county of any year is in a year: itself, or the one county that it became or was.

        None if there was never such a county, if it became several, or if it was made of several.
        """
        if number not in self._by_number:
            return None
        found = self.find(number, year)
        related = None if found else self._in_other_year(number, year)
        return self._by_number[related] if related else found

    def county_of(self, municipality_numbers: Sequence[str], year: int) -> County | None:
        """Return the county of an organisation in a year.

        Args:
            municipality_numbers: The municipality numbers that its deliveries name, of any year, four digits each.
            year: The year.

        Returns:
            The county that most of the numbers belong to, of several that with the lowest number. Where no number is
            of a county of that year, the one county that theirs became, or was before. None if that is none, or not
            clear: a number of Viken does not say which of three counties followed.
        """
        numbers = [number[:2] for number in municipality_numbers if number[:2] in self._by_number]
        votes = Counter(number for number in numbers if self._by_number[number].exists_in(year))
        votes = votes or Counter(filter(None, (self._in_other_year(number, year) for number in numbers)))
        if not votes:
            return None
        return self._by_number[min(votes, key=lambda number: (-votes[number], number))]

    def _in_other_year(self, number: str, year: int) -> str | None:
        """Return the county that a county of other years is in that year, or None unless it is exactly one."""
        county = self._by_number[number]
        related = county.successors if year > county.first_year else self._predecessors[number]
        found = [other for other in related if self._by_number[other].exists_in(year)]
        return found[0] if len(found) == 1 else None
