"""What a visitor decides on a report: approvals, answers to deviations, and comments. Each goes to its service."""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from components.context import AppContext
from components.layout.preferences import Translator
from preview.core.errors import ApprovalBlocked, NotFound, NotPermitted, PreconditionFailed, ValidationError
from preview.model.reviews import MAX_NAME_LENGTH, WHOLE_REPORT

Message = Mapping[str, Any]
Action = Callable[[Message], Coroutine[Any, Any, None]]

MESSAGE_OVERRIDES: Mapping[type[Exception], str] = {
    ApprovalBlocked: "approval.refused_blocked",
    NotFound: "approval.gone",
    NotPermitted: "approval.refused_unnamed",
    PreconditionFailed: "approval.refused_changed",
    ValidationError: "text.refused",
}
"""The texts of the errors of these actions."""


class ReviewActions:
    """The actions of one session by the name that the browser's messages have."""

    def __init__(self, context: AppContext, actor: str, *, is_named: bool) -> None:
        """Use the application's services.

        Args:
            context: The application.
            actor: Who acts on the page.
            is_named: Whether `actor` is a person whom the trusted proxy has named.
        """
        self._context = context
        self._run_blocking = context.run_blocking
        self._services = context.application.reviews
        self._actor = actor
        self._is_named = is_named
        self.by_name: Mapping[str, Action] = {
            "approve": self._approve,
            "withdraw": self._withdraw,
            "acknowledge": self._acknowledge,
            "take_back": self._take_back,
            "comment": self._comment,
            "edit_comment": self._edit_comment,
            "resolve_comment": partial(self._set_resolved, resolved=True),
            "reopen_comment": partial(self._set_resolved, resolved=False),
            "delete_comment": self._delete_comment,
        }

    def render_approver(self, t: Translator) -> str:
        """Return the region that says who approves, or asks for a name."""
        needs_account = self._context.application.settings.actor_header is not None
        macros = self._context.macros("review/review_regions.html")
        return macros.approver(self._actor, self._is_named, needs_account, MAX_NAME_LENGTH, t)

    async def _approve(self, message: Message) -> None:
        approve = partial(
            self._services.approvals.approve,
            is_named=self._is_named,
            note=_text(message, "note") or None,
            stated_name=None if self._is_named else _text(message, "stated_name") or None,
        )
        seen = _text(message, "snapshot_id"), _text(message, "etag") or None
        await self._run_blocking(approve, *_report(message), *seen, self._actor)

    async def _withdraw(self, message: Message) -> None:
        withdraw = self._services.approvals.withdraw
        await self._run_blocking(withdraw, *_report(message), _text(message, "reason"), self._actor)

    async def _acknowledge(self, message: Message) -> None:
        acknowledge = self._services.acknowledgements.acknowledge
        await self._run_blocking(
            acknowledge, *_report(message), _deviation(message), _text(message, "text"), self._actor
        )

    async def _take_back(self, message: Message) -> None:
        take_back = self._services.acknowledgements.take_back
        await self._run_blocking(take_back, *_report(message), _deviation(message), self._actor)

    async def _comment(self, message: Message) -> None:
        field_key = _text(message, "field")
        about = None if field_key == WHOLE_REPORT else field_key
        add = self._services.comments.add
        await self._run_blocking(add, *_report(message), about, _text(message, "text"), self._actor)

    async def _edit_comment(self, message: Message) -> None:
        edit = partial(self._services.comments.edit, text=_text(message, "text"))
        await self._run_blocking(edit, *_report(message), _text(message, "comment"), self._actor)

    async def _set_resolved(self, message: Message, *, resolved: bool) -> None:
        edit = partial(self._services.comments.edit, resolved=resolved)
        await self._run_blocking(edit, *_report(message), _text(message, "comment"), self._actor)

    async def _delete_comment(self, message: Message) -> None:
        delete = self._services.comments.delete
        await self._run_blocking(delete, *_report(message), _text(message, "comment"), self._actor)


def _text(message: Message, name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""


def _report(message: Message) -> tuple[str, str]:
    """Return the organization and period that the browser showed; the session may show others by now."""
    return _text(message, "organization_id"), _text(message, "period_id")


def _deviation(message: Message) -> tuple[str, str]:
    return _text(message, "rule"), _text(message, "field")
