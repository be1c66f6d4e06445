"""One path of the dialplan leads to the telephone company, behind the node's verdict: all else that is dialled is an operator's
telephone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.trunk_line import TrunkLine
from tests.asterisk.test_render import DIRECTORY, rendered, sections, settings

# What runs on a call. Of these only Dial, Queue and Originate make another one.
APPLICATIONS = {
    *(
        "Answer",
        "Background",
        "Bridge",
        "ChannelRedirect",
        "ConfBridge",
        "Dial",
        "Echo",
        "ExecIf",
        "Gosub",
        "GosubIf",
        "Goto",
        "GotoIf",
        "Hangup",
        "MSet",
        "StartMusicOnHold",
        "StopMusicOnHold",
        "MixMonitor",
        "Originate",
        "Playback",
        "Progress",
        "Queue",
    ),
    *(
        "QueueLog",
        "Read",
        "Return",
        "Ringing",
        "Set",
        "StartMusicOnHold",
        "StopMusicOnHold",
        "UserEvent",
        "Wait",
        "WaitExten",
    ),
}
LINE = re.compile(r"(?:exten => ([^,]+),1| same => n(?:\([a-z-]+\))?),(.*)")
# Letters of Dial and Queue by which one who talks could send the other elsewhere, and what may not be missing.
BY_KEYS = set("tTkKxXhHwW")


TRUNKED = replace(
    DIRECTORY,
    trunks=(
        TrunkLine(name="alpha", server="203.0.113.5", registers=True, login="a", password="p", calls_out=True),
        TrunkLine(name="beta", server="203.0.113.6", calls_out=True),
        TrunkLine(name="gamma", server="203.0.113.7"),
    ),
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """With trunks, of which one takes no calls."""
    return rendered(tmp_path, directory=TRUNKED)


@pytest.fixture
def steps(files: dict[str, str]) -> list[tuple[str, str]]:
    """Each step of the dialplan: the extension and what it does."""
    found: list[tuple[str, str]] = []
    for name in sorted(files):
        if not name.startswith("dialplan/"):
            continue
        extension = ""
        for line in files[name].splitlines():
            if (match := LINE.match(line)) is not None:
                extension = match[1] or extension
                found.append((extension, match[2]))
            else:
                assert re.match(r"\s*(;|\[|$)|exten => [a-z0-9-]+,hint,PJSIP/[a-z0-9-]+$", line), (
                    f"a line of no known form in {name}: {line}"
                )
    return found


def test_every_application_is_one_of_ours(steps: list[tuple[str, str]]) -> None:
    used = {step.partition("(")[0] for _, step in steps}
    for _, step in steps:
        if step.startswith("ExecIf("):
            used |= set(re.findall(r"[?:]([A-Z][A-Za-z]+)\(", step))
    assert used <= APPLICATIONS


def test_what_is_dialled_is_an_operators_telephone(steps: list[tuple[str, str]]) -> None:
    dialled = [step for _, step in steps if "Dial(" in step and "@trunk_" not in step]
    assert len(dialled) == 4
    for step in dialled:
        target, _, options = step.removeprefix("Dial(").partition(",")
        assert target in ("PJSIP/${COLLEAGUE}", "PJSIP/${TALKED_TO}")
        check_options(options.partition(",")[2])
    # The endpoint of an operator's channel, on which `talk` runs after its answer, and `talk-ended` at its end; of a channel
    # of the trunk nothing.
    talked = {step for _, step in steps if re.search(r"TALKED_TO\)?=", step)}
    assert talked == {
        'ExecIf($["${KIND}" != "consultation"]?Set(MASTER_CHANNEL(TALKED_TO)=${CHANNEL(endpoint)}))',
        "Set(TALKED_TO=${SHARED(CONSULTED_ENDPOINT)})",
        "Set(TALKED_TO=${CUT(SHARED(LEFT),/,1)})",
    }
    shared = {
        found
        for _, step in steps
        for found in re.findall(r"SHARED\((?:CONSULTED_ENDPOINT|LEFT)(?:,\$\{CALL\})?\)=([^),]*)", step)
    }
    assert shared == {"", "${CHANNEL(endpoint", "/${BY}"}
    endpoints = {name for name, _ in DIRECTORY.endpoints}
    colleagues = [(extension, step) for extension, step in steps if "COLLEAGUE=" in step]
    assert {extension for extension, _ in colleagues} == endpoints
    for extension, step in colleagues:
        assert step in (f"Set(COLLEAGUE={extension})", f"MSet(_ASIDE=1,COLLEAGUE={extension})")


def test_the_telephone_that_a_page_rings_is_an_operators_and_dials_like_one(files: dict[str, str]) -> None:
    lines = [value for _, value in sections(files["dialplan/guard.conf"])["own-telephone"]]
    assert [line for line in lines if "ENDPOINT" in line or "THERE" in line] == [
        "> _[a-z]!,1,MSet(ENDPOINT=${CUT(EXTEN,*,1)},WANTED=${FILTER(0-9+,${CUT(EXTEN,*,2)})})",
        "> n,GotoIf($[${DIALPLAN_EXISTS(operators,${ENDPOINT},1)} = 0]?over)",
        "> n,Set(THERE=operators,${WANTED},1)",
        "> n,Originate(PJSIP/${ENDPOINT},exten,${THERE},15,b(own-rings^s^1))",
    ]
    assert sum(text.count("Originate(") for text in files.values()) == 1


def test_a_number_is_dialled_in_one_place_by_the_trunks_that_may(files: dict[str, str]) -> None:
    """Each by its name as it is written; what is dialled is digits, and reached from one place alone."""
    dialled = {name: re.findall(r"Dial\((.*)\)\n", text) for name, text in files.items() if "@trunk_" in text}
    out = files["dialplan/out.conf"]
    assert set(dialled) == {"dialplan/out.conf"}
    options = '60,i${IF($["${ASIDE}" = "1"]?g)}S(7200)U(called^${PLACED_KIND}^${PLACED_CALL}^${PLACED_BY})'
    assert dialled["dialplan/out.conf"] == [f"PJSIP/${{TO}}@trunk_{name},{options}" for name in ("alpha", "beta")]
    assert out.count("[leave]") == 1
    ways = [(name, text.count("leave,")) for name, text in files.items() if "leave," in text]
    assert ways == [("dialplan/out.conf", 1)]
    placed = re.findall(r"Goto\(placed,s,1\)", "".join(files.values()))
    assert len(placed) == 2, "from a verdict that allows it, and from an emergency number"
    assert re.findall(r"Set\(TO=.*", out) == ['Set(TO=${IF($["${EMERGENCY}" = "1"]?${NUMBER}:+${NUMBER})})'] * 2
    assert set(re.findall(r"[^O]NUMBER=([^,)]*)", out)) == {"${FILTER(0-9", "112"}
    assert "EMERGENCY=1" not in out.replace("exten => e112,1,MSet(NUMBER=112,EMERGENCY=1,", "")


def test_a_call_waits_for_the_verdict_and_goes_nowhere_without(files: dict[str, str]) -> None:
    asked = sections(files["dialplan/out.conf"])["call-out"]
    steps = [value for _, value in asked]
    assert any("VERDICT=," in step for step in steps[:1]), "what the channel had before is not one"
    assert any('"${CUT(VERDICT,/,1)}" != "allowed"]?refused' in step for step in steps)
    assert [step for step in steps if "Goto(" in step and "GotoIf" not in step] == [
        "> n,Goto(ask)", "> n,Goto(placed,s,1)", "> n(refused),Goto(out-words,out-refused,1)",
    ]  # fmt: skip


@pytest.mark.parametrize(("numbers", "leaves"), [(["112"], ["112"]), ([], []), (["101", "112"], ["101", "112"])])
def test_an_emergency_number_leaves_or_is_refused_with_words(
    tmp_path: Path, numbers: list[str], leaves: list[str]
) -> None:
    out = rendered(tmp_path, settings(asterisk={"emergency_numbers": numbers}), TRUNKED)["dialplan/out.conf"]
    assert re.findall(r"exten => e(\d+),1,MSet", out) == leaves
    refused = re.findall(r"exten => e(\d+),1,Goto\(out-words,out-emergency,1\)", out)
    assert sorted(refused + leaves) == ["101", "102", "103", "104", "112"]


def test_a_queue_rings_its_members_only(steps: list[tuple[str, str]], files: dict[str, str]) -> None:
    (queue,) = [step for _, step in steps if "Queue(" in step]
    target, options, *_ = queue.removeprefix("Queue(").split(",")
    assert target == OPERATORS
    check_options(options)
    queues = sections(files["queues.conf"])
    assert set(queues) - {"general"} == {OPERATORS}
    assert not [name for lines in queues.values() for name, _ in lines if name in ("member", "context", "membermacro")]


def check_options(options: str) -> None:
    """No key does anything, forwards are not followed, and the guard looks at the address first."""
    assert re.search(r"b\((guard|rung|brought-back|colleague)\^s\^1(\(\$\{[^^]*\}\))?\)", options)
    letters = set(re.sub(r"\$\{[^}]*\}|\([^()]*(\([^()]*\))?[^()]*\)", "", options))
    assert "i" in letters
    assert not letters & BY_KEYS


@pytest.mark.parametrize(
    ("file", "context"),
    [("guard", "rung"), ("vanished", "brought-back"), ("guard", "colleague"), ("guard", "own-rings")],
)
def test_what_runs_before_a_telephone_rings_ends_in_the_guard(files: dict[str, str], file: str, context: str) -> None:
    (lines,) = re.findall(
        rf"^\[{context}\]\n((?:exten| same).*(?:\n same.*)*)", files[f"dialplan/{file}.conf"], re.MULTILINE
    )
    assert lines.splitlines()[-1] == " same => n,Goto(guard,s,1)"


def test_nothing_is_sent_to_the_trunk(files: dict[str, str]) -> None:
    """The settings' has no address to be called at and no account, and no proxy leads to any."""
    pjsip = sections(files["pjsip.conf"])
    for name, lines in pjsip.items():
        options = {option for option, _ in lines}
        assert "outbound_proxy" not in options, name
        if name.startswith("trunk_"):
            assert {"context", "identify_by", "allow_transfer"} <= options
            assert {("context", "inbound"), ("identify_by", "ip"), ("allow_transfer", "no")} <= set(lines)
            continue
        assert not options & {"outbound_auth", "server_uri", "client_uri", "from_domain"}, name
        if name.startswith("trunk"):
            assert not options & {"aors", "contact", "auth"}, name
    types = {value for lines in pjsip.values() for option, value in lines if option == "type"}
    assert types == {"log_mappings", "global", "transport", "endpoint", "identify", "auth", "aor", "registration"} - {
        "log_mappings"
    }


def test_no_modules_call_by_themselves(files: dict[str, str]) -> None:
    """Nor leave anybody a way around the dialplan's lines above."""
    loaded = set(re.findall(r"^load = (\S+)\.so", files["modules.conf"], re.MULTILINE))
    assert {name for name in loaded if name.startswith("app_")} == {
        *(
            "app_queue",
            "app_read",
            "app_channelredirect",
            "app_confbridge",
            "app_originate",
            "app_dial",
            "app_echo",
            "app_mixmonitor",
            "app_playback",
            "app_stack",
            "app_userevent",
            "app_exec",
        ),
    }
    assert not loaded & {"pbx_spool", "pbx_dundi", "pbx_loopback", "pbx_realtime"}
    assert sections(files["features.conf"]) == {"general": [], "featuremap": []}


def test_an_actions_account_cannot_originate(files: dict[str, str]) -> None:
    manager = sections(files["manager.conf"])
    granted = {
        word for lines in manager.values() for name, value in lines if name == "write" for word in value.split(",")
    }
    assert not granted & {"originate", "system", "command", "all", "config"}
