"""What the load tool notes of AMI: when each caller was connected, and nothing else."""

from stack.connects import Connects

CONNECT = b"Event: AgentConnect\r\nTimestamp: 1795622970.359669\r\nCallerIDNum: +79160000001\r\nInterface: PJSIP/op-01\r\n\r\n"


def test_the_time_of_a_connection_is_noted_for_caller_and_telephone() -> None:
    connects = Connects({})
    connects.take(CONNECT)
    connects.take(CONNECT.replace(b"AgentConnect", b"AgentComplete").replace(b"op-01", b"op-02"))
    assert connects.at == {("+79160000001", "PJSIP/op-01"): 1795622970.359669}
