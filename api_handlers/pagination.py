"""Lists come in pages, with links between them (contract H2)."""

from urllib.parse import urlencode

import msgspec

from api_handlers.request_parsing import Paging


class Pagination(msgspec.Struct, frozen=True):
    """Where in a list a page lies; `total` counts the items of all pages."""

    page: int
    limit: int
    total: int


def links(url: str, query: Paging, total: int) -> str:
    """The `Link` header (RFC 8288) of the page of a list at `url` that `query` asks for, its filters kept."""
    last = max(1, -(-total // query.limit))
    pages = {"first": 1, "prev": min(query.page - 1, last), "next": query.page + 1, "last": last}
    filters = {name: value for name, value in msgspec.structs.asdict(query).items() if value is not None and name not in ("page", "limit")}
    return ", ".join(
        f'<{url}?{urlencode(filters | {"page": page, "limit": query.limit})}>; rel="{rel}"'
        for rel, page in pages.items()
        if 1 <= page <= last
    )
