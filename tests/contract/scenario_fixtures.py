"""What scenarios start from and what is delivered in their course: real files of an organisation of the scenario's own.

`MEASURED` counts meldinger received by year, so that a step can say what field 1 must be.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.builders import case_xml

LISTED = "organization_id,organization_name,organisasjonsnummer,bydelsnummer\n"


@dataclass
class Service:
    """An organisation: its id, its number, and the ids of its cases, so that a later folder is of the same case."""

    number: int
    cases: list[str] = field(default_factory=lambda: [case_xml.uid() for _ in range(3)])

    @property
    def organization_id(self) -> str:
        """Listed under it before anything is delivered."""
        return f"org-t{self.number}"

    @property
    def organisasjonsnummer(self) -> str:
        """Nine digits."""
        return f"{self.number:09}"

    def listing(self, name: str) -> bytes:
        """An organisations file that names it."""
        return f"{LISTED}{self.organization_id},{name},{self.organisasjonsnummer},\n".encode()

    def case(self, place: int, uttrekk: str, days: Sequence[str], *, fagsystem: str = "CIS") -> bytes:
        """The folder of one case: meldinger received on those days, concluded as an investigation within the week."""
        return case_xml.folder(
            self.cases[place],
            uttrekk=f"{uttrekk}T12:00:00+01:00",
            org=self.organisasjonsnummer,
            fagsystem=fagsystem,
            meldinger=[case_xml.melding(day, day, "2") for day in days],
            planer=[case_xml.plan(*case_xml.OLD_PLAN)],
        )


Delivered = Callable[[Service], Sequence[bytes]]

FIRST: tuple[tuple[str, ...], ...] = (("2023-02-01", "2024-03-01"), ("2023-05-01",), ("2024-08-01",))
"""Meldinger by case: two in 2023, two in 2024, of which one in each half."""


def plain(service: Service) -> Sequence[bytes]:
    """Three cases of 2023 and 2024, the newest from the end of 2024; the first from the start of 2023."""
    first = service.case(0, "2023-01-02", [])
    return [first, *(service.case(place, "2024-12-31", days) for place, days in enumerate(FIRST))]


def one_more(service: Service) -> Sequence[bytes]:
    """A further melding in 2024: three there."""
    return [service.case(2, "2025-01-02", [*FIRST[2], "2024-09-01"])]


def one_more_then(service: Service) -> Sequence[bytes]:
    """Yet a further one in 2024: four there."""
    return [service.case(2, "2025-01-03", [*FIRST[2], "2024-09-01", "2024-10-01"])]


def one_more_before(service: Service) -> Sequence[bytes]:
    """A further melding in 2023: three there."""
    return [service.case(1, "2025-01-02", [*FIRST[1], "2023-09-01"])]


def unchanged(service: Service) -> Sequence[bytes]:
    """The third case as it is held, of the same day."""
    return [service.case(2, "2024-12-31", FIRST[2])]


def figures(service: Service) -> Sequence[bytes]:
    """Staff of 2024."""
    return [f"organization_id,period_id,field_key,value,data_source\n{service.organization_id},2024,antall_arsverk,12.5,\n".encode()]


def listing(service: Service) -> Sequence[bytes]:
    """An organisations file that names it."""
    return [service.listing("Prøvetjenesten")]


def renamed(service: Service) -> Sequence[bytes]:
    """An organisations file with another name."""
    return [service.listing("Et annet navn")]


def with_a_broken_one(service: Service) -> Sequence[bytes]:
    """`plain`, with a file among them that is no XML."""
    first, *others = plain(service)
    return [first, b"<Barnevern>", *others]


DELIVERIES: dict[str, Delivered] = {
    each.__name__: each
    for each in (plain, one_more, one_more_then, one_more_before, unchanged, figures, listing, renamed, with_a_broken_one)
}
