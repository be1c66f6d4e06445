"""HTTP for people and monitoring: pages, sessions, the socket, recordings, health."""
