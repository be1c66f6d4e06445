"""What is at a telephone company's address, and must not be called."""

import socket


class Carrier:
    """What listens on an address, and takes no calls."""

    def __init__(self, host: str, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.close()

    def called(self) -> list[bytes]:
        """The first lines of the calls that came."""
        return [line for line in self.asked() if line.startswith(b"INVITE ")]

    def asked(self) -> list[bytes]:
        """The first lines of everything that came."""
        lines = []
        while True:
            try:
                lines.append(self._socket.recv(8192).split(b"\r\n")[0])
            except BlockingIOError:
                return lines
