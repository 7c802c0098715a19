"""What the judge is given about a question: its text and what the embedder made of it."""

import msgspec

from sparingly.core.vectors import Vector


class Question(msgspec.Struct, frozen=True, eq=False):
    """A question as asked; `unread` marks the words that the embedder could not tell apart."""

    text: str
    vector: Vector
    unread: str = ""
