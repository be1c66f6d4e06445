"""A folder that others made is never written into, by the command or by the node."""

from pathlib import Path

import pytest

from callcenter.telephony.owned_folder import MARKER, ForeignFolder
from callcenter.telephony.render import render
from tests.asterisk.test_render import DIRECTORY, settings


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Each file's permissions and bytes; the folder's own permissions under its dot."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    found = {name: (path.stat().st_mode, path.read_bytes()) for name, path in files.items()}
    return found | {".": (folder.stat().st_mode, b"")}


@pytest.mark.parametrize("file", ["manager.conf", "extensions.conf", "README", ".hidden", "sub/folder.conf"])
def test_a_folder_with_anything_of_others_is_refused_and_left_as_it_is(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "asterisk"
    (folder / file).parent.mkdir(parents=True)
    folder.chmod(0o755)
    (folder / file).write_text("[general]\nenabled = yes\n")
    before = contents(folder)
    with pytest.raises(ForeignFolder, match="nothing was written"):
        render(settings(), DIRECTORY, folder)
    assert contents(folder) == before


def test_a_link_to_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "pjsip.conf").write_text("")
    (tmp_path / "etc").symlink_to(tmp_path / "theirs")
    with pytest.raises(ForeignFolder):
        render(settings(), DIRECTORY, tmp_path / "etc")
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["pjsip.conf"]


def test_a_new_or_empty_folder_becomes_ours_and_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new/deeper", "empty"):
        render(settings(), DIRECTORY, tmp_path / name)
        first = contents(tmp_path / name)
        (tmp_path / name / "queues.conf").unlink()
        render(settings(), DIRECTORY, tmp_path / name)
        assert contents(tmp_path / name) == first


def test_a_folder_of_an_earlier_version_is_known_without_a_marker(tmp_path: Path) -> None:
    render(settings(), DIRECTORY, tmp_path)
    (tmp_path / MARKER).unlink()
    render(settings(), DIRECTORY, tmp_path)
    assert (tmp_path / MARKER).is_file()


def test_a_dialplan_that_only_looks_like_an_earlier_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "extensions.conf").write_text('; #include "dialplan/numbers.conf"\n[from-internal]\n')
    with pytest.raises(ForeignFolder):
        render(settings(), DIRECTORY, tmp_path)
