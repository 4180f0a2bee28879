"""A small shop with two open changes, for `forgehand demo` and `forgehand practice`: one flawed, one clean.

The key in the flawed change is made anew each time, so that no file of ours holds one.
"""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass

REPOSITORY = "acme/shop"
AUTHOR = "rina"


@dataclass(frozen=True, slots=True)
class Change:
    """One pull request: its branch, texts, and files on top of the default branch."""

    branch: str
    title: str
    body: str
    files: Mapping[str, str]


def shop() -> Mapping[str, str]:
    """The files of the default branch."""
    return {
        "README.md": "# shop\n\nA cart that adds up.\n",
        ".forgehand/config.yml": _POLICY,
        "pyproject.toml": '[project]\nname = "shop"\nversion = "1.4.0"\nrequires-python = ">=3.11"\n',
        "shop/__init__.py": '"""A small shop."""\n',
        "shop/prices.py": _PRICES,
        "shop/cart.py": _CART,
        "tests/test_cart.py": _TEST,
    }


def changes() -> tuple[Change, ...]:
    """The flawed change, then the clean one."""
    return (
        Change(
            branch="card-payments",
            title="Take payments by card",
            body="Charges the total of a cart. Tried against the live account, works.",
            files={"shop/payments.py": _PAYMENTS.replace("@KEY@", _live_key())},
        ),
        Change(
            branch="round-to-the-cent",
            title="Round totals to the cent",
            body="0.1 + 0.2 was 0.30000000000000004 on the receipt.",
            files={"shop/prices.py": _PRICES_ROUNDED, "tests/test_cart.py": _TEST + _TEST_ROUNDED},
        ),
    )


def _live_key() -> str:
    letters = string.ascii_letters + string.digits
    return "_".join(["sk", "live", "".join(secrets.choice(letters) for _ in range(24))])


# Its own CI reports the tests: what a machine has for running them in a sandbox differs from one to the next.
_POLICY = """tests:
  enabled: false
"""

_PRICES = '''"""What things cost."""

PRICES = {"apple": 0.4, "bread": 3.2, "cheese": 5.75}


def price(name: str) -> float:
    """The price of one piece. Raises KeyError for what we do not sell."""
    return PRICES[name]
'''

_PRICES_ROUNDED = '''"""What things cost."""

from decimal import ROUND_HALF_UP, Decimal

PRICES = {"apple": Decimal("0.40"), "bread": Decimal("3.20"), "cheese": Decimal("5.75")}
CENT = Decimal("0.01")


def price(name: str) -> Decimal:
    """The price of one piece. Raises KeyError for what we do not sell."""
    return PRICES[name]


def rounded(amount: Decimal) -> Decimal:
    """The amount in whole cents, halves up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
'''

_CART = '''"""What a customer is about to buy."""

from shop.prices import price


class Cart:
    def __init__(self) -> None:
        self.pieces: dict[str, int] = {}

    def add(self, name: str, count: int = 1) -> None:
        self.pieces[name] = self.pieces.get(name, 0) + count

    def total(self):
        return sum(price(name) * count for name, count in self.pieces.items())
'''

_TEST = """from shop.cart import Cart


def test_a_cart_adds_up():
    cart = Cart()
    cart.add("bread", 2)
    assert cart.total() == 2 * cart_price("bread")


def cart_price(name):
    cart = Cart()
    cart.add(name)
    return cart.total()
"""

_TEST_ROUNDED = """

def test_halves_of_a_cent_are_rounded_up():
    from decimal import Decimal

    from shop.prices import rounded

    assert rounded(Decimal("0.125")) == Decimal("0.13")
"""

_PAYMENTS = '''"""Payments by card."""

import json
import urllib.request

CHARGES = "https://payments.example.com/v1/charges"
STRIPE_KEY = "@KEY@"


def charge(cart, customer, failed=[]):
    """Charge the customer for what is in the cart; gives the charge's id, or None."""
    body = json.dumps({"amount": amount, "customer": customer}).encode()
    request = urllib.request.Request(CHARGES, body, {"Authorization": f"Bearer {STRIPE_KEY}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["id"]
    except:
        failed.append(customer)
        return None
'''
