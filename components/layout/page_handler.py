"""Base classes of the handlers that answer with HTML: errors become a page with a sentence and a way back."""

from typing import Any

from tornado.web import RequestHandler

from components.context import AppContext
from components.layout.error_messages import ErrorMessage, error_message
from components.layout.preferences import preferences_of
from components.layout.security_headers import set_security_headers
from preview.core.errors import Unavailable


class Redirect(Exception):
    """Raised by a page's `fetch` when another page must answer.

    Attributes:
        path: The path of that page below the URL prefix, with a leading slash; a query may follow.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class HtmlErrorMixin(RequestHandler):
    """A handler that renders every error as a page in the visitor's language instead of Tornado's default page.

    Subclasses set `context` in `initialize` and `nonce` in `prepare`.
    """

    context: AppContext
    nonce: str

    def send_error_page(self, error: ErrorMessage) -> None:
        """Finish the response with the error page and its status."""
        self.set_status(error.status)
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        self.finish(self.context.error_page(error, preferences_of(self.request), self.nonce))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the error page; Tornado calls this after it has logged the exception."""
        self.nonce = set_security_headers(self)
        t = self.context.translator(preferences_of(self.request))
        match kwargs.get("exc_info"):
            case (_, OSError() | Unavailable() as error, _):
                self.send_error_page(error_message(error, t))
                return
            case _:
                pass
        key = "notice.no_page" if status_code == 404 else "notice.unexpected"
        self.send_error_page(ErrorMessage(t(key), status_code))


class NotFoundHandler(HtmlErrorMixin):
    """Answers every path that is no page with the 404 page."""

    def initialize(self, context: AppContext) -> None:
        """Take the context that renders the page."""
        self.context = context

    def prepare(self) -> None:
        """Send the 404 page, for any method."""
        self.send_error(404)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the 404 page, for methods that Tornado does not know too (Tornado's hook)."""
        super().write_error(404 if status_code == 405 else status_code, **kwargs)
