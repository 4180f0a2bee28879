"""`ports.analysers` over the real kingfisher and our patterns: what is found, what is not said, what cannot mute it."""

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from forgehand.adapters.analysers.secret_patterns import matches
from forgehand.adapters.analysers.secrets import Secrets, redacted
from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.domain.findings import Severity
from forgehand.ports.analysers import AnalyserFailed
from forgehand.ports.children import Finished
from support.product import compiled_rules
from support.secrets import Fakes

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio

FAKES = {
    "aws_key_id": lambda f: f'key = "{f.aws_key_id()}"',
    "aws_pair": lambda f: f"aws_access_key_id = {f.aws_key_id()}\naws_secret_access_key = {f.aws_secret()}",
    "aws_secret": lambda f: f"aws_secret_access_key = {f.aws_secret()}",
    "github_pat": lambda f: f't = "{f.github_token()}"',
    "github_app": lambda f: f't = "{f.github_token("s")}"',
    "github_in_url": lambda f: f'u = "https://x-access-token:{f.github_token("s")}@github.com/a/b"',
    "slack": lambda f: f't = "{f.slack_bot()}"',
    "stripe": lambda f: f't = "{f.stripe()}"',
    "google": lambda f: f't = "{f.google()}"',
    "jwt": lambda f: f't = "{f.jwt()}"',
    "discord": lambda f: f'u = "{f.discord_webhook()}"',
    "telegram": lambda f: f't = "{f.telegram()}"',
    "huggingface": lambda f: f't = "{f.huggingface()}"',
    "private_key": lambda f: f.private_key(),
    "database_url": lambda f: f"DATABASE_URL=postgres://app:{f.chars(16)}@db.acme.io:5432/app",
    "basic_auth": lambda f: f'u = "https://deploy:{f.chars(20)}@git.acme.io/x.git"',
    "netrc": lambda f: f"machine git.acme.io login deploy password {f.chars(18)}",
    "django": lambda f: f"SECRET_KEY = '{f.chars(50)}'",
    "password": lambda f: f'password = "{f.chars(18)}"',
    "openai": lambda f: f"key = 'sk-{'proj'}-{f.chars(64)}'",
    "environment_file": lambda f: f"SMTP_PASSWORD={f.chars(20)}",
    "dockerfile": lambda f: f"ENV API_TOKEN={f.chars(32)}",
    "yaml": lambda f: f"  password: {f.chars(20)}",
}
DECOYS = {
    "placeholder": 'password = "changeme-please-1"',
    "example_id": 'k = "AK' + 'IAIOSFODNN7EXAMPLE"',
    "environment": 'token = os.environ["API_TOKEN"]',
    "sha": f'sha = "{"0123456789abcdef" * 2}01234567"',
    "uuid": 'id = "123e4567-e89b-12d3-a456-426614174000"',
    "local_url": 'u = "postgres://user:password@localhost/db"',
    "template": 'password = "{{ vault_password_1 }}"',
    "shell": 'password="${DB_PASSWORD_2:-}"',
    "words": 'secret = "correcthorsebatterystaple"',
    "reference": "SMTP_PASSWORD=${VAULT_SMTP_PASSWORD_1}",
    "substitution": "API_TOKEN=$(vault read -field=token12 secret/x)",
    "workflow_secret": "token: ${{ secrets.DEPLOY_TOKEN_22 }}",
    "kubernetes_name": "password_secret: db-credentials-2024",
    "identifier": "secret: accessTokenFromVault",
    "call": "API_TOKEN = readTokenFromVault12(Name)",
    "label": 'api_key = "settings.api.key.name1"',
    "integrity": f'"integrity": "sha512-{base64.b64encode(bytes(range(64))).decode()}"',
}


@pytest.mark.parametrize("kind", FAKES)
async def test_it_is_found_once_on_its_line_and_not_repeated(secrets: Secrets, plant: Plant, kind: str) -> None:
    secret = FAKES[kind](Fakes(7))
    got = await secrets.analyse(*plant({"app/settings.py": f"import os\n\n{secret}\n"}))
    lines = {f.line for f in got.findings}
    assert lines <= {3, 4}
    assert min(lines) == 3 or kind == "aws_pair"
    assert len(got.findings) == len(lines)
    for finding in got.findings:
        assert (finding.path, finding.severity, finding.tool) == ("app/settings.py", Severity.MAJOR, "secrets")
        said = f"{finding.title} {finding.body} {finding.text} {finding.rule}"
        for word in secret.replace('"', " ").replace("'", " ").replace("=", " ").split():
            assert len(word) < 16 or word not in said


async def test_decoys_are_left_alone(secrets: Secrets, plant: Plant) -> None:
    got = await secrets.analyse(*plant({f"{name}.py": f"{text}\n" for name, text in DECOYS.items()}))
    assert got.findings == ()


@pytest.mark.parametrize(
    "comment",
    [
        "# kingfisher:ignore",
        "# gitleaks:allow",
        "# betterleaks:allow",
        "# trufflehog:ignore",
        "# nosec noqa",
        "# example",
    ],
)
async def test_a_comment_does_not_mute_it(secrets: Secrets, plant: Plant, comment: str) -> None:
    got = await secrets.analyse(*plant({"a.py": f'{comment}\ntoken = "{Fakes(3).github_token()}"  {comment}\n'}))
    assert [(f.path, f.line, f.rule) for f in got.findings] == [("a.py", 2, "github-pat")]


@pytest.mark.parametrize(
    "muting",
    [
        {".gitignore": "*\n", ".ignore": "*\n", ".kingfisherignore": "*\n"},
        {".gitleaksignore": "a.py:github-pat:1\n", ".gitleaks.toml": '[allowlist]\npaths = [".*"]\n'},
        {"kingfisher.yaml": 'scan:\n  exclude: ["*"]\n', "baseline.yaml": "ExactFindings: {matches: []}\n"},
        {".git/config": "[core]\n\tfsmonitor = touch /tmp/never\n", ".git/HEAD": "ref: refs/heads/main\n"},
    ],
)
async def test_a_file_does_not_mute_it(secrets: Secrets, plant: Plant, muting: dict[str, str]) -> None:
    got = await secrets.analyse(*plant({**muting, "a.py": f't = "{Fakes(3).github_token()}"\n'}))
    assert [(f.path, f.line) for f in got.findings] == [("a.py", 1)]


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/left/index.js",
        "vendor/x.go",
        "package-lock.json",
        "go.sum",
        "logo.png",
        "d.min.js",
        ".git/x",
        "tests/fixtures/x.py",
        "secrets.example",
        "-x.py",
        "--config=evil",
        "new\nline.py",
        "ünï 文.txt",
        "README",
    ],
)
async def test_no_name_hides_it(secrets: Secrets, plant: Plant, path: str) -> None:
    assert secrets.wants(path)
    got = await secrets.analyse(*plant({path: f'\nt = "{Fakes(3).github_token()}"\n'}))
    assert [(f.path, f.line) for f in got.findings] == [(path, 2)]


async def test_base64_binary_and_odd_bytes_do_not_hide_it(secrets: Secrets, plant: Plant) -> None:
    token = Fakes(3).github_token()
    files: dict[str, str | bytes] = {
        "b64.txt": f'x = "{base64.b64encode(token.encode()).decode()}"\n',
        "zero.dat": b"\0\0\n\0" + f't = "{token}"\n'.encode(),
        "utf.py": f'ééé = "{token}"\r\n',
        "latin.py": b"\xe9\xe9 = '" + token.encode() + b"'\n",
    }
    got = await secrets.analyse(*plant(files))
    assert {f.path for f in got.findings} == set(files)
    assert token not in repr(got)


async def test_one_that_stands_twice_is_found_twice_with_one_fingerprint(secrets: Secrets, plant: Plant) -> None:
    token = Fakes(3).github_token()
    got = await secrets.analyse(*plant({"a.py": f'a = "{token}"\nb = "{token}"\nc = "{Fakes(4).github_token()}"\n'}))
    assert [f.line for f in got.findings] == [1, 2, 3]
    assert got.findings[0].fingerprint == got.findings[1].fingerprint != got.findings[2].fingerprint


async def test_it_shows_the_beginning_and_the_length(secrets: Secrets, plant: Plant) -> None:
    (finding,) = (await secrets.analyse(*plant({"a.py": f'k = "{Fakes(3).aws_key_id()}"\n'}))).findings
    assert finding.title == "A secret: AWS access key id, AKIA…(20 characters)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(b"ghp_" + b"x" * 36, "ghp_…(40 characters)"), (b"short", "…(5 characters)"), (b"\xff" * 20, "…(20 characters)")],
)
def test_short_and_odd_values_show_nothing_of_themselves(value: bytes, shown: str) -> None:
    assert redacted(value) == shown


async def test_only_the_asked_files_are_read(secrets: Secrets, plant: Plant, tmp_path: Path) -> None:
    tree, _ = plant({"asked.py": "x = 1\n", "not.py": f't = "{Fakes(3).github_token()}"\n'})
    assert (await secrets.analyse(tree, ["asked.py"])).findings == ()
    assert sorted(os.listdir(tree)) == ["asked.py", "not.py"]


@pytest.mark.parametrize(
    ("finished", "why"),
    [
        (Finished(1, b"", b"it read hunter2", 0.1), "ended with code 1"),
        (Finished(-9, b"", b"", 30.0, timed_out=True), "longer than"),
        (Finished(0, b"", b"", 0.1), "not in the form"),
        (Finished(200, b'{"findings": []}', b"", 0.1), "not in the form"),
        (Finished(0, b'{"findings":[],"audit":{"summary":{"scan_failed":0,"scan_partial":1}}}', b"", 0.1), "all files"),
    ],
)
async def test_every_way_to_break_is_a_failure(plant: Plant, tmp_path: Path, finished: Finished, why: str) -> None:
    class Broken:
        async def run(self, *_: object, **__: object) -> Finished:
            return finished

    with pytest.raises(AnalyserFailed, match=why) as failed:
        await Secrets(Broken(), tmp_path / "cache").analyse(*plant({"a.py": "x\n"}))
    assert "hunter2" not in str(failed.value)


async def test_a_kingfisher_that_is_not_there_is_a_failure(
    children: ChildProcesses, plant: Plant, tmp_path: Path
) -> None:
    with pytest.raises(AnalyserFailed, match="code 127"):
        await Secrets(children, tmp_path / "cache", "no-such-kingfisher").analyse(*plant({"a.py": "x\n"}))


async def test_a_file_that_breaks_kingfisher_costs_only_itself(
    children: ChildProcesses, plant: Plant, tmp_path: Path
) -> None:
    class Breaks:
        """kingfisher, but for its word that one file could not be read."""

        async def run(self, argv: Sequence[str], *, cwd: Path, **more: Any) -> Finished:
            if any(b"break" in file.read_bytes() for file in cwd.iterdir()):
                return Finished(-6, b"", b"it read hunter2", 0.1)
            return await children.run(argv, cwd=cwd, **more)

    files: dict[str, str] = {f"{n}.py": f't = "{Fakes(n).github_token()}"\n' for n in range(5)}
    got = await Secrets(Breaks(), compiled_rules()).analyse(*plant(files | {"2.py": "break\n"}))
    assert [f.path for f in got.findings] == ["0.py", "1.py", "3.py", "4.py"]
    assert got.unread == {"2.py": "kingfisher ended with code -6"}


def test_lines_too_short_to_hold_a_secret_take_no_time_of_their_own() -> None:
    token = Fakes(7).huggingface().encode()
    content = b"\n" * 1_000_000 + b"a\n" * 300_000 + b't = "' + token + b'"\n' + b"\n" * 5
    asked: list[int] = []
    assert [(m.line, m.start, m.value) for m in matches(content, lambda: not asked.append(1))] == [
        (1_300_001, 5, token)
    ]
    assert len(asked) == 1


def test_matching_stops_when_its_time_is_over() -> None:
    content = b'password = "nothing to see here"\n' * 10_000
    answers = iter([True, True, False])
    assert list(matches(content, lambda: next(answers))) == []


async def test_what_was_not_matched_in_time_is_unread(
    secrets: Secrets, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forgehand.adapters.analysers.secrets._PATTERN_SECONDS", -1.0)
    got = await secrets.analyse(*plant({"a.py": "x = 1\n"}))
    assert list(got.unread) == ["a.py"]


async def test_a_flood_of_secrets_ends_and_says_so(secrets: Secrets, plant: Plant) -> None:
    flood = "".join(f'password = "{Fakes(3).chars(18)}"\n' for _ in range(1_200))
    got = await secrets.analyse(*plant({"a.py": flood}))
    assert got.unread == {"a.py": "it has more than 1,000 likely secrets"}
    assert len(got.findings) >= 1_000
