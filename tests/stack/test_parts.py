"""The small parts of the local stack: ports, private files, finding processes, growing files."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from stack import processes
from stack.errors import StackError
from stack.instance import Instance, write_private
from stack.ports import free_port, is_free
from stack.sipp import Tail
from stack.supervisor import Program, Supervisor
from stack.surge import Plan, spread


def test_the_usual_port_is_taken_when_it_is_free() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        usual = holder.getsockname()[1]
    assert free_port(usual) == usual


def test_the_next_port_is_taken_when_somebody_listens_on_the_usual_one() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        usual = holder.getsockname()[1]
        assert not is_free(usual, "tcp")
        assert free_port(usual) > usual


def test_a_port_promised_to_another_part_is_not_given_twice() -> None:
    first = free_port(30100, "udp")
    assert free_port(first, "udp", avoid=[first]) > first


def test_without_a_free_port_the_error_names_the_range() -> None:
    with pytest.raises(StackError, match="from 65535 to 65535"):
        free_port(65535, avoid=[65535])


def test_a_private_file_is_for_its_owner_only_and_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_is_found_by_the_mark_of_its_instance_and_ended(tmp_path: Path) -> None:
    environment = {**os.environ, processes.MARK: str(tmp_path)}
    sleeper = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    with subprocess.Popen(sleeper, env=environment, stdout=subprocess.PIPE) as ours:
        assert ours.stdout is not None
        ours.stdout.readline()
        found = processes.marked(str(tmp_path))
        assert [process.pid for process in found] == [ours.pid]
        assert processes.marked(str(tmp_path / "other")) == []
        assert processes.end(found) == []
    assert not psutil.pid_exists(ours.pid)


def test_a_growing_file_is_read_by_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before|x\n")
    tail = Tail(path, separator="|", from_end=True)
    assert list(tail.new_lines()) == []
    with path.open("a") as file:
        file.write("a|b\nhalf")
        file.flush()
        assert list(tail.new_lines()) == [["a", "b"]]
        file.write("|line\n")
    assert list(tail.new_lines()) == [["half", "line"]]


def test_a_path_too_long_for_a_socket_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="too long for a socket"):
        Supervisor(tmp_path / ("x" * 120))


def test_the_configuration_of_supervisord_keeps_a_percent_sign(tmp_path: Path) -> None:
    program = Program(name="p", command=("echo", "50%", "two words"), directory=tmp_path, environment={"KEY": "a%b"})
    text = Supervisor(tmp_path).configuration([program], files=1024)
    assert "command=echo 50%% 'two words'" in text
    assert 'environment=KEY="a%%b"' in text


def test_nothing_is_described_and_nothing_ended_where_nothing_runs(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "stack", environment={})
    assert instance.description() is None
    assert instance.pids() == {}
    assert instance.down() == 0


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Plan(operators=0), "OPERATORS"),
        (Plan(operators=41), "OPERATORS must be from 1 to 40"),
        (Plan(callers=0), "CALLERS"),
        (Plan(talk=-1), "TALK"),
        (Plan(callers=50, operators=20, abandon=11), "ABANDON"),
        (Plan(browsers=11), "BROWSERS must be from 0 to 10"),
        (Plan(operators=4, browsers=4), "BROWSERS .* below OPERATORS"),
        (Plan(browsers=2, abandon=5), "with BROWSERS nobody abandons"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_by_name(plan: Plan, words: str) -> None:
    with pytest.raises(StackError, match=words):
        plan.check(40, 10)


def test_a_plan_that_makes_sense_is_accepted() -> None:
    Plan(callers=300, operators=20, abandon=100).check(40)


def test_the_spread_of_values() -> None:
    assert spread([]) == {"p50": 0.0, "p99": 0.0, "max": 0.0}
    assert spread([float(value) for value in range(101)]) == {"p50": 50.0, "p99": 99.0, "max": 100.0}
