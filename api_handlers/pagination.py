"""Pagination of lists and their `Link` header (rule H2, docs/api.md)."""

from urllib.parse import urlencode

import msgspec

from api_handlers.request_parsing import PageParams


class Pagination(msgspec.Struct, frozen=True):
    """Position of a page in its list; `total` counts the items of all pages."""

    page: int
    limit: int
    total: int


def link_header(url: str, params: PageParams, total: int) -> str:
    """Return the `Link` header (RFC 8288) of one page of a list, with the list's filters.

    Args:
        url: Path of the list.
        params: The query of the page, filters included.
        total: Number of items on all pages.

    Returns:
        Links `first`, `prev`, `next` and `last`, as far as such pages exist.
    """
    last_page = max(1, -(-total // params.limit))
    pages = {"first": 1, "prev": min(params.page - 1, last_page), "next": params.page + 1, "last": last_page}
    filters = {
        name: value
        for name, value in msgspec.structs.asdict(params).items()
        if value is not None and name not in ("page", "limit")
    }
    return ", ".join(
        f'<{url}?{urlencode(filters | {"page": page, "limit": params.limit})}>; rel="{rel}"'
        for rel, page in pages.items()
        if 1 <= page <= last_page
    )
