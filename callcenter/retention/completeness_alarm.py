"""An alarm within minutes of the first talk whose recording is at risk, on the supervisors' screens and in the metrics."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog

from callcenter import metrics
from callcenter.push.codec import entry
from callcenter.push.messages import SafetyMessage
from callcenter.recordings.hashes import Coverage, coverage
from callcenter.retention.completeness import SQL, Disk, Hour, disks, hours, ratio
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings

log = structlog.get_logger()

LOOK_S = 15.0
WINDOWS: Mapping[str, timedelta] = {"1h": timedelta(hours=1), "24h": timedelta(hours=24)}
FULL_WITHIN = timedelta(hours=24)
LOW_SHARE = 0.1


def filling(disk: Disk, now: datetime) -> bool:
    """Whether this disk needs attention: a tenth is left, or at this rate it is full within a day."""
    return disk.free < LOW_SHARE * disk.total or (disk.full_at is not None and disk.full_at < now + FULL_WITHIN)


def logs_filling(disk: Disk) -> bool:
    """Whether the disk of the ledger needs attention: a tenth is left."""
    return disk.log_free is not None and disk.log_total is not None and disk.log_free < LOW_SHARE * disk.log_total


class CompletenessAlarm:
    """Checks every `every_s` seconds. Of several processes one does; another takes over when it ends."""

    def __init__(self, settings: DatabaseSettings, hash_days: int, every_s: float = LOOK_S) -> None:
        self._settings = settings
        self._hash_days = hash_days
        self._every_s = every_s
        self._told: SafetyMessage | None = None

    async def run(self) -> None:
        """Check until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.check, self._every_s, "completeness not checked")

    async def check(self, connection: asyncpg.Connection) -> None:
        """Check once; set the metrics, and send the result to the screens if it has changed."""
        now = datetime.now(UTC)
        day = await hours(connection, now - WINDOWS["24h"], now + timedelta(hours=1))
        last = await hours(connection, now - WINDOWS["1h"], now + timedelta(hours=1))
        _set_figures(last, day)
        told = [disk for disk in await disks(connection) if not disk.silent]
        full = tuple(disk.node for disk in told if filling(disk, now))
        logs = tuple(disk.node for disk in told if logs_filling(disk))
        hashed = await coverage(connection, self._hash_days, now)
        _set_coverage(hashed, now)
        late, missing = sum(hour.late for hour in day), sum(hour.missing for hour in day)
        body = SafetyMessage(late=late, missing=missing, altered=hashed.findings, disks=full, logs=logs)
        if body != self._told:
            if late or missing or full or logs or hashed.findings:
                log.error(
                    "recordings at risk", late=late, missing=missing, altered=hashed.findings, disks=full, logs=logs
                )
            await connection.execute(SQL["push"], [entry("supervisors", body)])
            self._told = body


def _set_figures(last: Sequence[Hour], day: Sequence[Hour]) -> None:
    metrics.recording_completeness.clear()
    for window, found in (("1h", last), ("24h", day)):
        groups: defaultdict[tuple[str, str], list[Hour]] = defaultdict(list)
        for hour in found:
            groups[hour.node, str(hour.company_id or "")].append(hour)
        for (node, company), of_one in groups.items():
            if (share := ratio(of_one)) is not None:
                metrics.recording_completeness.labels(window=window, node=node, company=company).set(share)
    metrics.recordings_late.set(sum(hour.late for hour in day))
    metrics.recordings_missing.set(sum(hour.missing for hour in day))


def _set_coverage(hashed: Coverage, now: datetime) -> None:
    metrics.recordings_hashed.set(hashed.read / hashed.kept if hashed.kept else 1)
    metrics.recordings_hashed_oldest_seconds.set((now - hashed.oldest).total_seconds() if hashed.oldest else 0)
    metrics.recordings_altered.set(hashed.findings)
