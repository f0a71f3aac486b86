"""Deliveries of scenarios: real files of one organisation, whose number of meldinger per year is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.builders import case_xml

LISTING_HEADER = "organization_id,organization_name,organisasjonsnummer,bydelsnummer\n"


@dataclass
class ChildWelfareService:
    """A child-welfare service with three cases, whose ids stay the same in later files."""

    number: int
    cases: list[str] = field(default_factory=lambda: [case_xml.uid() for _ in range(3)])

    @property
    def organization_id(self) -> str:
        """Return the id that the organisations file gives it."""
        return f"org-t{self.number}"

    @property
    def organisasjonsnummer(self) -> str:
        """Return its organisation number, nine digits."""
        return f"{self.number:09}"

    def listing(self, name: str) -> bytes:
        """Return an organisations file with the service."""
        return f"{LISTING_HEADER}{self.organization_id},{name},{self.organisasjonsnummer},\n".encode()

    def case(self, index: int, extract_date: str, melding_dates: Sequence[str], *, case_system: str = "CIS") -> bytes:
        """Return the file of one case.

        Args:
            index: Index of the case, 0 to 2.
            extract_date: Day of the extract.
            melding_dates: Days on which meldinger were received and concluded.
            case_system: Name of the case system.
        """
        return case_xml.folder(
            self.cases[index],
            uttrekk=f"{extract_date}T12:00:00+01:00",
            org=self.organisasjonsnummer,
            fagsystem=case_system,
            meldinger=[case_xml.melding(date, date, "2") for date in melding_dates],
            planer=[case_xml.plan(*case_xml.OLD_PLAN)],
        )


DeliveryBuilder = Callable[[ChildWelfareService], Sequence[bytes]]

MELDING_DATES: tuple[tuple[str, ...], ...] = (("2023-02-01", "2024-03-01"), ("2023-05-01",), ("2024-08-01",))
"""Meldinger by case: two in 2023, and two in 2024, one in each half."""


def base_delivery(service: ChildWelfareService) -> Sequence[bytes]:
    """Return a first extract from the start of 2023, and extracts of all three cases from the end of 2024."""
    first = service.case(0, "2023-01-02", [])
    return [
        first,
        *(service.case(index, "2024-12-31", melding_dates) for index, melding_dates in enumerate(MELDING_DATES)),
    ]


def third_melding_2024(service: ChildWelfareService) -> Sequence[bytes]:
    """Return the case with a third melding in 2024."""
    return [service.case(2, "2025-01-02", [*MELDING_DATES[2], "2024-09-01"])]


def fourth_melding_2024(service: ChildWelfareService) -> Sequence[bytes]:
    """Return the case with a fourth melding in 2024."""
    return [service.case(2, "2025-01-03", [*MELDING_DATES[2], "2024-09-01", "2024-10-01"])]


def third_melding_2023(service: ChildWelfareService) -> Sequence[bytes]:
    """Return the case with a third melding in 2023."""
    return [service.case(1, "2025-01-02", [*MELDING_DATES[1], "2023-09-01"])]


def unchanged_case(service: ChildWelfareService) -> Sequence[bytes]:
    """Return the third case as `base_delivery` has it, with the same extract time."""
    return [service.case(2, "2024-12-31", MELDING_DATES[2])]


def supplementary_figures(service: ChildWelfareService) -> Sequence[bytes]:
    """Return a figures file with the staff of 2024."""
    return [
        f"organization_id,period_id,field_key,value,data_source\n{service.organization_id},2024,antall_arsverk,12.5,\n".encode()
    ]


def staff_of_2023(service: ChildWelfareService) -> Sequence[bytes]:
    """Return a figures file with the staff of 2023."""
    return [
        f"organization_id,period_id,field_key,value,data_source\n{service.organization_id},2023,antall_arsverk,10,\n".encode()
    ]


def organization_listing(service: ChildWelfareService) -> Sequence[bytes]:
    """Return an organisations file with the service."""
    return [service.listing("Prøvetjenesten")]


def renamed_organization(service: ChildWelfareService) -> Sequence[bytes]:
    """Return an organisations file with another name of the service."""
    return [service.listing("Et annet navn")]


def with_malformed_file(service: ChildWelfareService) -> Sequence[bytes]:
    """Return `base_delivery` with a malformed file in it."""
    first, *others = base_delivery(service)
    return [first, b"<Barnevern>", *others]


DELIVERIES: dict[str, DeliveryBuilder] = {
    builder.__name__: builder
    for builder in (
        base_delivery,
        third_melding_2024,
        fourth_melding_2024,
        third_melding_2023,
        unchanged_case,
        supplementary_figures,
        staff_of_2023,
        organization_listing,
        renamed_organization,
        with_malformed_file,
    )
}
