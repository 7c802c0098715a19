"""Embed a text so that the cache may compare it with others.

Question: what about a text with words that the embedder cannot tell from others, such as emoji or Chinese for
an English one?  Choice: it is compared by the rest of its words, with texts whose unreadable words are the same
in the same order.  So "translate into English: X" finds "put X into English" with that X only.  Rejected:
the exact tier alone, which loses such paraphrases, and comparing anyway, which takes one X for another.
"""

from sparingly.core.entry import unread_mark
from sparingly.core.vectors import Vector
from sparingly.errors import TextUnreadable
from sparingly.ports import Embedder


async def comparable(embedder: Embedder, text: str) -> tuple[Vector, str]:
    """A text's unit vector and the mark of its unreadable words, empty where there are none.

    Raises:
        TextTooLong: the vector would not stand for all of it.
        EmbedderError: the embedder failed.
    """
    try:
        return await embedder.embed(text), ""
    except TextUnreadable as error:
        if not error.words:
            raise
        return await embedder.head(text), unread_mark(error.words)
