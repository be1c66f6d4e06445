"""What Prometheus reads at `/metrics`. Labels are ids of things, never of people."""

from prometheus_client import Counter, Gauge, Histogram

FINE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

waiting = Gauge("callcenter_callers_waiting", "Callers waiting in a queue now", ["queue"])
talking = Gauge("callcenter_callers_talking", "Callers talking with an operator now", ["queue"])
oldest_wait_seconds = Gauge(
    "callcenter_oldest_wait_seconds", "How long the caller has waited in a queue who waits longest", ["queue"]
)
calls_total = Counter("callcenter_calls", "Calls that ended, by direction and outcome", ["direction", "outcome"])
operators = Gauge(
    "callcenter_operators", "Operators by what their telephones do, or at rest by what they want", ["state"]
)
telephones_reachable = Gauge("callcenter_telephones_reachable", "Telephones of operators that Asterisk reaches")
telephones_lacking = Gauge(
    "callcenter_telephones_lacking", "Operators who want calls and whose telephone Asterisk does not reach"
)
outages = Gauge("callcenter_outages", "Outages that go on, by state", ["state"])
messages_failed = Gauge(
    "callcenter_messages_failed",
    "Messages to crews, and to others about outages, that failed: `waiting` for the next attempt, or `dead`",
    ["kind", "state"],
)
pop_seconds = Histogram(
    "callcenter_pop_seconds",
    "From the answer, by Asterisk's clock, to the card written to the operator's socket",
    buckets=FINE,
)
engine_lag_seconds = Histogram(
    "callcenter_engine_lag_seconds", "From a live event, by Asterisk's clock, to its step", buckets=FINE
)
events_total = Counter("callcenter_events", "Events stepped", ["kind", "source"])
problems_total = Counter("callcenter_problems", "Events that do not apply, and commands that failed", ["problem"])
ami_connected = Gauge("callcenter_ami_connected", "1 while this AMI account is logged in", ["account"])
rebuilt_total = Counter("callcenter_rebuilt_events", "Events that the live view missed and the ledger supplied")
write_backlog = Gauge("callcenter_write_backlog", "Commands not yet written to PostgreSQL")
write_seconds = Histogram("callcenter_write_seconds", "One transaction of the writer", buckets=FINE)
part_ready = Gauge("callcenter_part_ready", "1 while this part of the process is ready, as /readyz has it", ["part"])
trunk_up = Gauge(
    "callcenter_trunk_up", "1 while this trunk is registered or answers, as its node sees it", ["trunk", "node"]
)
recordings = Gauge("callcenter_recordings", "Recordings by state", ["state"])
recording_completeness = Gauge(
    "callcenter_recording_completeness",
    "Recordings read back from the store, divided by talks whose recording is due",
    ["window", "node", "company"],
)
recordings_late = Gauge(
    "callcenter_recordings_late", "Talks of 24 hours, minutes over, whose recording is not read back yet"
)
recordings_missing = Gauge("callcenter_recordings_missing", "Talks of 24 hours whose recording is missing")
recordings_hashed = Gauge(
    "callcenter_recordings_hashed_ratio", "Recordings that were read back in the last days of the setting, of all"
)
recordings_hashed_oldest_seconds = Gauge(
    "callcenter_recordings_hashed_oldest_seconds", "Since the recording that was read back longest ago was"
)
recordings_altered = Gauge("callcenter_recordings_altered", "Recordings that are not what was stored, or gone")
spool_free_bytes = Gauge("callcenter_spool_free_bytes", "Free on the disk on which recordings wait")
log_free_bytes = Gauge("callcenter_log_free_bytes", "Free on the disk on which Asterisk writes the ledger")
spool_waiting = Gauge("callcenter_spool_waiting", "Complete recordings that wait on the disk")
spool_waiting_bytes = Gauge("callcenter_spool_waiting_bytes", "Their bytes")
spool_oldest_seconds = Gauge("callcenter_spool_oldest_seconds", "How long the oldest of them has waited")
recordings_deleted_total = Counter(
    "callcenter_recordings_deleted", "Recordings deleted because their retention is over"
)
personal_data_overdue = Gauge(
    "callcenter_personal_data_overdue", "Companies whose terms of personal data no run has applied for two days"
)
personal_data_last_run_seconds = Gauge(
    "callcenter_personal_data_last_run_seconds", "Since the last removal of personal data ended; 0 before the first"
)
untrusted_forwarded_total = Counter(
    "callcenter_untrusted_forwarded",
    "Requests with X-Forwarded-For from an address that is no trusted proxy's; `public` for all that are not private",
    ["peer"],
)
sockets = Gauge("callcenter_sockets", "Browsers connected")
tickets_late = Gauge("callcenter_tickets_late", "Open tickets past a limit")
tickets_due_soon = Gauge("callcenter_tickets_due_soon", "Open tickets warned of and not yet past a limit")
slow_clients_total = Counter("callcenter_slow_clients", "Browsers disconnected because they did not read")
