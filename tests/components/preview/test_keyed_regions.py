"""Everything in a patched region that can be focused or opened is found again by an id, wherever it has moved."""

from collections.abc import Callable, Iterator

import msgspec
import pytest
from lxml import html

from components.context import AppContext
from components.deliveries.presenter import present_delivery
from components.layout.preferences import Translator
from components.preview.report_view import NoticeView
from components.services.service_list import present_services
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.ingest.delivery_view import DeliveryView
from preview.reports.organizations import OrganizationOption
from tests.components.deliveries.test_drawer import FOUND, IMPORTED, OSLO
from tests.components.preview_samples import JOB, make_preview, make_values

CONTROLS = ".//a | .//button | .//details | .//input | .//textarea | .//li[.//b]"
FIXED = {"filters", "sources", "first-error", "periods", "organization"}
"""Regions whose controls are always the same ones, in the same order."""
NAMES = [OSLO, ("org-1043", "Barnevernstjenesten Vik"), ("org-1044", "Barnevernstjenesten Ås")]


def unkeyed(region: html.HtmlElement) -> Iterator[str]:
    """Yield the controls of a region that only their order tells apart."""
    for control in region.xpath(CONTROLS):
        within = [control, *control.iterancestors()]
        if not any(element.get("id") for element in within[: within.index(region) + 1]):
            yield str(html.tostring(control, encoding="unicode", with_tail=False))


@pytest.mark.parametrize("status", ["running", "failed", "completed"])
def test_controls_of_preview_regions_have_ids(
    render: Callable[..., dict[str, html.HtmlElement]], catalogue: Catalogue, status: str
) -> None:
    deliveries = [
        DeliveryView(msgspec.structs.replace(IMPORTED, delivery_id=f"dlv-{n}"), NAMES, FOUND) for n in (12, 11, 10)
    ]
    job = msgspec.structs.replace(JOB, job_status=status, ended_at="2026-03-25T15:00:00Z")
    preview = make_preview(catalogue, make_values(catalogue), make_values(catalogue), deliveries=deliveries, job=job)
    regions = render(preview)
    assert {name: list(unkeyed(region)) for name, region in regions.items() if name not in FIXED} == {
        name: [] for name in regions if name not in FIXED
    }


def test_controls_of_lists_have_ids(context: AppContext) -> None:
    t = Translator(MessageCatalog.load(), "nb")
    regions = context.macros("preview/preview_regions.html")
    services = present_services(OrganizationOption(*name, "999999999") for name in NAMES)
    notice = NoticeView("danger", "", ("retry", "findings", "job", "deliver", "overview"))
    entry = present_delivery(DeliveryView(IMPORTED, NAMES, FOUND), t)
    for text in (
        regions.services(services, t),
        regions.notice(notice, t),
        context.macros("deliveries/drawer.html").delivery(entry, t),
    ):
        root = html.fragment_fromstring(f"<div>{text}</div>")[0]
        assert root.xpath(CONTROLS)
        assert list(unkeyed(root)) == []
