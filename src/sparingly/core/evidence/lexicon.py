"""Words with a part in the meaning of a question, by kind: written down, not learned.

Words are in the normal form of `normalizing`: lower case, singular, contractions
spelled out.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _opposites(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in text.split(","):
        left, _, right = pair.strip().partition(":")
        for one in left.split():
            for other in right.split():
                found.setdefault(one, set()).add(other)
                found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


NEGATORS: Final = _words(
    "not no never without none nobody nothing neither nor except unless lack fail refuse avoid stop"
)

QUANTIFIERS: Final = _words(
    """all any every each some most many few several both none only just half least more less fewer always
    sometimes never often usually rarely at"""
)
SUPERLATIVES: Final = _words(
    """best worst most least highest lowest biggest largest smallest fastest slowest cheapest oldest youngest
    newest latest earliest longest shortest easiest hardest first last top maximum minimum max min"""
)
COMPARATIVES: Final = _words(
    """better worse more less higher lower bigger larger smaller faster slower cheaper older younger newer later
    earlier longer shorter easier harder than"""
)
MODALS: Final = _words("can could should would will must may might shall need")
TENSES: Final = _words("did was were had will been happened does do is are has have be going")
PERSONS: Final = _words("i my me mine we our us you your he his him she her they their them it one")
PAST: Final = _words("did was were had happened previously ago yesterday last former old")
FUTURE: Final = _words("will going upcoming tomorrow next future shall new")
TIME_WORDS: Final = _words(
    """now today tonight tomorrow yesterday current currently latest recent recently upcoming next last this year
    month week day hour morning evening night weekend monday tuesday wednesday thursday friday saturday sunday
    january february march april june july august september october november december spring summer autumn winter
    daily weekly monthly yearly annual annually before after until since still yet ago already anymore"""
)
FORMATS: Final = _words(
    """list table json yaml xml csv html markdown code script example summary short brief detail detailed step
    bullet sentence paragraph essay email letter poem word diagram chart formula definition synonym"""
)
DIRECTIONS: Final = _words("from to into onto out than over under before after by via toward against")
# Orders that mean the same whichever comes first: a swap around these is no change.
ORDERLESS: Final = _words("between difference compare comparison similar same both vs versus")
SYMMETRIC: Final = ORDERLESS | _words("and or with")

STOP: Final = _words(
    """a an the of to in on at for from by with and or but is are was were be been do does did has have had i my me
    you your we our it its this that these those there here what which who whom whose when where why how can could
    should would will may might must shall if so as about into than then some any not no get make one they he she
    his her their them us up out just also very really want like know tell need go"""
)

FRAMES: Final = _words(
    """explain explanation describe description define definition mean meaning tell show give provide walk step process
    procedure way instruction basic usual normal simple simply plain exactly information detail through"""
)
"""At the beginning of a request: how an answer is asked for, not what about."""

MAKING: Final = _words(
    """write draft compose create make give prepare generate produce suggest list outline summarize translate describe
    explain tell put design plan provide need show rewrite turn build sketch"""
)
"""What begins a request for a text of some kind: "draft a letter about"."""
LINKS: Final = _words(
    "about on for of concerning regarding that which to into from with so explaining describing"
)
"""What stands between the kind of text and what it is about."""

ANTONYMS: Final = _opposites(
    """>:<, >=:<=, buy purchase:sell, increase raise grow gain improve:decrease reduce lower lose shrink cut worsen,
    open:close, start begin:stop end finish quit, enable activate allow:disable deactivate block forbid prohibit,
    on:off, add include insert append attach:remove delete exclude drop detach subtract, install:uninstall,
    upgrade:downgrade, up:down, upload:download, import:export, send:receive get, give:take receive, lend:borrow,
    deposit:withdraw withdrawal, credit:debit, debit:prepaid, profit:loss, asset:liability, income:expense,
    in:out, into:out, enter:exit leave, arrive arrival:depart departure leave, push:pull, win:lose, pass:fail,
    encrypt:decrypt, encode:decode, encoding:decoding, encryption:decryption, compress:decompress extract,
    serialize:deserialize, lock:unlock, block:unblock, freeze:unfreeze, subscribe:unsubscribe, follow:unfollow,
    mute:unmute, login:logout, connect:disconnect, mount:unmount, pack:unpack, zip:unzip, do:undo, cancel:renew
    reactivate resume, pause:resume, save:load delete spend, read:write, create make build:delete destroy remove,
    show display reveal:hide, expand:collapse, merge:split, join:leave split, accept approve:reject decline deny,
    before:after, earlier:later, first:last, early:late, old:new, older:newer, oldest:newest, young:old,
    best:worst, better:worse, good:bad, benefit advantage pro:drawback disadvantage con risk harm,
    positive:negative, more:less fewer, most:least, many:few, much:little, maximum max:minimum min,
    maximize:minimize, high:low, higher:lower, highest:lowest, big large:small little, bigger larger:smaller,
    biggest largest:smallest, long:short, longer:shorter, longest:shortest, tall:short, fast quick:slow,
    faster:slower, hot:cold, warm:cool, heat:cool, hard difficult:easy, hardest:easiest, strong:weak, rich:poor,
    cheap:expensive, cheapest:expensive, free:paid, public:private, internal:external, inside:outside,
    indoor:outdoor, input:output, left:right, top:bottom, above:below, over:under, front:back, north:south,
    east:west, male man boy:female woman girl, men:women, husband:wife, father:mother, son:daughter,
    brother:sister, king:queen, he:she, his:her, day:night, morning:evening night, summer:winter, today:yesterday
    tomorrow, yesterday:tomorrow, last:next, previous:next, past:future, ascend ascending:descend descending,
    horizontal:vertical, row:column, client:server, sender:recipient receiver, buyer:seller, employer:employee,
    teacher:student, parent:child, doctor:patient, landlord:tenant, lender:borrower, true:false, yes:no,
    always:never, everyone everybody:nobody, everything:nothing, with:without, love like:hate dislike, life:death,
    live alive:die dead, war:peace, friend:enemy, question:answer, cause:effect cure treat prevent, sick:healthy,
    hyper:hypo, hypertension:hypotension, hyperthyroidism:hypothyroidism, acute:chronic, benign:malignant,
    gain:lose, weight:height, inhale:exhale, hire:fire, borrow:lend, rent:buy, lease:buy, long:short, bull:bear,
    bullish:bearish, call:put, fixed:variable, gross:net, checking:saving savings, savings:checking,
    frontend:backend, synchronous sync:asynchronous async, static:dynamic, local:remote global, global:local,
    ascending:descending, lossy:lossless, mutable:immutable, optimistic:pessimistic, legal:illegal,
    possible:impossible, safe:dangerous unsafe, single:married double, introvert:extrovert, empty:full,
    beginner:advanced expert, major:minor, senior:junior, offline:online, domestic:international, import:export"""
)
"""Each word with those that turn a question around when they take its place."""

POLAR_PREFIXES: Final = ("un", "in", "dis", "non", "im", "ir", "il", "mis", "de", "anti", "counter")
POLAR_ENDINGS: Final = ("less", "free")
