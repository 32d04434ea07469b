"""Where state and sockets live, and that one repository has one runner."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from learnflow.local.paths import (
    SOCKET_PATH_LIMIT,
    AlreadyRunning,
    PlaceError,
    Places,
    RunnerLock,
    check_socket_path,
    listen,
    places,
    running,
)
from tests.eventually import eventually_sync

REPOSITORY = Path("/home/ada/learnflow")
HOLD = """
import sys, time
from pathlib import Path
from learnflow.local.paths import RunnerLock
RunnerLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_xdg_state_home_is_used_and_home_is_what_it_defaults_to() -> None:
    chosen = places(REPOSITORY, uid=1000, state_home="/data", home="/home/ada")
    default = places(REPOSITORY, uid=1000, state_home=None, home="/home/ada")
    assert chosen.state.parent == Path("/data/learnflow")
    assert default.state.parent == Path("/home/ada/.local/state/learnflow")


def test_a_relative_state_home_is_ignored_as_the_standard_says() -> None:
    found = places(REPOSITORY, uid=1000, state_home="state", home="/home/ada")
    assert found.state.parent == Path("/home/ada/.local/state/learnflow")


def test_a_user_without_home_variable_is_looked_up() -> None:
    nobody = places(REPOSITORY, uid=os.getuid() or 1, state_home=None, home=None)
    assert nobody.state.is_absolute()


def test_a_user_without_any_home_is_told_what_to_set() -> None:
    with pytest.raises(PlaceError, match="set XDG_STATE_HOME"):
        places(REPOSITORY, uid=54_321_123, state_home=None, home="")


def test_root_keeps_its_state_where_services_do() -> None:
    found = places(REPOSITORY, uid=0, state_home="/root/state", home="/root")
    assert found.state.parent == Path("/var/lib/learnflow")


def test_two_repositories_share_nothing() -> None:
    one, two = (
        places(Path("/home/ada") / name, uid=1000, state_home=None, home="/h") for name in "ab"
    )
    assert one.state != two.state
    assert one.sockets != two.sockets


def test_a_long_repository_path_still_has_short_sockets() -> None:
    long = Path("/home/ada") / ("a folder " * 16).strip()
    found = places(long, uid=4_294_967_294, state_home=None, home="/h")
    longest = found.sockets / "pg" / ".s.PGSQL.5432.lock"
    assert len(os.fsencode(longest)) < SOCKET_PATH_LIMIT - 30
    check_socket_path(longest)


def test_a_socket_path_too_long_for_the_kernel_is_refused_with_its_length() -> None:
    with pytest.raises(PlaceError, match="has 120 bytes; 107 fit"):
        check_socket_path(Path("/" + "x" * 119))


def here(folder: Path) -> Places:
    uid = os.getuid()
    return Places(REPOSITORY, folder / "state" / "0", folder / f"learnflow-{uid}" / "0", uid)


def test_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    found = here(tmp_path)
    found.prepare()
    found.prepare()
    expected = 0o711 if os.getuid() == 0 else 0o700
    for folder in (found.state, found.sockets, found.sockets.parent):
        assert folder.stat().st_mode & 0o777 == expected


def test_a_folder_that_was_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    found = here(tmp_path)
    found.prepare()
    found.sockets.chmod(0o777)
    found.prepare()
    assert found.sockets.stat().st_mode & 0o066 == 0


def test_a_link_in_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    found = here(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    found.sockets.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PlaceError, match="not a plain folder"):
        found.prepare()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_another_users_socket_folder_is_refused(tmp_path: Path) -> None:
    found = here(tmp_path)
    found.sockets.parent.mkdir()
    os.chown(found.sockets.parent, 65534, 65534)
    with pytest.raises(PlaceError, match="belongs to uid 65534"):
        found.prepare()


def test_a_state_folder_that_cannot_be_made_says_what_helps(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(PlaceError, match="set XDG_STATE_HOME"):
        here(tmp_path).prepare()


def test_a_stale_socket_is_replaced_and_the_new_one_is_private(sockets: Path) -> None:
    listen(sockets / "a.sock").close()
    with listen(sockets / "a.sock"):
        assert (sockets / "a.sock").stat().st_mode & 0o077 == 0


def test_a_second_runner_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    first, second = RunnerLock(tmp_path), RunnerLock(tmp_path)
    first.acquire()
    with pytest.raises(AlreadyRunning, match=f"PID {os.getpid()}"):
        second.acquire()
    assert running(tmp_path) == os.getpid()
    first.release()
    second.acquire()
    second.release()
    assert running(tmp_path) is None


def test_the_lock_of_a_killed_runner_is_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert running(tmp_path) == holder.pid
        holder.kill()
    lock = RunnerLock(tmp_path)
    eventually_sync(lambda: running(tmp_path) is None)
    lock.acquire()
    assert running(tmp_path) == os.getpid()
    lock.release()
