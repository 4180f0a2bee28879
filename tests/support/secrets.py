"""Strings in the form of real credentials, made at run time so that none stands in a file. The same for each seed."""

import base64
import random
import string

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


class Fakes:
    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def chars(self, number: int, alphabet: str = LETTERS) -> str:
        # One digit at least: rules tell drawn strings from words by it.
        return "7" + "".join(self._random.choice(alphabet) for _ in range(number - 1))

    def github_token(self, kind: str = "p") -> str:
        return f"gh{kind}_" + self.chars(36)

    def aws_key_id(self) -> str:
        return "AK" + "IA" + self.chars(16, string.ascii_uppercase + "234567")

    def aws_secret(self) -> str:
        return self.chars(40)

    def slack_bot(self) -> str:
        digits = string.digits
        return "xo" + f"xb-{self.chars(12, digits)}-{self.chars(12, digits)}-{self.chars(24)}"

    def stripe(self) -> str:
        return "sk_" + f"live_{self.chars(24)}"

    def google(self) -> str:
        return "AI" + f"za{self.chars(35)}"

    def jwt(self) -> str:
        parts = ('{"alg":"HS256","typ":"JWT"}', '{"sub":"1234567890","name":"J","iat":1516239022}')
        head = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
        return ".".join([*head, self.chars(43)])

    def discord_webhook(self) -> str:
        return f"https://discord.com/api/webhooks/{self.chars(18, string.digits)}/{self.chars(68)}"

    def telegram(self) -> str:
        return f"{self.chars(9, string.digits)}:AA{self.chars(33)}"

    def huggingface(self) -> str:
        return "h" + f"f_{self.chars(34)}"

    def private_key(self) -> str:
        rows = "\n".join(self.chars(64) for _ in range(12))
        return "-----BEGIN RSA " + f"PRIVATE KEY-----\n{rows}\n-----END RSA " + "PRIVATE KEY-----\n"
