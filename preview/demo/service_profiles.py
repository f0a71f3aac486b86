"""Defines the thirteen services of the demo: real municipalities, everything else invented.

Together they show every deviation of rule 7 (docs/domain.md) but `prosent`, which cannot occur because computed shares
are never outside 0 to 100. `kilde_endret` needs a prior snapshot that was aggregated before the case system changed:
see `DemoDelivery.aggregate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from preview.core.clock import OSLO

# Shares of the scenarios (scenarios.py).
_NEW_CASE_SHARES = {
    "henlagt": 0.21,
    "undersokt": 0.40,
    "hjelp": 0.28,
    "frivillig": 0.02,
    "akutt": 0.03,
    "omsorg": 0.03,
    "atferd": 0.03,
}
_INITIAL_CASE_SHARES = {
    "hjelp": 0.48,
    "undersokt": 0.14,
    "omsorg": 0.18,
    "ungdom": 0.12,
    "frivillig": 0.04,
    "atferd": 0.04,
}


INACTIVE_SERVICE = "org-5025"
"""The service without any melding in the last year: its shares have nothing to count then, and stay like that."""


@dataclass(frozen=True)
class ServiceProfile:
    """How a service works and registers. Tuples have one value per year; the last one applies to all later years.

    Attributes:
        late_meldinger: Share of meldinger that are concluded after their deadline.
        late_undersokelser: Share of undersøkelser that are concluded after their deadline.
        further_meldinger: Further meldinger per running case and year.
        share_without_plan: Share of tiltak without a plan.
        tilsyn_from_year: First year (0 is the first one of the service) in which visits are registered.
        flytting_to_year: Last year in which moves are registered.
    """

    late_meldinger: tuple[float, ...] = (0.07, 0.06, 0.08, 0.07)
    late_undersokelser: tuple[float, ...] = (0.09, 0.08, 0.07, 0.08)
    further_meldinger: tuple[float, ...] = (0.75,)
    share_without_plan: float = 0.05
    tilsyn_from_year: int = 0
    flytting_to_year: int = 9


@dataclass(frozen=True)
class DemoService:
    """An organisation of the demo.

    Attributes:
        organization_id: Its id.
        name: Its name.
        kommune: Number and name of the municipality.
        bydel: Number and name of the bydel, if it is one.
        year: Year number 0 of the profile and of `new_cases`: the first year of the simulation but for `history`.
        first: Day of its first extract.
        last: Time of its last extract.
        initial_cases: Cases by scenario that already run when the simulation begins.
        new_cases: New cases by scenario, for each year from `year` on.
        case_systems: Name of the case system by year; the first one applies to all earlier years, the last one to all
            later ones.
        profile: How it works and registers.
        listed: Whether the organisations file names it.
        yearly: Whether every case that changed in a year is sent at the end of that year.
        resend_share: Share of cases that are sent once or twice before their last change.
        full: Whether its deliveries end with a full one (rule 1.3, docs/domain.md).
        faulty: Whether some of its files have faults (rule 10).
        history: New cases by scenario, for each year before `year` that is simulated too, oldest first.
        began_with_15f: Whether it reported the years before the first extract by KOSTRA 15F files (rule 2).
    """

    organization_id: str
    name: str
    kommune: tuple[str, str]
    bydel: tuple[str, str] | None
    year: int
    first: date
    last: datetime
    initial_cases: Mapping[str, int]
    new_cases: tuple[Mapping[str, int], ...]
    case_systems: tuple[str, ...]
    profile: ServiceProfile = field(default_factory=ServiceProfile)
    listed: bool = True
    yearly: bool = False
    resend_share: float = 0.12
    full: bool = False
    faulty: bool = False
    history: tuple[Mapping[str, int], ...] = ()
    began_with_15f: bool = False

    @property
    def organisasjonsnummer(self) -> str:
        """Nine digits with a wrong check digit, so that the number belongs to nobody."""
        return _synthetic_organisasjonsnummer(self.kommune[0])

    @property
    def expected_cases(self) -> int:
        """The largest number of cases that it can have, without those of its history."""
        return sum(self.initial_cases.values()) + sum(sum(kinds.values()) for kinds in self.new_cases)

    @property
    def years(self) -> range:
        """The calendar years with case files."""
        return range(self.first.year, self.last.astimezone(OSLO).year + 1)

    @property
    def first_simulated_year(self) -> int:
        """The year in which the simulation begins."""
        return self.year - len(self.history)

    @property
    def annual_file_years(self) -> range:
        """The calendar years that it reported by a 15F file."""
        return range(self.first_simulated_year, self.first.year) if self.began_with_15f else range(0)

    def sends_on(self, day: date) -> bool:
        """Return whether it sends case files until that day, the last one of the simulation."""
        return self.last.astimezone(OSLO).date() >= day

    def case_system(self, year: int) -> str:
        """Return `Fagsystem/@Navn` of the case files of that year."""
        return self.case_systems[max(0, min(year - self.year, len(self.case_systems) - 1))]


def value_for_year(values: tuple[float, ...], offset: int) -> float:
    """Return the value for year number `offset`: the first one for earlier years, the last one for later years."""
    return values[max(0, min(offset, len(values) - 1))]


def example_service() -> DemoService:
    """Return the service of the example in docs/api.md: fixed dates, ending on 2024-12-31.

    The numbers of its cases are chosen so that the numbers of that example result.
    """
    return DemoService(
        "org-1042",
        "Barnevernstjenesten Oslo Sør",
        ("0301", "Oslo"),
        ("15", "Søndre Nordstrand"),
        2023,
        date(2023, 1, 16),
        datetime(2024, 12, 31, 22, 15, tzinfo=OSLO),
        {"hjelp": 156, "undersokt": 45, "omsorg": 29, "ungdom": 33, "frivillig": 5, "atferd": 2},
        (
            {"henlagt": 61, "undersokt": 129, "hjelp": 99, "frivillig": 2, "akutt": 5, "omsorg": 2, "atferd": 1},
            {"henlagt": 62, "undersokt": 127, "hjelp": 108, "frivillig": 2, "akutt": 8, "omsorg": 2, "atferd": 1},
        ),
        ("CIS",),
        ServiceProfile((0.075, 0.125), (0.24, 0.12), (0.86, 1.12), 0.1),
        yearly=True,
    )


def demo_services(today: date) -> tuple[DemoService, ...]:
    """Return the services that deliver, in the order of import: the example first, then by size."""
    return (example_service(), *_small_services(today), *_large_services(today))


def _small_services(today: date) -> tuple[DemoService, ...]:
    return (
        _build_service(
            today,
            "5025",
            "Røros",
            (27, (9, 8, 0, 8)),
            "Bjørk",
            yearly=True,
            profile=ServiceProfile(further_meldinger=(0.4, 0.4, 0.0, 0.4)),
        ),
        _build_service(
            today,
            "1865",
            "Vågan",
            (26, (18, 18, 19, 18)),
            "Nordlys Barn",
            first_year=1,
            listed=False,
            history=(14, 17, 15, 17),
            began_with_15f=True,
        ),
        _build_service(
            today, "1508", "Ålesund", (30, (0, 26, 27, 0)), "Fjordsak", first_year=1, last=date(today.year - 1, 12, 12)
        ),
        _build_service(today, "5601", "Alta", (40, (0, 40, 42, 44)), "Bjørk", first_year=2),
        _build_service(
            today,
            "3405",
            "Lillehammer",
            (60, (46, 48, 44, 50)),
            "Fjordsak",
            full=True,
            history=(38, 40, 43, 41),
            began_with_15f=True,
            profile=ServiceProfile(share_without_plan=0.2),
        ),
    )


def _large_services(today: date) -> tuple[DemoService, ...]:
    return (
        _build_service(
            today,
            "1804",
            "Bodø",
            (70, (52, 60, 58, 60)),
            "Nordlys Barn",
            faulty=True,
            history=(44, 47, 51, 50),
            began_with_15f=True,
        ),
        _build_service(
            today,
            "5001",
            "Trondheim",
            (90, (80, 86, 84, 88)),
            "Fjordsak",
            bydel=("02", "Østbyen"),
            profile=ServiceProfile(tilsyn_from_year=2),
        ),
        _build_service(
            today, "5501", "Tromsø", (96, (84, 92, 90, 94)), "Nordlys Barn", "Nordlys Barn", "Fjordsak", yearly=True
        ),
        _build_service(
            today,
            "4601",
            "Bergen",
            (110, (92, 96, 100, 98)),
            "Bjørk",
            bydel=("08", "Åsane"),
            history=(78, 84, 82, 90),
            began_with_15f=True,
            profile=ServiceProfile(flytting_to_year=1),
        ),
        _build_service(
            today,
            "0301",
            "Oslo",
            (150, (150, 140, 190, 170)),
            "CIS",
            bydel=("02", "Grünerløkka"),
            first_year=1,
            history=(118, 126, 131, 144),
            began_with_15f=True,
            profile=ServiceProfile((0.06, 0.09, 0.15, 0.2), (0.08, 0.1, 0.22, 0.3), share_without_plan=0.16),
        ),
        _build_service(today, "1103", "Stavanger", (640, (580, 590, 600, 590)), "Fjordsak"),
    )


def service_without_data(today: date) -> DemoService:
    """Return the service that is listed but has not delivered."""
    return _build_service(today, "5056", "Hitra", (0, (0, 0, 0, 0)), "Bjørk")


def _build_service(
    today: date,
    kommunenummer: str,
    kommunenavn: str,
    cases: tuple[int, tuple[int, int, int, int]],
    *case_systems: str,
    bydel: tuple[str, str] | None = None,
    profile: ServiceProfile | None = None,
    first_year: int = 0,
    last: date | None = None,
    listed: bool = True,
    yearly: bool = False,
    full: bool = False,
    faulty: bool = False,
    history: tuple[int, ...] = (),
    began_with_15f: bool = False,
) -> DemoService:
    initial_count, new_counts = cases
    year = today.year - 3
    place_name = f"{kommunenavn} {bydel[1]}" if bydel else kommunenavn
    return DemoService(
        f"org-{kommunenummer}" + (f"-{bydel[0]}" if bydel else ""),
        f"Barnevernstjenesten {place_name}",
        (kommunenummer, kommunenavn),
        bydel,
        year,
        date(year + first_year, 2 if first_year else 1, 15),
        datetime.combine(last or today, time(0, 30), OSLO),
        _distribute(initial_count, _INITIAL_CASE_SHARES),
        tuple(_distribute(count, _NEW_CASE_SHARES) for count in new_counts),
        case_systems,
        profile or ServiceProfile(),
        listed,
        yearly,
        full=full,
        faulty=faulty,
        history=tuple(_distribute(count, _NEW_CASE_SHARES) for count in history),
        began_with_15f=began_with_15f,
    )


def _distribute(total: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Divide `total` cases by scenario into whole numbers; the remainder goes to the first scenarios."""
    counts = {kind: int(total * share) for kind, share in shares.items()}
    for kind in list(shares)[: total - sum(counts.values())]:
        counts[kind] += 1
    return counts


def _synthetic_organisasjonsnummer(kommunenummer: str) -> str:
    eight = f"9999{kommunenummer}"
    check_digit = -sum(int(digit) * weight for digit, weight in zip(eight, (3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
    return f"{eight}{(check_digit + 1) % 10}"
