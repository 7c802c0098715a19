"""Words that stand in the same places and mean different things: what hard negatives are made of.

Each line is a family.  Replacing a member by a sibling keeps a question
fluent and near to the embedder, and changes its answer.  `SYNONYMS` are the
opposite: replacing one by the other leaves the answer as it is.
"""

from typing import Final


def _families(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(one.strip() for one in line.split(",")) for line in text.strip().splitlines())


ENTITIES: Final = _families(
    """india, china, japan, germany, france, spain, italy, canada, mexico, brazil, australia, pakistan, russia, nigeria, kenya, egypt, turkey, poland, sweden, norway
london, paris, berlin, madrid, rome, tokyo, delhi, mumbai, bangalore, chennai, new york, chicago, boston, seattle, san francisco, los angeles, toronto, sydney, singapore, dubai
english, spanish, french, german, italian, chinese, japanese, hindi, arabic, russian, portuguese, korean, turkish
apple, google, microsoft, amazon, facebook, netflix, tesla, samsung, intel, nvidia, ibm, oracle, uber, walmart, sony
instagram, twitter, whatsapp, snapchat, linkedin, reddit, youtube, tiktok, quora, pinterest, telegram
python, java, javascript, typescript, rust, go, ruby, php, kotlin, swift, scala, perl, matlab
postgres, mysql, mongodb, redis, sqlite, cassandra, elasticsearch, snowflake
aws, azure, gcp, heroku, kubernetes, docker
windows, linux, macos, android, ios, ubuntu, debian, fedora
chrome, firefox, safari, edge
react, angular, vue, django, flask, rails, spring
ibuprofen, aspirin, paracetamol, naproxen, amoxicillin, metformin, insulin, prednisone, xanax, zoloft
diabetes, asthma, cancer, arthritis, anemia, pneumonia, influenza, migraine, hypertension, hepatitis, malaria
knee, shoulder, elbow, ankle, wrist, hip, neck, back, foot, stomach, throat, ear, eye
dog, cat, horse, rabbit, hamster, bird, fish, snake
cricket, football, tennis, basketball, baseball, hockey, golf, rugby
world cup, olympics, super bowl, champions league, grammy awards, oscars
dollars, euros, pounds, yen, rupees, francs
january, february, march, april, june, july, august, september, october, november, december
monday, tuesday, wednesday, thursday, friday, saturday, sunday
president, prime minister, governor, mayor, king, senator
gold, silver, copper, oil, bitcoin, ethereum
bachelor, master, phd, mba, diploma
mechanical, electrical, civil, chemical, computer science, aerospace
physics, chemistry, biology, mathematics, history, geography, economics, psychology"""
)
PRODUCTS: Final = _families(
    """checking, savings, current, joint, retirement, brokerage
credit card, debit card, gift card, prepaid card, virtual card, travel card
mortgage, car loan, student loan, personal loan, business loan
home insurance, car insurance, health insurance, life insurance, travel insurance, pet insurance
wire transfer, direct debit, standing order, cheque, cash deposit
stocks, bonds, options, futures, mutual funds, etfs
pin, password, passcode, username, email address, phone number
router, printer, laptop, phone, tablet, keyboard, monitor
invoice, receipt, statement, contract, refund, subscription
email, text message, phone call, letter, chat
visa, mastercard, paypal, apple pay, google pay
rice, pasta, chicken, beef, salmon, bread, potatoes
api key, access token, certificate, webhook, database, backup
flight, hotel, train, bus, taxi, rental car
passport, driving license, visa application, birth certificate"""
)
TIERS: Final = _families(
    """free, basic, standard, plus, pro, premium, business, enterprise
bronze, silver, gold, platinum, diamond
economy, business class, first class
individual, family, team, corporate
monthly, weekly, yearly, daily, quarterly
beginner, intermediate, advanced
small, medium, large
staging, production, development, test"""
)
ROLES: Final = _families(
    """customer, employee, manager, admin, owner, guest, contractor
student, teacher, parent, professor
buyer, seller, tenant, landlord, broker
doctor, patient, nurse, pharmacist
adult, child, infant, teenager, senior
man, woman, boy, girl
husband, wife, brother, sister, mother, father, son, daughter
sender, recipient, account holder, beneficiary"""
)
QUANTIFIERS: Final = _families(
    """all, some, none of the, most
at least, at most, exactly
minimum, maximum, average
always, never, sometimes
more than, less than
first, last, second
best, worst, cheapest, most expensive
highest, lowest
largest, smallest
fastest, slowest
before, after, during
with, without
only, also
current, previous, next
today, yesterday, tomorrow
this year, last year, next year
this week, last week, next week
oldest, newest, latest"""
)
UNITS: Final = _families(
    """seconds, minutes, hours, days, weeks, months, years
miles, kilometers, feet, meters, inches
pounds, kilograms, ounces, grams
mg, ml, mcg
celsius, fahrenheit, kelvin
kb, mb, gb, tb"""
)
ACTIONS: Final = _families(
    """buy, sell, rent
open, close, freeze
enable, disable
add, remove
increase, decrease
install, uninstall, update
deposit, withdraw
lend, borrow
upload, download
import, export
send, receive
start, stop
turn on, turn off
activate, deactivate
subscribe, unsubscribe
accept, reject
create, delete
lock, unlock
gain, lose
save, spend
cancel, renew, pause
approve, decline
join, leave
encrypt, decrypt
block, unblock
raise, lower
upgrade, downgrade
show, hide
merge, split
treat, prevent, cause
connect, disconnect
read, write
apply for, opt out of
log in, log out
book, cancel
dispute, pay, track, change, report, request"""
)
ASKS: Final = _families(
    """how do i, why do i, when do i, where do i
how can i, why can i, when can i, where can i
what is, who is, where is, when is
how many, how long, how often
how much, how old, how far
why is, when is, how is
who, when, where, why"""
)
MODALS: Final = _families(
    """can i, should i, must i
do i need to, am i allowed to
should i, how do i
will, did"""
)
FORMATS: Final = (
    "in one sentence",
    "in detail",
    "as a table",
    "as json",
    "with an example",
    "step by step",
    "in spanish",
)
LIMITS: Final = (
    "for a business account", "in canada", "for students", "on android", "without internet", "for beginners",
    "during pregnancy", "on weekends", "in python", "for free", "under 18", "after 60", "at night", "in winter",
    "for my mother", "on a joint account", "from abroad", "with a debit card", "last month", "next year", "right now",
)  # fmt: skip
PADDING: Final = (
    "exactly", "in general", "here", "for me", "if possible", "on this site", "in your app", "with this tool", "in the docs",
    "by myself", "in this case", "actually", "in simple words", "on my own", "in your system", "with your service",
)  # fmt: skip
"""What people add without meaning anything by it."""
OPENINGS: Final = (
    "I have a question:", "I was trying to find out,", "I'm new here,", "So basically", "Just wondering,", "I'm not sure,",
    "As the title says,", "I would like to know", "I'm curious,", "My question is:", "Sorry to bother you, but", "One more thing:",
)  # fmt: skip
OTHERS: Final = (
    "my wife's",
    "my neighbor's",
    "another customer's",
    "my son's",
    "my company's",
    "someone else's",
)

SYNONYMS: Final = _families(
    """buy, purchase
cost, price
quick, fast
begin, start
big, large
get, obtain
help, assist
fix, repair, solve
improve, boost, enhance
lose weight, shed weight
money, cash
job, work
movie, film
error, issue, problem
delete, erase
picture, photo, image
kids, children
phone, mobile phone, smartphone
mobile number, phone number
make money, earn money
remove, get rid of
physician, doctor
show, display
reset, change
require, need
choose, select, pick
difference between, distinction between
learn, study
often, frequently
company, firm
country, nation
dangerous, unsafe
important, significant
find, locate
reason, cause
tips, advice
shut down, turn off
sign up, register
log in, sign in
annual, yearly
car, automobile
film, movie
sick, ill
terminate, end
benefits, advantages
drawbacks, disadvantages
rapidly, quickly
fee, charge
vacation, holiday
refund, money back
currently, at the moment
send, transfer
update, change
lost, misplaced
stolen, robbed
explain, describe"""
)
"""Some pairs are only nearly the same ("reset, change"): a store of answers may treat them so."""
