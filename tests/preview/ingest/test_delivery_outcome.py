"""Tests of what a delivery came to: how much of it was imported, the worst severity, and what it is called."""

import pytest

from preview.ingest.delivery_view import DeliveryView
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import deliver, zip_files

HEAD = "organization_id,organization_name,organisasjonsnummer,bydelsnummer\n"


def delivered(application: Application, *files: bytes) -> DeliveryView:
    """Deliver files, wait until they are imported, and return the delivery."""
    deliver(application, *files)
    return application.deliveries.recent(1)[0]


def figures(*lines: str) -> bytes:
    return ("organization_id,period_id,field_key,value\n" + "".join(f"{line}\n" for line in lines)).encode()


@pytest.mark.parametrize(
    ("wrong", "imported", "severity"), [(0, 3, None), (1, 2, "error"), (3, 0, "refused")], ids=["all", "some", "none"]
)
def test_list_counts_imported_lines(
    application: Application, service: SampleService, wrong: int, imported: int, severity: str | None
) -> None:
    good = [f"org-l{service.number}{n},Lista,{service.organisasjonsnummer},0{n}" for n in range(1, 4)]
    lines = ["org-x,No number,abc,"] * wrong + good[wrong:]
    view = delivered(application, (HEAD + "\n".join(lines)).encode())
    assert view.summary.delivery_status == "taken"
    assert (view.lines, view.imported_lines, view.errors, view.severity) == (3, imported, wrong, severity)
    assert view.is_empty is (imported == 0)


def test_figures_left_out_by_the_import_are_not_counted(application: Application, service: SampleService) -> None:
    """The parser cannot know which organisations there are."""
    deliver(application, service.folder(1, "2024-12-31"))
    known, unknown = (f"{name},2024,antall_arsverk,12" for name in (service.organization_id, "org-nowhere"))
    view = delivered(application, figures(known, unknown))
    assert (view.lines, view.imported_lines, view.errors, view.severity) == (2, 1, 1, "error")
    assert delivered(application, figures(unknown)).severity == "refused"


def test_more_wrong_lines_than_are_stored_are_counted(application: Application) -> None:
    view = delivered(application, figures(*["org-nowhere,2024,antall_arsverk,x"] * 1200))
    assert (view.lines, view.imported_lines, view.severity) == (1200, 0, "refused")


def test_file_of_a_head_line_only_is_not_a_success(application: Application) -> None:
    view = delivered(application, HEAD.encode())
    assert (view.lines, view.is_empty, view.severity) == (0, True, "refused")


def test_archive_with_refused_file_is_an_error(application: Application, service: SampleService) -> None:
    view = delivered(application, zip_files([service.folder(1, "2024-12-31"), b"<Barnevern/>"]))
    assert (view.summary.files, view.summary.refused_files, view.severity) == (2, 1, "error")


def test_severity_counts_add_up_to_all_findings(application: Application, service: SampleService) -> None:
    view = delivered(application, service.folder(1, "2024-12-31", ["2025-03-01"]))
    assert view.summary.finding_count == view.errors + view.warnings + view.notices > 0


def test_extract_is_named_by_system_and_newest_day(application: Application, service: SampleService) -> None:
    view = delivered(application, service.folder(1, "2024-12-31"), service.folder(2, "2025-01-02"))
    assert (view.case_system, view.extract_day) == ("Testsystem", "2025-01-02")


def test_extract_of_several_systems_has_no_system(application: Application, service: SampleService) -> None:
    given = {"org": service.organisasjonsnummer, "kommune": service.kommune}
    folders = [case_xml.folder(case_xml.uid(n), fagsystem=name, **given) for n, name in enumerate(("CIS", "Acos"))]
    assert delivered(application, *folders).case_system == ""
    assert delivered(application, figures("org-nowhere,2024,antall_arsverk,1")).case_system is None


def test_erasure_removes_severity_counts(application: Application, service: SampleService) -> None:
    other = SampleService()
    view = delivered(application, service.folder(1, "2024-12-31", ["2025-03-01"]), other.folder(1, "2024-12-31"))
    assert view.severity is not None
    application.eraser.erase(service.organization_id, "test")
    (erased,) = application.deliveries.recent(1)
    assert (erased.errors, erased.warnings, erased.notices, erased.severity) == (0, 0, 0, None)
