"""A store whose report of 2024 has one warning: the full-time equivalents of 2023 are missing in 2024."""

from pathlib import Path

from tests.contract.scenario_fixtures import ChildWelfareService, base_delivery
from tests.support.pipeline import aggregate, deliver, open_application


def fill_store(data_dir: Path, service: ChildWelfareService) -> None:
    """Deliver and aggregate the service's reports of 2023 and 2024, which become `snap-001` and `snap-002`."""
    header, figure = "organization_id,period_id,field_key,value,data_source", "2023,antall_arsverk,12.5"
    with open_application(data_dir) as application:
        deliver(application, service.listing("Prøvetjenesten"))
        deliver(application, *base_delivery(service))
        deliver(application, f"{header}\n{service.organization_id},{figure},\n".encode())
        for period_id in ("2023", "2024"):
            aggregate(application, service.organization_id, period_id)
