"""A genuine pack is known as such; of a changed one it is said what was changed."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from callcenter.__main__ import main
from callcenter.cli.evidence import tell_key
from callcenter.errors import SettingsError
from callcenter.evidence.chain import Link, content_of
from callcenter.evidence.manifest import SIGNATURE, Signature, fingerprint, sign, written
from callcenter.evidence.verify import Part, Verdict, What, verify
from callcenter.settings import EvidenceSettings

from .packs import AUDIO, KEY, OTHER_KEY, changed, contents, entry, ledger, make, pack_of, text_of

Files = dict[str, bytes]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return make(tmp_path / "pack.zip")


def found(verdict: Verdict) -> set[tuple[What, Part, str]]:
    return {(fault.what, fault.part, fault.name) for fault in verdict.faults}


def after(pack: Path, change: Callable[[Files], object]) -> set[tuple[What, Part, str]]:
    return found(verify(changed(pack, change)))


def flip(name: str, at: int = -3) -> Callable[[Files], object]:
    def change(files: Files) -> None:
        body = bytearray(files[name])
        body[at] ^= 1
        files[name] = bytes(body)

    return change


def test_a_pack_is_genuine(pack: Path):
    verdict = verify(pack)
    assert verdict.faults == []
    assert verdict.fingerprint == fingerprint(KEY)
    assert verdict.manifest is not None
    assert [recording.id for recording in verdict.manifest.recordings] == list(AUDIO)
    assert verify(pack, fingerprint(KEY)).faults == []


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("originals/7.wav", Part.AUDIO),
        ("copies/8.ogg", Part.COPY),
        ("timeline.json", Part.TIMELINE),
        ("journal.json", Part.JOURNAL),
        ("evidence.pdf", Part.PRINTED),
    ],
)
def test_a_changed_or_removed_part_is_named_and_nothing_else_is(pack: Path, name: str, part: Part):
    assert after(pack, flip(name)) == {(What.CHANGED, part, name)}
    assert after(pack, lambda files: files.pop(name)) == {(What.REMOVED, part, name)}


def test_a_changed_manifest_is_distinguished_from_a_changed_signature(pack: Path):
    def other_number(files: Files) -> None:
        files["manifest.json"] = files["manifest.json"].replace(b'"number": 12', b'"number": 13')

    def other_signature(files: Files) -> None:
        held = Signature.model_validate_json(files[SIGNATURE])
        files[SIGNATURE] = written(held.model_copy(update={"signature": "0" * 128}))

    assert after(pack, other_number) == {(What.CHANGED, Part.MANIFEST, "manifest.json")}
    assert after(pack, flip("manifest.json", 0)) == {(What.CHANGED, Part.MANIFEST, "manifest.json")}
    assert after(pack, other_signature) == {(What.CHANGED, Part.SIGNATURE, SIGNATURE)}
    assert after(pack, flip(SIGNATURE, 0)) == {(What.CHANGED, Part.SIGNATURE, SIGNATURE)}
    assert after(pack, lambda files: files.pop("manifest.json")) == {(What.REMOVED, Part.MANIFEST, "manifest.json")}
    assert after(pack, lambda files: files.pop(SIGNATURE)) == {(What.REMOVED, Part.SIGNATURE, SIGNATURE)}


@pytest.mark.long
def test_every_digit_of_the_signature_file_counts(pack: Path):
    files = contents(pack)
    text = files[SIGNATURE]
    for at in range(len(text)):
        for other in (bytes([text[at] ^ 1]), bytes([text[at] ^ 0x20])):
            files[SIGNATURE] = text[:at] + other + text[at + 1 :]
            parts = {fault.part for fault in verify(pack_of(pack.with_name("flipped.zip"), files)).faults}
            # A digest of the manifest that is changed looks the same as a manifest that is.
            assert parts, at
            assert parts <= {Part.SIGNATURE, Part.MANIFEST}, at


def test_a_pack_signed_again_by_another_key_is_known_by_the_fingerprint(pack: Path, tmp_path: Path):
    def own_signature(files: Files) -> None:
        files[SIGNATURE] = written(sign(files["manifest.json"], OTHER_KEY))

    # The manifest names the key that it was signed by.
    assert after(pack, own_signature) == {(What.OTHER_KEY, Part.SIGNATURE, SIGNATURE)}
    forged = make(tmp_path / "forged.zip", key=OTHER_KEY)
    assert verify(forged).fingerprint == fingerprint(OTHER_KEY)
    assert found(verify(forged, fingerprint(KEY))) == {(What.OTHER_KEY, Part.SIGNATURE, SIGNATURE)}


def test_an_added_entry_is_named(pack: Path):
    assert after(pack, lambda files: files.update({"originals/9.wav": b"RIFF"})) == {
        (What.ADDED, Part.AUDIO, "originals/9.wav")
    }


def test_audio_that_was_changed_before_the_pack_was_sealed_is_named_by_the_ledger(tmp_path: Path):
    verdict = verify(make(tmp_path / "pack.zip", **{"8": b"RIFF another voice"}))
    names = [(fault.part, fault.name) for fault in verdict.faults]
    # The copy of number 8 was replaced as well; copies are not in the custody chain.
    assert names == [(Part.AUDIO, "originals/8.wav")]
    assert "the custody chain has SHA-256" in verdict.faults[0].text


def test_what_was_done_to_the_chain_is_reported_even_of_a_pack_sealed_again(tmp_path: Path):
    links = ledger()
    forged = entry(5, "hold placed", ticket=41, reason="другая")
    changes = {
        "entry 3 is missing": [*links[:2], *links[3:]],
        "entries 5 to 6 are missing": links[:4],
        "entry 5 does not match its hash": [
            *links[:4], Link(5, content_of(forged), links[4].hash, forged), links[5],
        ],
        "entry 2 comes after entry 3": [links[0], links[2], links[1], *links[3:]],
    }  # fmt: skip
    for text, chain in changes.items():
        verdict = verify(make(tmp_path / "pack.zip", ledger=text_of(chain)))
        assert {fault.part for fault in verdict.faults} <= {Part.LEDGER, Part.AUDIO}
        assert any(fault.text.startswith(text) for fault in verdict.faults), (text, verdict.faults)


def test_a_changed_ledger_is_named_together_with_the_entry(pack: Path):
    def other_reason(files: Files) -> None:
        files["ledger.jsonl"] = files["ledger.jsonl"].replace("суд".encode(), "сад".encode())

    verdict = verify(changed(pack, other_reason))
    assert {fault.part for fault in verdict.faults} == {Part.LEDGER}
    assert "entry 5 does not match its hash" in {fault.text for fault in verdict.faults}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_bit_of_the_file_can_be_changed_unnoticed(pack: Path, data: st.DataObject):
    body = bytearray(pack.read_bytes())
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    other = pack.with_name("flipped.zip")
    other.write_bytes(body)
    assert verify(other).faults


def test_a_pack_that_was_cut_or_lengthened_is_not_genuine(pack: Path):
    body = pack.read_bytes()
    other = pack.with_name("cut.zip")
    for content in (b"", body[:1000], body[:-1], body + b"\0", b"\0" + body, body + body):
        other.write_bytes(content)
        assert verify(other).faults, len(content)


def test_a_rebuilt_zip_has_the_signed_content_and_is_reported_as_rebuilt(pack: Path):
    rebuilt = pack.with_name("rebuilt.zip")
    with zipfile.ZipFile(rebuilt, "w", zipfile.ZIP_DEFLATED) as out:
        for name, body in contents(pack).items():
            out.writestr(name, body)
    assert found(verify(rebuilt)) == {(What.CHANGED, Part.ARCHIVE, "")}


def test_the_command_reports_by_text_and_status(
    pack: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    # No settings are needed: none are there.
    monkeypatch.setenv("CALLCENTER_ENV_FILE", "/nowhere")
    assert main(["verify", str(pack)]) == 0
    said = capsys.readouterr().out
    assert "genuine" in said
    assert fingerprint(KEY) in said
    assert main(["verify", str(pack), "--key", fingerprint(KEY).upper()]) == 0
    assert main(["verify", str(pack), "--key", fingerprint(OTHER_KEY)]) == 1
    assert "other key signature" in capsys.readouterr().out
    assert main(["verify", str(changed(pack, flip("originals/7.wav")))]) == 1
    assert "changed audio: originals/7.wav" in capsys.readouterr().out
    assert main(["verify", str(pack), "--key", "short"]) == 2
    assert main(["verify", "/nowhere/pack.zip"]) == 2


def test_the_fingerprint_of_the_own_key_is_printed_or_what_to_set(capsys: pytest.CaptureFixture[str]):
    assert tell_key(EvidenceSettings(key="11" * 32)) == 0
    assert capsys.readouterr().out.strip() == fingerprint(KEY)
    with pytest.raises(SettingsError, match="openssl rand"):
        tell_key(EvidenceSettings())
    with pytest.raises(ValidationError, match="64 hexadecimal digits"):
        EvidenceSettings(key="11" * 31)
