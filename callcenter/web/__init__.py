"""HTTP machinery and nothing of a subject: sign-in of requests, rendering, languages, errors, uploads, health, shared style."""
