"""The JSON of Deck's answers, with the differences between one address and another."""

import hashlib
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from nextcloud_sandbox.areas.deck.state import (
    EDIT,
    MANAGE,
    READ,
    SHARE,
    Acl,
    Assigned,
    Attachment,
    Board,
    Card,
    Comment,
    Decks,
    Label,
    Stack,
)

Json = dict[str, Any]
SETTINGS = {"notify-due": "assigned", "calendar": True}


def etag(modified: int | None) -> str:
    """Deck's ETag is the md5 of the second of the last change: two changes within it share one."""
    return hashlib.md5(b"" if modified is None else str(modified).encode(), usedforsecurity=False).hexdigest()


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


class Records:
    """Answers for one caller."""

    def __init__(self, decks: Decks, user: str) -> None:
        self.decks = decks
        self.user = user

    def person(self, user: str, type: int = 0) -> Json:
        account = self.decks.sandbox.users.get(user)
        return {"primaryKey": user, "uid": user, "displayname": account.display_name if account else user, "type": type}

    def label(self, label: Label, card: int | None = None) -> Json:
        return {
            "id": label.id,
            "title": label.title,
            "color": label.color,
            "boardId": label.board,
            "cardId": card,
            "lastModified": label.modified,
            "ETag": etag(label.modified),
        }

    def listed_label(self, label: Label, card: int | None = None) -> Json:
        """A label that was read again: it never changed at second 0."""
        modified = label.modified or 0
        return self.label(label, card) | {"lastModified": modified, "ETag": etag(modified)}

    def acl(self, acl: Acl) -> Json:
        return {
            "id": acl.id,
            "participant": self.person(acl.participant, acl.type),
            "type": acl.type,
            "boardId": acl.board,
            "permissionEdit": acl.edit,
            "permissionShare": acl.share,
            "permissionManage": acl.manage,
            "owner": False,
        }

    # Boards

    def board(self, board: Board, *, details: bool = True, shared: int | None = None, labels: bool = False) -> Json:
        """`details` adds labels, people, stacks and settings; `labels` only the labels; `shared` is told in lists."""
        decks = self.decks
        permissions = {f"PERMISSION_{right}": decks.may(self.user, board, right) for right in (READ, EDIT, MANAGE, SHARE)}
        return {
            "id": board.id,
            "title": board.title,
            "owner": self.person(board.owner),
            "color": board.color,
            "archived": board.archived,
            "labels": [self.listed_label(label) for label in decks.labels_of(board.id)] if details or labels else [],
            "acl": [self.acl(acl) for acl in decks.acls_of(board.id)],
            "permissions": permissions,
            "users": [self.person(user) for user in decks.members(board)] if details else [],
            **({"shared": shared} if shared is not None else {}),
            "stacks": [self.stack(stack) for stack in decks.stacks_of(board.id)] if details else [],
            "activeSessions": [],
            "deletedAt": board.deleted,
            "lastModified": board.modified,
            "settings": SETTINGS if details else [],
            "ETag": etag(board.modified),
        }

    def new_board(self, board: Board) -> Json:
        """The answer to a creation knows little of the board yet."""
        labels = [self.label(label) for label in self.decks.labels_of(board.id)]
        return self.board(board, details=False) | {"labels": labels, "lastModified": 0, "ETag": etag(0)}

    def stack(self, stack: Stack, cards: list[Json] | None = None) -> Json:
        return {
            "id": stack.id,
            "title": stack.title,
            "boardId": stack.board,
            "deletedAt": stack.deleted,
            "lastModified": stack.modified,
            **({"cards": cards} if cards else {}),
            "order": stack.order,
            "ETag": etag(stack.modified),
        }

    # Cards

    def _base(self, card: Card) -> Json:
        return {
            "id": card.id,
            "title": card.title,
            "description": card.description,
            "stackId": card.stack,
            "type": card.type,
            "lastModified": card.modified,
            "lastEditor": card.editor,
            "createdAt": card.created,
            "labels": None,
            "assignedUsers": None,
            "attachments": None,
            "attachmentCount": None,
            "owner": card.owner,
            "order": card.order,
            "archived": card.archived,
            "done": card.done,
            "duedate": card.duedate,
            "deletedAt": card.deleted,
            "commentsUnread": 0,
            "commentsCount": 0,
            "ETag": etag(card.modified),
        }

    def raw_card(self, card: Card, *, owner: bool = False) -> Json:
        """A card as the database has it; with `owner` also its labels and its owner's name."""
        more = {"descriptionPrev": card.previous, "notified": False, "relatedStack": None, "relatedBoard": None}
        named = {"labels": self.labels_on(card), "owner": self.person(card.owner)} if owner else {}
        return self._base(card) | more | named

    def archived_card(self, card: Card) -> Json:
        return self.raw_card(card) | {"labels": self.labels_on(card) or None, "attachmentCount": len(card.attachments)}

    def plain_card(self, card: Card) -> Json:
        """A card of a single stack: without labels."""
        more = {"assignedUsers": self.people_on(card), "attachmentCount": len(card.attachments)}
        return self._base(card) | more | {"overdue": self.overdue(card), "referenceData": None}

    def card(self, card: Card, *, attachments: list[Json] | None = None) -> Json:
        """A card with all that belongs to it."""
        more = {"labels": self.labels_on(card), "owner": self.person(card.owner), "commentsCount": len(self.decks.comments_of(card.id))}
        return self.plain_card(card) | more | {"attachments": attachments}

    def with_board(self, card: Card) -> Json:
        board = self.decks.board_of(card)
        return self.card(card) | {"boardId": board.id, "board": {"id": board.id, "title": board.title}}

    def labels_on(self, card: Card) -> list[Json]:
        found = (self.decks.store.labels.get(label) for label in sorted(card.labels))
        return [self.listed_label(label, card.id) for label in found if label]

    def people_on(self, card: Card) -> list[Json]:
        return [self.assigned(card, one) for one in card.assigned]

    def assigned(self, card: Card, one: Assigned) -> Json:
        return {"id": one.id, "participant": self.person(one.participant, one.type), "cardId": card.id, "type": one.type}

    def days_left(self, card: Card) -> int | None:
        if card.duedate is None:
            return None
        return (datetime.fromisoformat(card.duedate).date() - datetime.fromtimestamp(self.decks.now, UTC).date()).days

    def overdue(self, card: Card) -> int:
        days = self.days_left(card)
        return 0 if days is None or days > 1 else 1 if days == 1 else 2 if days == 0 else 3

    # Comments and attachments

    def comment(self, comment: Comment, *, reply: bool = True) -> Json:
        account = self.decks.sandbox.users.get(comment.actor)
        parent = self.decks.store.comments.get(comment.parent) if reply else None
        return {
            "id": comment.id,
            "objectId": comment.card,
            "message": comment.message,
            "actorId": comment.actor,
            "actorType": "users",
            "actorDisplayName": account.display_name if account else comment.actor,
            "creationDateTime": iso(comment.created),
            "mentions": [self.mention(user) for user in mentioned(comment.message) if user in self.decks.sandbox.users],
            **({"replyTo": self.comment(parent, reply=False)} if parent else {}),
        }

    def mention(self, user: str) -> Json:
        return {"mentionId": user, "mentionType": "user", "mentionDisplayName": self.decks.sandbox.users[user].display_name}

    def attachment(self, card: Card, one: Attachment, *, creator: bool = True) -> Json | None:
        """None where the file is gone. Its place is told as its owner's, `path` only to who sees the file."""
        entry = self.decks.sandbox.files(one.owner).by_id(one.file)
        if entry is None:
            return None
        mine = self.decks.sandbox.files(self.user).by_id(one.file)
        name, account = PurePosixPath(entry.name), self.decks.sandbox.users[one.owner]
        info = {"dirname": ".", "basename": entry.name, **({"extension": name.suffix[1:]} if name.suffix else {}), "filename": name.stem}
        extended = {
            "path": mine.path if mine else f"/{entry.name}",
            "fileid": one.file,
            "data": entry.name,
            "filesize": entry.node.size,
            "mimetype": entry.node.mime,
            "info": info,
            "hasPreview": entry.node.mime.startswith(("text/", "image/")),
            "permissions": 1,
        }
        made = {"attachmentCreator": {"displayName": account.display_name, "id": account.id, "email": account.email or None}}
        return {
            "id": one.id,
            "cardId": card.id,
            "type": "file",
            "data": entry.name,
            "lastModified": int(entry.node.mtime) if creator else 0,
            "createdAt": one.created if creator else 0,
            "createdBy": one.owner if creator else None,
            "deletedAt": 0,
            "extendedData": extended | (made if creator else {}),
        }

    def attachments(self, card: Card) -> list[Json]:
        found = (self.attachment(card, one) for one in card.attachments)
        return [one for one in found if one is not None]


def mentioned(message: str) -> list[str]:
    """The names after an @, with or without quotes."""
    return list(dict.fromkeys(word[1:].strip('"').rstrip(".,;:!?") for word in message.split() if word.startswith("@")))
