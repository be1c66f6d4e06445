"""A telephone company: a second Asterisk, with which one registers, or which calls from fixed addresses.

Whoever is called by it hears a tone until hanging up, and so does whoever calls it; it knows of each call that came.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, wait_for
from tests.e2e.internet import COMPANIES, COMPANY6, OFFICE6, ROUTER, SPACE

REGISTRAR, FIRST, SECOND, SECURE = COMPANIES[:4]
PASSWORD = "carrier-secret"
TONE = "/var/lib/asterisk/sounds/ru/greeting"

PJSIP = f"""
[global]
type = global
endpoint_identifier_order = username,ip

[line](!)
type = endpoint
context = from-client
disallow = all
allow = alaw
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes
trust_id_inbound = yes

[auth](!)
type = auth
auth_type = userpass
password = {PASSWORD}

[aor](!)
type = aor
max_contacts = 1
remove_existing = yes
minimum_expiration = 10
"""
TRANSPORT = """
[{name}]
type = transport
protocol = {protocol}
bind = {address}
"""
ACCOUNT = """
[{name}](line)
transport = {transport}
auth = {name}
aors = {name}
media_encryption = {encryption}
media_address = {address}
bind_rtp_to_media_address = yes
[{name}](auth)
username = {name}
[{name}](aor)
"""
FIXED = """
[{name}](line)
transport = {transport}
aors = {name}
media_address = {address}
bind_rtp_to_media_address = yes
rtp_ipv6 = {ipv6}
[{name}](aor)
contact = sip:{router}:{port}
[{name}]
type = identify
endpoint = {name}
match = {match}
"""
DIALPLAN = f"""
[from-client]
exten => _[+0-9]!,1,NoOp()
 same => n,Set(GLOBAL(CAME)=${{GLOBAL(CAME)}}[${{CHANNEL(endpoint)}} ${{EXTEN}} from ${{CALLERID(num)}} ${{CHANNEL(rtp,dest)}} ${{CHANNEL(pjsip,local_addr)}}])
 same => n,Answer()
 same => n(tone),Playback({TONE})
 same => n,Goto(tone)
[call]
exten => s,1,Answer()
 same => n(tone),Playback({TONE})
 same => n,Goto(tone)
"""


class Carrier:
    """One that runs."""

    def __init__(self, pbx: AsteriskInstance) -> None:
        self.pbx = pbx

    def call(self, client: str, number: str) -> None:
        """Call this number of a client."""
        self.pbx.cli(f"channel originate PJSIP/{number}@{client} extension s@call")

    def hang_up(self) -> None:
        """End all calls."""
        self.pbx.cli("channel request hangup all")
        wait_for(lambda: not self.channels(), "the end of the company's calls")

    def channels(self) -> list[str]:
        """Those that talk."""
        return [line for line in self.pbx.cli("core show channels concise").splitlines() if "!Up!" in line]

    def came(self) -> list[str]:
        """The calls that came, each `client number from number`."""
        shown = re.search(r"CAME=(.*)", self.pbx.cli("dialplan show globals"))
        return re.findall(r"\[([^][\s]+ [^][\s]+ from [^][\s]*) ", shown[1]) if shown else []

    def came_to(self) -> list[str]:
        """The address of its own to which each of them came."""
        shown = re.search(r"CAME=(.*)", self.pbx.cli("dialplan show globals"))
        return re.findall(r" ([0-9.]+):[0-9]+\]", shown[1]) if shown else []

    def registered(self, client: str) -> bool:
        return f"{client}/sip:" in self.pbx.cli("pjsip show contacts")

    def block(self, client: str, blocked: bool) -> None:
        """Refuse a client's password, or accept it again."""
        path = self.pbx.home / "etc" / "pjsip.conf"
        good, bad = f"username = {client}\n", f"username = {client}\npassword = blocked\n"
        path.write_text(path.read_text().replace(bad, good).replace(good, bad if blocked else good))
        self.pbx.cli("module reload res_pjsip.so")
        if blocked:
            self.pbx.cli("database deltree registrar")


@contextmanager
def carrier(home: Path, office_port: int) -> Iterator[Carrier]:
    """Runs at its addresses until left. `office_port`: where the router takes calls for the office."""
    make_certificate(home / "lib")

    def configure(etc: Path) -> None:
        text = PJSIP
        for number, address in enumerate((REGISTRAR, FIRST, SECOND)):
            text += TRANSPORT.format(name=f"udp-{number}", protocol="udp", address=f"{address}:5060")
        text += TRANSPORT.format(name="tls", protocol="tls", address=f"{SECURE}:5061")
        text += "method = tlsv1_2\ncert_file = /var/lib/asterisk/carrier.pem\npriv_key_file = /var/lib/asterisk/carrier.key\n"
        text += ACCOUNT.format(name="alpha", transport="udp-0", encryption="no", address=REGISTRAR)
        text += ACCOUNT.format(name="gamma", transport="tls", encryption="sdes", address=SECURE)
        for number, address in ((1, FIRST), (2, SECOND)):
            text += FIXED.format(
                name=f"beta{number}",
                transport=f"udp-{number}",
                router=ROUTER,
                match=ROUTER,
                port=office_port,
                address=address,
                ipv6="no",
            )
        text += TRANSPORT.format(name="udp6", protocol="udp", address=f"[{COMPANY6}]:5060")
        text += FIXED.format(
            name="epsilon",
            transport="udp6",
            router=f"[{OFFICE6}]",
            match=OFFICE6,
            port=office_port,
            address=COMPANY6,
            ipv6="yes",
        )
        (etc / "pjsip.conf").write_text(text)
        (etc / "extensions.conf").write_text("[general]\nautofallthrough = yes\n" + DIALPLAN)
        with (etc / "modules.conf").open("a") as modules:
            modules.write("load = res_clioriginate.so\nload = app_originate.so\n")

    directory = Directory((), ())
    with asterisk(home, directory, configure, more={"bind": REGISTRAR}, space=SPACE) as pbx:
        yield Carrier(pbx)


def make_certificate(folder: Path) -> Path:
    """The company's certificate, which is its own authority."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "carrier.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={SECURE}", "-addext", f"subjectAltName=IP:{SECURE}", "-keyout", folder / "carrier.key", "-out", made],
        check=True, capture_output=True,
    )  # fmt: skip
    return made
