"""What is shown of several reports before they are approved: an approval of it is one of what was seen."""

from preview.form.catalogue import Catalogue
from preview.reports.rendering import parse_rendered_values
from preview.views.approval_candidates import KEY_FIELDS, ApprovalCandidate
from tests.preview.reviews.conftest import ReviewedService


def candidate(reviewed: ReviewedService) -> ApprovalCandidate:
    (found,) = reviewed.application.overviews.candidates([reviewed.key, ("org-none", "2024")])
    return found


def test_candidate_shows_what_will_be_approved(reviewed: ReviewedService) -> None:
    waiting = candidate(reviewed)
    assert (waiting.decision, waiting.blocking, waiting.can_be_approved) == ("warnings_waiting", ["warning"], False)
    reviewed.acknowledge()
    ready = candidate(reviewed)
    assert (ready.decision, ready.blocking, ready.can_be_approved) == ("ready", [], True)
    assert (ready.organization_name, ready.answered, ready.open_comments) == ("Prøvetjenesten", 1, 0)
    assert (ready.snapshot_id, ready.etag) == (reviewed.snapshot_id, reviewed.etag())
    document = parse_rendered_values(reviewed.application.snapshots.get(ready.snapshot_id).body)
    assert {key: value for key, (value, _) in ready.totals.items()} == {key: document[key][0] for key in KEY_FIELDS}
    assert ready.populated == sum(value is not None for value, _ in document.values())
    reviewed.approve(ready.etag)
    assert (candidate(reviewed).decision, candidate(reviewed).can_be_approved) == ("approved", False)


def test_key_fields_are_in_form_order() -> None:
    keys = [field.field_key for field in Catalogue.load().fields]
    assert sorted(KEY_FIELDS, key=keys.index) == list(KEY_FIELDS)
