"""`callcenter render-asterisk`: the configuration of an Asterisk of our own, or what another PBX includes of ours."""

from pathlib import Path

from callcenter.errors import SettingsError
from callcenter.settings import Settings
from callcenter.telephony.render import Directory, render
from callcenter.telephony.shared import FOLDER, include_lines, refuse_taken


def render_asterisk(settings: Settings, directory: Directory, out: Path) -> None:
    """Write it, and print what is left to do. Raises as `render`, and `SettingsError` for a folder of another name."""
    if not settings.asterisk.shared:
        render(settings, directory, out)
        return
    if out.name != FOLDER:
        raise SettingsError(
            f"with CALLCENTER_ASTERISK__SHARED the folder must be named {FOLDER} and lie in Asterisk's own, such as"
            f" /etc/asterisk/{FOLDER}"
        )
    refuse_taken(out.parent, (endpoint for endpoint, _ in directory.endpoints))
    render(settings, directory, out)
    print("Once, at the end of these files of the other PBX (docs/beside-a-pbx.md):")
    for line in include_lines():
        print(f"    {line}")
