"""The tier of a container that is there already: the operator says that this process is isolated from all that matters.

The code then runs as another user of the container, which owns one folder and can read nothing of ours. Without
namespaces the container's network is its network. Called by `ladder`.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from forgehand.adapters.sandbox.belongings import remove_all_of, taken_by
from forgehand.adapters.sandbox.inside import Room
from forgehand.adapters.sandbox.session import Prepared
from forgehand.adapters.sandbox.users import as_user, end_all, run_as, spare_user
from forgehand.adapters.sandbox.watching import owned_by
from forgehand.ports.sandbox import SandboxFailed, Task, Tier


class Container:
    tier = Tier.CONTAINER
    remedy = (
        "start the container's process as root, so that tests run as another user, or let FORGEHAND_SANDBOX be auto"
    )

    def __init__(self, readable: Sequence[Path] = (), protected: Sequence[Path] = ()) -> None:
        self._readable = tuple(readable)
        self._protected = tuple(protected)

    def unfit(self) -> str:
        """Why it cannot be tried at all."""
        if os.geteuid() != 0:
            return "Forgehand runs as an ordinary user, and tests as the same one could read its files"
        return ""

    @contextmanager
    def prepare(self, task: Task) -> Iterator[Prepared]:
        with ExitStack() as stack:
            uid = stack.enter_context(spare_user())
            assert uid is not None
            self._refuse_readable(uid)
            # What a run left that was killed together with us.
            remove_all_of(uid)
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="forgehand-box-", ignore_cleanup_errors=True))
            )
            stack.callback(remove_all_of, uid)
            stack.callback(end_all, uid)
            os.chown(folder, uid, uid)
            yield Prepared(
                argv=[*as_user(uid, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs")],
                room=Room(str(folder)),
                single_user=True,
                members=lambda _: owned_by(uid),
                written=partial(taken_by, uid),
                readable=self._readable,
            )

    def _refuse_readable(self, uid: int) -> None:
        """Look with the eyes of the user that the tests will be."""
        for path in self._protected:
            if not path.exists():
                continue
            if run_as(uid, "test", "-r", str(path)) == 0:
                raise SandboxFailed(f"{path} can be read by every user of this container: chmod go-rwx {path}")
