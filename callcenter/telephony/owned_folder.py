"""Whether a folder of Asterisk's configuration is ours: what others made is never written into.

A node may do everything on Asterisk's disk, and /etc/asterisk is the default of many programs: FreePBX, a
distribution's package, an administrator with an editor.
"""

from pathlib import Path

from callcenter.errors import TelephonyError

MARKER = ".callcenter"
_SAYS = "Everything in this folder is written by callcenter, again at every change. Put nothing else here.\n"
# How this program's earlier versions, which left no marker, began the dialplan.
_EARLIER = '#include "dialplan/numbers.conf"'


class ForeignFolder(TelephonyError):
    """There is something in the folder that this program did not write; nothing was changed."""


def refuse_foreign(folder: Path) -> None:
    """Raise `ForeignFolder` unless the folder is new, empty or ours, and `OSError` when it cannot be read."""
    if not (folder / MARKER).is_file() and not _is_empty(folder) and not _is_of_earlier_version(folder):
        raise ForeignFolder(
            f"{folder} has files that callcenter did not write, so nothing was written. Name an empty folder or one"
            " that does not exist (CALLCENTER_ASTERISK__ETC for the node); docs/beside-a-pbx.md says how to work with"
            " an Asterisk that has a configuration already"
        )


def claim(folder: Path) -> None:
    """Make the folder ours, readable by nobody else. Raises `ForeignFolder` before anything is changed, and `OSError`."""
    refuse_foreign(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    marker = folder / MARKER
    if not marker.is_file():
        marker.write_text(_SAYS)
        marker.chmod(0o600)


def _is_empty(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _is_of_earlier_version(folder: Path) -> bool:
    try:
        dialplan = (folder / "extensions.conf").read_text(errors="replace")
    except OSError:
        return False
    return _EARLIER in dialplan.splitlines() and (folder / "dialplan" / "numbers.conf").is_file()
