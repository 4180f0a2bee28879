"""`forgehand serve` as an operator starts it."""

import json
import signal
import socket
from pathlib import Path

import httpx2

from support.command import forgehand, running
from support.forge import Sample, sample_forge


def settings_for(sample: Sample, folder: Path) -> dict[str, str]:
    key = folder / "key.pem"
    key.write_text(sample.app.private_key)
    return {
        "GITHUB_API_URL": sample.url,
        "GITHUB_APP_ID": str(sample.app.id),
        "GITHUB_APP_PRIVATE_KEY_FILE": str(key),
        "GITHUB_WEBHOOK_SECRET": "practice",
        "PORT": "0",
        "FORGEHAND_ADMIN_PORT": "0",
    }


def test_serve_says_where_everything_is_and_ends_when_told(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample, running(tmp_path, "serve", env=settings_for(sample, tmp_path)) as serve:
        webhooks = serve.line_with("Webhooks").split()[1]
        assert serve.line_with("Admin").split()[1].endswith("/admin")
        assert "(works once, within 15 minutes)" in serve.line_with("Sign in")
        assert httpx2.post(webhooks, content=b"{}", timeout=60).status_code == 400
        serve.process.send_signal(signal.SIGTERM)
        assert serve.end() == 0


def test_serve_tells_a_script_in_one_line_of_json(tmp_path: Path) -> None:
    with (
        sample_forge(tmp_path) as sample,
        running(tmp_path, "serve", "--json", env=settings_for(sample, tmp_path)) as serve,
    ):
        told = json.loads(serve.line_with("webhook_url"))
        assert set(told) == {"webhook_url", "admin_url", "sign_in_url"}
        serve.process.send_signal(signal.SIGINT)
        assert serve.end() == 0


def test_a_port_that_is_taken_is_named_with_its_setting(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample, socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = forgehand(tmp_path, "serve", env={**settings_for(sample, tmp_path), "PORT": port})
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"forgehand: cannot listen on 127.0.0.1:{port}: ")
    assert ran.err.rstrip().endswith("choose another PORT")


def test_a_worker_on_postgresql_takes_what_the_command_line_gives_it(tmp_path: Path, postgres_url: str) -> None:
    with sample_forge(tmp_path) as sample:
        env = {**settings_for(sample, tmp_path), "FORGEHAND_DATABASE_URL": postgres_url, "FORGEHAND_LOG_FORMAT": "text"}
        assert forgehand(tmp_path, "jobs", "list", "--json", env=env).json == []
        with running(tmp_path, "worker", env=env) as worker:
            # Its first poll finds the open pull request; no webhook came.
            worker.line_with("type=review")
            sample.forge.wait_for(
                lambda: sample.forge.check_runs(sample.repository.full_name, sample.pull.head_sha), 60
            )
            listed = forgehand(tmp_path, "jobs", "list", "--json", env=env).json
            assert "review" in {job["type"] for job in listed}
            worker.process.send_signal(signal.SIGTERM)
            assert worker.end() == 0


def test_a_worker_on_sqlite_says_that_nobody_wakes_it(tmp_path: Path) -> None:
    with sample_forge(tmp_path) as sample, running(tmp_path, "worker", env=settings_for(sample, tmp_path)) as worker:
        worker.line_with("On SQLite nobody wakes this process")
        worker.line_with("job.settled")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.end() == 0
