"""Call detail records of other PBXs."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcenter.domain.call import Direction, Outcome
from callcenter.domain.ids import CallId, NodeName
from callcenter.recordings.cdr import Cdr, read_cdr

NODE = NodeName("pbx")
AT = datetime(2025, 11, 22, 19, 0, 2, tzinfo=UTC)
COLUMNS = [
    "calldate",
    "clid",
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "accountcode",
    "uniqueid",
    "userfield",
    "did",
    "recordingfile",
    "cnum",
    "cnam",
    "outbound_cnum",
    "outbound_cnam",
    "dst_cnam",
    "linkedid",
    "peeraccount",
    "sequence",
]
LINE = {
    "calldate": "2025-11-22 22:00:02",
    "clid": '"Иванов; И" <79000000001>',
    "src": "79000000001",
    "dst": "600",
    "dcontext": "ext-queues",
    "channel": "PJSIP/carrier-00000001",
    "dstchannel": "PJSIP/201-00000002",
    "lastapp": "Queue",
    "lastdata": "600,t,,",
    "duration": "100",
    "billsec": "80",
    "disposition": "ANSWERED",
    "uniqueid": "1763838002.44",
    "did": "74951234567",
    "linkedid": "1763838002.44",
}
CALL = CallId("pbx-1763838002.44")


def line(**fields: str) -> dict[str, str]:
    return LINE | fields


def written(path: Path, *lines: dict[str, str], **dialect: object) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", **dialect)  # type: ignore[arg-type]
        writer.writeheader()
        writer.writerows(lines)
    return path


def read(folder: Path, *lines: dict[str, str]) -> Cdr:
    return read_cdr(written(folder / "cdr.csv", *lines), NODE)


def test_a_caller_in_a_queue_who_was_answered(tmp_path: Path) -> None:
    call = read(tmp_path, LINE).calls[CALL]
    assert (call.dialled, call.caller, call.direction) == ("74951234567", "+79000000001", Direction.IN)
    assert (call.at, call.answered_at, call.ended_at) == (AT, AT + timedelta(seconds=20), AT + timedelta(seconds=100))
    assert call.outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        # The queue itself had answered.
        ({"dstchannel": ""}, Outcome.ABANDONED),
        ({"disposition": "NO ANSWER", "billsec": "0"}, Outcome.ABANDONED),
        ({"disposition": "NO ANSWER", "billsec": "0", "lastapp": "Dial"}, Outcome.HUNG_UP_EARLY),
        ({"disposition": "BUSY", "billsec": "0", "lastapp": "Dial"}, Outcome.HUNG_UP_EARLY),
        ({"lastapp": "Dial"}, Outcome.ANSWERED),
    ],
)
def test_what_became_of_a_call(tmp_path: Path, fields: dict[str, str], outcome: Outcome) -> None:
    call = read(tmp_path, line(**fields)).calls[CALL]
    assert call.outcome is outcome
    assert (call.answered_at is not None) is (outcome is Outcome.ANSWERED)


def test_all_lines_of_a_linkedid_are_one_call(tmp_path: Path) -> None:
    cdr = read(
        tmp_path,
        line(disposition="NO ANSWER", billsec="0", duration="15", dstchannel="PJSIP/201-00000002"),
        line(disposition="ANSWERED", duration="40", billsec="20", dstchannel="PJSIP/202-00000003", did=""),
        # The colleague to whom it was transferred.
        line(uniqueid="1763838042.47", src="201", dst="203", did="", duration="60", billsec="60"),
    )
    assert set(cdr.calls) == {CALL}
    call = cdr.calls[CALL]
    assert (call.outcome, call.caller, call.dialled) == (Outcome.ANSWERED, "+79000000001", "74951234567")
    assert call.ended_at == AT + timedelta(seconds=100)


def test_a_call_that_went_out_and_one_inside(tmp_path: Path) -> None:
    out = line(src="201", dst="89000000001", did="", dcontext="from-internal", linkedid="", lastapp="Dial")
    inside = line(src="201", dst="202", did="", uniqueid="1763838003.1", linkedid="1763838003.1")
    cdr = read(tmp_path, out, inside)
    assert set(cdr.calls) == {CALL}
    call = cdr.calls[CALL]
    assert (call.direction, call.caller, call.dialled) == (Direction.OUT, "+79000000001", "")


def test_the_file_of_a_call_is_known_by_its_name(tmp_path: Path) -> None:
    cdr = read(
        tmp_path,
        line(recordingfile="2025/11/22/жалоба.wav"),
        line(uniqueid="1763838003.1", linkedid="1763838003.1", userfield="audio:OUT201-20251122-220003.wav"),
    )
    assert cdr.files == {"жалоба.wav": CALL, "OUT201-20251122-220003.wav": CallId("pbx-1763838003.1")}


@pytest.mark.parametrize(
    "dialect",
    [
        {"delimiter": ";"},
        {"delimiter": "\t", "quoting": csv.QUOTE_NONE, "quotechar": None, "escapechar": "\\"},
        {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
    ],
    ids=["semicolons", "mysql --batch", "mysqldump"],
)
def test_however_it_was_exported(tmp_path: Path, dialect: dict[str, object]) -> None:
    cdr = read_cdr(written(tmp_path / "cdr.csv", LINE, **dialect), NODE)
    assert cdr.calls == read(tmp_path, LINE).calls
    assert cdr.unreadable == 0


def test_asterisks_own_file_has_no_names_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(
        '"","79000000001","74951234567","from-trunk","""A"" <79000000001>","PJSIP/carrier-1","PJSIP/201-2","Dial",'
        '"PJSIP/201","2025-11-22 22:00:02","2025-11-22 22:00:22","2025-11-22 22:01:42",100,80,"ANSWERED",'
        '"DOCUMENTATION","1763838002.44",""\n'
    )
    assert read_cdr(path, NODE).calls == read(tmp_path, line(lastapp="Dial")).calls


@pytest.mark.parametrize("content", ["", "\n", "hello\nworld\n", "calldate,src,dst\n", "\x00\x01\x02"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "cdr.csv").write_text(content)
    with pytest.raises(csv.Error, match="no column"):
        read_cdr(tmp_path / "cdr.csv", NODE)


@pytest.mark.parametrize(
    "fields",
    [
        {"uniqueid": "1763838002.44'; drop table calls", "linkedid": ""},
        {"uniqueid": "", "linkedid": ""},
        {"uniqueid": "", "linkedid": "1763838002.44"},
        {"duration": "-1"},
        {"duration": "9" * 400},
        {"duration": "9999999"},
        {"billsec": "\\N"},
    ],
)
def test_lines_that_make_no_sense_are_counted_and_the_others_read(tmp_path: Path, fields: dict[str, str]) -> None:
    good = line(uniqueid="1763838003.1", linkedid="1763838003.1")
    cdr = read(tmp_path, line(**fields), good)
    assert (set(cdr.calls), cdr.unreadable) == ({"pbx-1763838003.1"}, 1)


@pytest.mark.parametrize("evil", ["=cmd|' /C calc'!A0", "${SHELL(id)}", "\x1b[2J", "7" * 500, "<script>"])
def test_only_digits_of_hostile_numbers_are_used(tmp_path: Path, evil: str) -> None:
    call = read(tmp_path, line(src=evil, did=evil + "5")).calls[CALL]
    assert set(call.dialled) <= set("0123456789")
    assert len(call.dialled) <= 32
    assert set(call.caller) <= set("+0123456789")
    assert len(call.caller) <= 33


def test_a_line_that_ends_early_or_has_too_many_fields_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "cdr.csv"
    path.write_text(",".join(COLUMNS) + "\n2025-11-22 22:00:02,x\n" + ",".join("1" * 40) + "\n")
    assert read_cdr(path, NODE).unreadable == 2
