"""GitHub's REST API: reading it, and performing effects on it. Only assembly imports this, and only from here."""

from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.manifest import NewApp, convert
from forgehand.adapters.github.performers import APPLYING, DISPATCHING, SPEAKING, performers, required_permissions
from forgehand.adapters.github.probe import Installed, Probe, probe
from forgehand.adapters.github.read_branches import READ_PROTECTION, BranchReader
from forgehand.adapters.github.read_checks import CheckReader
from forgehand.adapters.github.read_contents import ContentReader
from forgehand.adapters.github.read_conversation import ConversationReader, IssueCommentReader
from forgehand.adapters.github.read_installations import InstallationReader
from forgehand.adapters.github.read_people import PeopleReader
from forgehand.adapters.github.read_workflows import RunReader, WorkflowReader
from forgehand.adapters.github.reads import HookReader, OpenPullReader, PullReader
from forgehand.adapters.github.sign_in import GitHubPeople
from forgehand.adapters.github.started_runs import LookTimes
from forgehand.adapters.github.tokens import AppTokens, PersonalTokens
from forgehand.adapters.github.vault import Vault

__all__ = [
    "APPLYING",
    "DISPATCHING",
    "READ_PROTECTION",
    "SPEAKING",
    "Actor",
    "AppTokens",
    "BranchReader",
    "CheckReader",
    "ContentReader",
    "ConversationReader",
    "GitHub",
    "GitHubPeople",
    "HookReader",
    "Identity",
    "InstallationReader",
    "Installed",
    "IssueCommentReader",
    "LookTimes",
    "NewApp",
    "OpenPullReader",
    "PeopleReader",
    "PersonalTokens",
    "Probe",
    "PullReader",
    "RunReader",
    "Vault",
    "WorkflowReader",
    "convert",
    "performers",
    "probe",
    "required_permissions",
]
