"""Samples of what stands around the program (services, proxies, rotation of logs), with the names of this installation."""

import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callcenter.resources import ROOT
from callcenter.settings import Settings

TEMPLATES = ROOT / "deploy"
NODE_PORT = 9108
"""Of a node's health and figures, on its own machine."""


PACKAGED = Path("/usr/lib/callcenter")
"""The environment that the Debian package has."""


def write_samples(settings: Settings, folder: Path) -> None:
    """Write them into `folder/samples`, in place of those of another version."""
    out = folder / "samples"
    out.mkdir(exist_ok=True)
    for name, text in render_samples(settings, folder, Path(sys.prefix), ROOT).items():
        (out / name).write_text(text)
    print(f"samples: services, proxies, rotation of logs in {out}")


def render_samples(settings: Settings, folder: Path, environment: Path, resources: Path) -> dict[str, str]:
    """Each by the name of its file. `environment` has the program; `resources` are where `callcenter.resources` finds them."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    values = {
        "program": environment / "bin" / "callcenter",
        "packaged": environment == PACKAGED,
        "resources": resources,
        **_values(settings, folder),
    }
    return {
        template.stem: templates.get_template(str(template.relative_to(TEMPLATES))).render(values)
        for template in sorted(TEMPLATES.rglob("*.j2"))
    }


def _values(settings: Settings, folder: Path) -> dict[str, object]:
    asterisk = settings.asterisk
    web = settings.web
    ports = [asterisk.sip_port, asterisk.tls_port, settings.ami.port, asterisk.ws_port, web.port]
    return {
        "folder": folder,
        "env_files": f"{folder / 'settings.env'}:{folder / 'secrets.env'}",
        "hostname": socket.gethostname(),
        "host": urlsplit(web.url).hostname,
        "web": f"{web.host}:{web.port}",
        "node_port": NODE_PORT,
        "ws_port": asterisk.ws_port,
        "etc": asterisk.etc,
        "spool": asterisk.spool,
        "spool_root": asterisk.spool.parent,
        "log": asterisk.queue_log.parent,
        "control": asterisk.control.parent,
        "reserved_ports": ",".join([*map(str, sorted(ports)), f"{asterisk.rtp_start}-{asterisk.rtp_end}"]),
    }
