"""The newest events of all services, as a short list beside what another page shows."""

from dataclasses import replace

from components.activity.presenter import present_activity
from components.context import AppContext
from components.layout.preferences import Translator
from components.services.service_list import split_name
from preview.storage.history.activity import ActivityFilter

MAX_EVENTS = 6


def render_newest(context: AppContext, t: Translator) -> str:
    """Return the region `newest-events`. Blocks."""
    application = context.application
    found = application.activity.query.entries(ActivityFilter(), None, MAX_EVENTS)
    days = [
        replace(day, items=[replace(item, service=split_name(item.service, t)[1]) for item in day.items])
        for day in present_activity(found.entries, application.catalogue, t)
    ]
    return context.macros("activity/activity_regions.html").newest(days, t)
