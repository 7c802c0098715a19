"""Words that tie an answer to the moment, the place or the person of its asking.

Two tables.  `is_live` names questions whose answer is stale at once or belongs to
one person: the weather, the time, a price now, "where is my order".  `is_about_now`
names words such as "latest" and "currently", which tell an answer of hours from one of days.

Rule: how to do a thing is not live, whoever's thing it is: "how do I cancel my
order" has the same answer all year.  English, with the commonest words for "now"
in German, French, Spanish and Italian.
"""

import re

# A question about the past, or about a method, has a lasting answer.
_LASTING = re.compile(
    r"\b(?:1[0-9]\d\d|20[0-3]\d)s?\b"
    r"|^\W*(?:hi|hello|hey)?\W*(?:(?:please|can you|could you|would you|tell me|explain|i want to know|show me|help me"
    r"|i need to know|do you know|i need help|i'd like to know)\W+)*"
    r"(?:how (?:do|does|can|could|should|would|to|did|are|is it)\b|why\b|what (?:happens|if|should i do)\b"
    r"|what (?:is|are|'s) (?:a|an)\b|who invented\b|define\b|write\b|translate\b|summari[sz]e\b|rewrite\b|can i\b|may i\b"
    r"|should i\b|is it (?:possible|safe|ok|okay|legal|good|bad)\b)"
    r"|\b(?:ways?|methods?|options|reasons?|steps) (?:to|of|for|why|that)\b|\bhow (?:do|can|could|should|would) (?:i|we|you)\b"
    r"|\bhow to\b|\bhow come\b|\bwhy (?:is|are|was|were|did|do|does|has|have|hasn't|isn't|can't)\b|\bdo i (?:have|need) to\b"
    r"|\b(?:do i|i) need to (?:do|get|become|score|learn|make)\b|\bwhat (?:factors|affects|determines|causes)\b"
    # What went wrong is answered by what to do about it.
    r"|\b(?:wrong|incorrect|not|never|[a-z]+n['\u2019]t|(?:ca|wo|do|did|does|is|has|have|was)nt|failed|fails|declined|denied|rejected|reverted|twice|extra|missing"
    r"|stolen|lost|fraud|unauthori[sz]ed|unknown|problem|issue|error|mistake|too (?:high|low|long|much)|higher|lower)\b"
)
_SKY = r"(?:weather|forecast|temperature outside|humidity|wind ?chill|uv index|air quality|pollen count)"
_ASSET = (
    r"(?:stocks?|shares?|bitcoin|btc|ethereum|eth|dogecoin|crypto|gold|silver|crude|oil|gas|petrol|diesel|fuel|nasdaq"
    r"|dow(?: jones)?|s&p(?: 500)?|nifty|sensex|ftse|dax|[a-z]+ stock)"
)
_WHEN = r"(?:right now|now|today|tonight|tomorrow|currently|at the moment|this (?:morning|afternoon|evening|week|weekend))"
_STATE = (
    r"(?:orders?|packages?|parcels?|deliver(?:y|ies)|shipments?|balances?|bills?|flights?|refunds?|transactions?"
    r"|payments?|applications?|claims?|appointments?|reservations?|bookings?|statements?|paychecks?|payday"
    r"|credit (?:score|limit)|rewards?(?: points)?|points|miles|calendar|schedule|agenda|meetings?|reminders?"
    r"|to-?do(?: list)?|shopping list|inbox|emails?|messages?|location|vacation (?:days|time|request)|days off|pto"
    r"|time off|spending|purchases?|usage|quota|subscription|tickets?|spot|queue|position|account|checking|savings"
    r"|salary|income|alarms?|playlist)"
)
_LIVE = re.compile(
    "|".join(
        (
            # 1. The clock and the sky.
            r"\bwhat(?:'s| is)? (?:the )?(?:current )?(?:time|date|day)\b(?: is it| is today)?(?:\W*$| in\b| now\b| right now\b| today\b| at\b)",
            r"\bwhat (?:time|day) (?:is it|it is)\b|\btoday'?s (?:date|day)\b|\bthe (?:time|date) (?:now|today|right now|in)\b",
            r"\bwhat(?:'s| is) today\b|\bwhat (?:day|date|month|year) (?:is (?:it|today|tomorrow)|are we)\b|\bcurrent (?:time|date)\b",
            rf"\b{_SKY}\b.{{0,40}}\b(?:{_WHEN}|like|in|for|outside|here|there)\b|\b(?:current|today'?s|tonight'?s|tomorrow'?s) {_SKY}",
            rf"\b(?:what'?s?|how'?s?)(?: is)? the {_SKY}\W*$",
            r"\b(?:will|is|does) it (?:going to |gonna )?(?:be |look )?(?:rain|snow|storm|hot|cold|warm|sunny|cloudy|windy|hail|freez)",
            # 2. Markets, traffic, scores.
            rf"\b{_ASSET} (?:prices?|quotes?|rates?|value)\b|\bprices? (?:of|for) (?:a )?{_ASSET}\b",
            rf"\b(?:how much|what)\b.{{0,30}}\b(?:prices?|cost|worth|trading|rate)\b.{{0,30}}\b{_WHEN}\b",
            (
                r"\b(?:what|tell|give|check|show|current|today'?s|latest)\b.{0,25}\bexchange rates?\b|\bexchange rates? (?:between|from|of|for)\b"
                r"|\bconversion rate\b.{0,30}\b(?:to|between|from)\b|\b(?:dollar|euro|pound|yen) rate\b"
            ),
            rf"\btraffic\b.{{0,40}}\b(?:{_WHEN}|like|on|to|near|around)\b|\bhow (?:busy|crowded|full) is\b|\bwait time\b",
            r"\b(?:what'?s?|tell me)(?: is)? the score\b|\bscore of (?:the|today)|\bwho(?:'s| is) winning\b|\blive (?:scores?|updates?)\b",
            rf"\b(?:news|headlines)\b.{{0,20}}\b{_WHEN}\b|\b(?:today'?s|breaking) (?:news|headlines)\b",
            rf"\bis\b.{{1,40}}\b(?:open|closed|down|up|available|in stock|online)\b.{{0,10}}\b{_WHEN}\b",
            r"\bflight status\b|\bstatus of (?:the )?(?:flight|order|train)\b|\b(?:order|tracking|flight) (?:number )?#?[a-z]{0,3}\d{2,}",
            # 3. One person's things, asked for as they stand.
            (
                r"(?:^|[.?!,;:]|\b(?:please|you|and|know|me|hi|hello|hey))\W*"
                rf"\b(?:where|when|what|what'?s|which|has|have|is|are|was|did|do|how (?:much|many|long)|status of|track|check|show|list"
                rf"|tell me|read|see|look up|pull up|find|any updates?)\b.{{0,40}}\b(?:my|our)\b(?: \w+){{0,3}}? {_STATE}\b"
            ),
            rf"\bmy (?:\w+ ){{0,2}}{_STATE} (?:status|history|balance|total|number|amount)\b",
            r"\bhow (?:much|many)\b.{0,40}\b(?:do i (?:have|owe)|did i|have i|i have|i owe|i spent|left in my)\b",
            r"\bdo i (?:have any|have a|owe)\b.{0,30}\b(?:today|tomorrow|left|due|scheduled|next|on my|in my|coming)\b|\bwhat did i\b|\bwhere am i\b",
            # 4. Where the caller stands.
            r"\bnear (?:me|here|by)\b|\bnearby\b|\baround here\b|\bin my (?:area|city|town)\b|\b(?:nearest|closest)\b.{0,30}\b(?:to me|open)\b",
        )
    )
)
_NOW = re.compile(
    r"\b(?:latest|newest|most recent|recently|current|currently|now|nowadays|today|today's|tonight|tomorrow|yesterday"
    r"|at the moment|at present|so far|as of|these days|this (?:week|month|weekend)|breaking|trending|news|upcoming|updates?"
    r"|prices?|rates?|cost|costs|in stock|available|version|heute|jetzt|aktuell\w*|aujourd'hui|maintenant|actuel\w*|hoy|ahora"
    r"|actual(?:mente|es)|oggi|adesso|attual\w*)\b"
)


def is_live(text: str) -> bool:
    """Whether the answer holds for this moment, place or person only; `text` is in lower case."""
    # In this order: most questions are lasting, which is found in a twentieth of the time.
    return _LASTING.search(text) is None and _LIVE.search(text) is not None


def is_about_now(text: str) -> bool:
    """Whether the text asks for how things stand, in words; `text` is in lower case."""
    return _NOW.search(text) is not None
