"""Sentences of reviews that several views need: who has done something and when."""

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import by_actor
from preview.model.reviews import Acknowledgement, ApprovalInForce, CommentDocument


def signature(actor: str, at: str, t: Translator) -> str:
    """Return by whom and when something was done: `av kari.n, 3. mars 2026 kl. 14:10`."""
    return t("answer.signature", by=by_actor(actor, t), instant=value_formatting.instant(at, t.language))


def approval_sentence(approval: ApprovalInForce, t: Translator, key: str = "approval.given") -> str:
    """Return when and by whom a report was approved: the name of the account, else the one that was typed.

    Args:
        approval: The approval in force.
        t: The texts.
        key: The key of a sentence with `instant` and `by`.
    """
    by = t("deliver.by", actor=approval.stated_name) if approval.stated_name else by_actor(approval.approved_by, t)
    return t(key, instant=value_formatting.instant(approval.approved_at, t.language), by=by)


def acknowledgement_signature(acknowledgement: Acknowledgement, t: Translator) -> str:
    """Return by whom and when a deviation was acknowledged."""
    return signature(acknowledgement.acknowledged_by, acknowledgement.acknowledged_at, t)


def comment_signature(comment: CommentDocument, t: Translator) -> str:
    """Return by whom and when a comment was written, and that it was edited."""
    text = signature(comment.author, comment.created_at, t)
    if comment.edited_at is None:
        return text
    return t("comment.edited", signature=text, instant=value_formatting.instant(comment.edited_at, t.language))
