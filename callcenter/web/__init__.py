"""HTTP machinery of no subject: authentication, rendering, languages, errors, uploads, health, shared style."""
