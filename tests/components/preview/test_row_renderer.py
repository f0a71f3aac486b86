"""Rows that say the same are rendered once, and no page gets a row of another report or language."""

from collections.abc import Callable

import msgspec
import pytest

from components.context import AppContext
from components.preview.report_cache import RowRenderer, render_regions
from components.preview.report_view import ReportView
from preview.core.languages import Language
from preview.form.catalogue import Catalogue
from preview.views.preview import Preview
from tests.components.preview_samples import make_preview, make_values

Present = Callable[..., ReportView]
CHANGED = "antall_flyttinger"


@pytest.fixture
def preview(catalogue: Catalogue) -> Preview:
    return make_preview(catalogue, make_values(catalogue), make_values(catalogue))


def test_only_changed_rows_are_rendered_again(
    context: AppContext, present: Present, catalogue: Catalogue, preview: Preview
) -> None:
    rows = RowRenderer(context)
    before = rows.regions(present(preview))
    changed = make_preview(catalogue, make_values(catalogue, **{CHANGED: 101}), make_values(catalogue))
    after = rows.regions(present(changed))
    assert {region for region in before if after[region] is not before[region]} == {
        f"row-{CHANGED}",
        f"detail-{CHANGED}",
    }
    assert 'data-value="101"' in after[f"row-{CHANGED}"]
    assert after.items() <= render_regions(context, present(changed)).items()


@pytest.mark.parametrize(
    ("changes", "language"),
    [({}, "nn"), ({"organization_id": "org-1043"}, "nb"), ({"period_id": "2025"}, "nb"), ({"review": None}, "nb")],
)
def test_rows_of_another_page_are_its_own(
    context: AppContext, present: Present, preview: Preview, changes: dict[str, str | None], language: Language
) -> None:
    rows = RowRenderer(context)
    before = rows.regions(present(preview))
    other = present(msgspec.structs.replace(preview, **changes), language)
    after = rows.regions(other)
    assert after != before
    assert after.items() <= render_regions(context, other).items()
