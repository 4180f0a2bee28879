"""What one look of the doctor gives. Made by `doctor` and `doctor_github`, shown by `cli.doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It runs, but not as it could."""
    PROBLEM = "problem"
    """It does not run, or not rightly."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `remedy` is what to do where `level` is not ok."""

    name: str
    level: Level
    says: str
    remedy: str = ""
