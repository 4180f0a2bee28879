import hashlib
import hmac

from forgehand.domain.deliveries import untold, verify

BODY = b'{"zen": "Keep it logically awesome."}'


def signed(secret: bytes, body: bytes = BODY) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_githubs_own_example_verifies() -> None:
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert verify([b"It's a Secret to Everybody"], b"Hello, World!", signature)


def test_the_previous_secret_still_verifies_while_rotating() -> None:
    assert verify([b"new", b"old"], BODY, signed(b"old"))


def test_another_secret_another_body_and_nonsense_do_not_verify() -> None:
    assert not verify([b"new"], BODY, signed(b"old"))
    assert not verify([b"new"], BODY + b" ", signed(b"new"))
    assert not verify([b"new"], BODY, "sha256=")
    assert not verify([b"new"], BODY, "sha1=é")


def test_an_empty_secret_signs_nothing() -> None:
    assert not verify([b""], BODY, signed(b""))
    assert not verify([], BODY, signed(b""))


def test_what_stands_in_a_deliverys_place_is_told_in_words() -> None:
    assert untold("poll:7:run:77:1") == "found by the poll"
    assert untold("asked:7:12:1.5") == "asked for by hand"
    assert untold("72d3162e-cc78-11e3-81ab-4c9367dc0958") == ""
