"""Logins, people, invitations, second factors, API tokens, the audit log."""
