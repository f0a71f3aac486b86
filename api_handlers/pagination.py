"""Lists come in pages, with links between them (contract H2)."""

from urllib.parse import urlencode

import msgspec

from api_handlers.request_parsing import PageParams


class Pagination(msgspec.Struct, frozen=True):
    """Where in a list a page lies; `total` counts the items of all pages."""

    page: int
    limit: int
    total: int


def link_header(url: str, params: PageParams, total: int) -> str:
    """The `Link` header (RFC 8288) of the page of a list at `url` that `query` asks for, its filters kept."""
    last_page = max(1, -(-total // params.limit))
    pages = {"first": 1, "prev": min(params.page - 1, last_page), "next": params.page + 1, "last": last_page}
    filters = {name: value for name, value in msgspec.structs.asdict(params).items() if value is not None and name not in ("page", "limit")}
    return ", ".join(
        f'<{url}?{urlencode(filters | {"page": page, "limit": params.limit})}>; rel="{rel}"'
        for rel, page in pages.items()
        if 1 <= page <= last_page
    )
