"""A served forge for each test here."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from support.forge import Sample, sample_forge


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    """octo/sample with one open pull request, and an app installed on it."""
    with sample_forge(tmp_path) as sample:
        yield sample


@pytest.fixture
def api(sample: Sample) -> Iterator[httpx2.Client]:
    """A client with all of the app's permissions."""
    with sample.client() as client:
        yield client
