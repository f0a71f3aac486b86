"""Keeps rendered pages of fields as long as the store has not changed: 400 rows take longer to render than to send."""

import threading
from collections import OrderedDict

from components.context import AppContext
from components.field.query import FieldQuery
from components.field.rendering import RenderedField, render_field
from preview.core.languages import Language

_MAX_PAGES = 16


class FieldCache:
    """The pages that were asked for last. Its method blocks: call it on a thread."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[FieldQuery, Language], tuple[int, RenderedField]] = OrderedDict()
        context.application.dispatcher.subscribe_erasures(self._on_erased)

    def get(self, query: FieldQuery, language: Language) -> RenderedField:
        """Return the page of a query without its chosen services, as `render_field`."""
        key = query._replace(chosen=()), language
        # The version is read first: a commit in between makes what is kept outdated at once, never wrong.
        store_version = self._context.application.database.data_version()
        with self._lock:
            kept = self._pages.get(key)
        if kept is not None and kept[0] == store_version:
            return kept[1]
        rendered = render_field(self._context, *key)
        with self._lock:
            self._pages[key] = store_version, rendered
            self._pages.move_to_end(key)
            if len(self._pages) > _MAX_PAGES:
                self._pages.popitem(last=False)
        return rendered

    def _on_erased(self, _: str) -> None:
        """Keep nothing: every page may name the organization that is being erased."""
        with self._lock:
            self._pages.clear()
