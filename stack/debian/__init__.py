"""The Debian package: what is in it, and the scripts that dpkg runs."""
