"""Asterisk: AMI connections, parsing, the ledger (queue_log), actions, its configuration."""
