"""Changes that hold a secret, and decoys that only look like one. The secrets are drawn at run time."""

import base64
import string
from collections.abc import Callable

from bench.review.cases import Case, added_to
from tests.support.secrets import Fakes

_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + string.digits


def _slack_webhook(fakes: Fakes) -> str:
    place = "https://hooks.slack.com/" + "services"
    return f"{place}/T{fakes.chars(8, _UPPER)}/B{fakes.chars(8, _UPPER)}/{fakes.chars(24)}"


def _basic(fakes: Fakes) -> str:
    return base64.b64encode(f"deploy:{fakes.chars(20)}".encode()).decode()


PLANTED: dict[str, tuple[str, Callable[[Fakes], str]]] = {
    "AWS key id": ("a.py", lambda f: f'key = "{f.aws_key_id()}"'),
    "AWS secret": (".env", lambda f: f"AWS_SECRET_ACCESS_KEY={f.aws_secret()}"),
    "GitHub token": ("a.py", lambda f: f'token = "{f.github_token()}"'),
    "GitHub App token": ("a.yml", lambda f: f"token: {f.github_token('s')}"),
    "GitHub fine-grained": ("a.sh", lambda f: f"export T=github_{'pat'}_{f.chars(22)}_{f.chars(59)}"),
    "GitHub in a URL": ("a.sh", lambda f: f"git clone https://x-access-token:{f.github_token('s')}@github.com/a/b"),
    "GitLab": ("a.yml", lambda f: f"token: {'gl' + 'pat-'}{f.chars(20)}"),
    "Slack bot": ("a.js", lambda f: f'const t = "{f.slack_bot()}";'),
    "Slack webhook": ("a.js", lambda f: f'const u = "{_slack_webhook(f)}";'),
    "Stripe": ("a.rb", lambda f: f'Stripe.api_key = "{f.stripe()}"'),
    "Google": ("a.ts", lambda f: f'export const key = "{f.google()}";'),
    "JWT": ("a.py", lambda f: f'session = "{f.jwt()}"'),
    "Discord webhook": ("a.py", lambda f: f'url = "{f.discord_webhook()}"'),
    "Telegram": ("a.py", lambda f: f'bot = "{f.telegram()}"'),
    "Hugging Face": ("a.py", lambda f: f'login("{f.huggingface()}")'),
    "OpenAI": (".env", lambda f: f"OPENAI_API_KEY=sk-{'proj'}-{f.chars(64)}"),
    "Anthropic": (".env", lambda f: f"ANTHROPIC_API_KEY=sk-{'ant'}-api03-{f.chars(93)}AA"),
    "npm": (".npmrc", lambda f: f"//npm.acme.io/:_authToken={'np' + 'm_'}{f.chars(36)}"),
    "PyPI": (".pypirc", lambda f: f"password = {'pypi' + '-'}AgEIcHlwaS5vcmc{f.chars(150)}"),
    "SendGrid": ("a.py", lambda f: f'key = "{"S" + "G"}.{f.chars(22)}.{f.chars(43)}"'),
    "Twilio": ("a.py", lambda f: f'client = Client("{"A" + "C"}{f.chars(32, _HEX)}", "{f.chars(32, _HEX)}")'),
    "Azure storage": (
        "a.cs",
        lambda f: f'var c = "DefaultEndpointsProtocol=https;AccountName=shop;{"Account" + "Key"}={f.chars(86)}==;";',
    ),
    "DigitalOcean": ("a.tf", lambda f: f'token = "{"dop" + "_v1"}_{f.chars(64, _HEX)}"'),
    "private key": ("key.pem", lambda f: f.private_key()),
    "database URL": (".env", lambda f: f"DATABASE_URL=postgres://app:{f.chars(16)}@db.acme.io:5432/app"),
    "basic auth in a URL": ("a.py", lambda f: f'remote = "https://deploy:{f.chars(20)}@git.acme.io/x.git"'),
    "netrc": (".netrc", lambda f: f"machine git.acme.io login deploy password {f.chars(18)}"),
    "Django": ("settings.py", lambda f: f"SECRET_KEY = '{f.chars(50)}'"),
    "password in code": ("a.java", lambda f: f'String password = "{f.chars(18)}";'),
    "password in YAML": ("a.yml", lambda f: f"db:\n  password: {f.chars(20)}"),
    "password in an env file": (".env", lambda f: f"SMTP_PASSWORD={f.chars(20)}"),
    "secret in a Dockerfile": ("Dockerfile", lambda f: f"FROM a:1\nENV API_TOKEN={f.chars(32)}"),
    "bearer in a header": ("a.sh", lambda f: f'curl -H "Authorization: Bearer {f.chars(40)}" https://api.acme.io'),
    "basic in a header": ("a.sh", lambda f: f'curl -H "Authorization: Basic {_basic(f)}" https://a.io'),
    "client secret in JSON": ("a.json", lambda f: f'{{"client_secret": "{f.chars(32)}"}}'),
    "token with a prefix of its own": ("a.py", lambda f: f'x = connect("{f.chars(40)}")'),
}
DECOYS: dict[str, tuple[str, str]] = {
    "placeholder": ("a.py", 'password = "changeme-please-1"'),
    "example id": ("a.py", 'k = "AK' + 'IAIOSFODNN7EXAMPLE"'),
    "environment": ("a.py", 'token = os.environ["API_TOKEN"]'),
    "commit": ("a.py", f'sha = "{"0123456789abcdef" * 2}01234567"'),
    "pinned action": (".github/workflows/a.yml", f"- uses: a/b@{'0123456789abcdef' * 2}01234567 # v1"),
    "UUID": ("a.py", 'id = "123e4567-e89b-12d3-a456-426614174000"'),
    "local URL": ("a.py", 'u = "postgres://user:password@localhost/db"'),
    "template": ("a.yml", 'password: "{{ vault_password_1 }}"'),
    "shell default": ("a.sh", 'password="${DB_PASSWORD_2:-}"'),
    "shell substitution": ("a.sh", "API_TOKEN=$(vault read -field=token1 secret/x)"),
    "reference in an env file": (".env", "SMTP_PASSWORD=${VAULT_SMTP_PASSWORD_1}"),
    "workflow secret": ("a.yml", "token: ${{ secrets.DEPLOY_TOKEN_2 }}"),
    "words": ("a.py", 'secret = "correcthorsebatterystaple"'),
    "label": ("a.py", 'api_key = "settings.api.key.name1"'),
    "integrity": ("package-lock.json", f'"integrity": "sha512-{base64.b64encode(bytes(range(64))).decode()}"'),
    "path to a key": ("a.yml", "private_key: /etc/ssl/private/server-2.key"),
    "name of a secret": ("a.yml", "password_secret: db-credentials-2024"),
    "type": ("a.ts", "export type Auth = { password: string; token2: string | undefined };"),
    "call": ("a.py", "password=get_password_from_vault1(user)"),
    "documented form": ("a.md", "Set `API_TOKEN=<your token>` or `Authorization: Bearer YOUR_TOKEN_HERE`."),
    "kubernetes reference": ("a.yml", "password:\n  secretKeyRef: {name: db1, key: password}"),
    "version": ("a.toml", 'token_urlsafe = "1.2.3-beta4+build5678"'),
    "public key": ("a.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExample me@x"),
    "base64 of words": ("a.py", f'icon = "{base64.b64encode(b"just some words in a row, nothing more").decode()}"'),
}


def planted() -> list[Case]:
    """Each secret three times, drawn anew."""
    return [
        added_to("secret", kind, path, "", _marked(make(Fakes(seed)) + "\n"))
        for kind, (path, make) in PLANTED.items()
        for seed in (11, 12, 13)
    ]


def decoys() -> list[Case]:
    return [added_to("decoy", kind, path, "", text + "\n") for kind, (path, text) in DECOYS.items()]


def _marked(text: str) -> str:
    return "\n".join(f"{line}¶" if line else "" for line in text.split("\n"))
