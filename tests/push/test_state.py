from callcenter.push.state import Delta, Snapshot, apply


def test_a_delta_replaces_one_kind_and_leaves_the_rest():
    before = Snapshot(4, {"queues": {"queues": {}}, "card": {"call": "a"}})
    after = apply(before, Delta(5, "operator:1", "card", {"call": "b"}))
    assert after == Snapshot(5, {"queues": {"queues": {}}, "card": {"call": "b"}})
    assert before.state["card"] == {"call": "a"}


def test_of_the_queues_only_those_that_changed_come():
    screen = apply(Snapshot(0, {}), Delta(1, "all", "queues", {"queues": {"1": {"waiting": 2}, "2": {"waiting": 5}}}))
    screen = apply(screen, Delta(2, "all", "queues", {"queues": {"1": {"waiting": 3}, "2": None}}))
    assert screen.state == {"queues": {"queues": {"1": {"waiting": 3}}}}


def test_a_delta_already_contained_changes_nothing():
    screen = Snapshot(5, {"card": {"call": "b"}})
    assert apply(screen, Delta(5, "operator:1", "card", {"call": "a"})) is screen
    assert apply(screen, Delta(2, "operator:1", "card", {"call": "a"})) is screen


def test_messages_are_compact_json_that_keeps_letters():
    assert Delta(7, "all", "queues", {"имя": "Ж"}).text == '{"type":"delta","n":7,"kind":"queues","body":{"имя":"Ж"}}'
    assert Snapshot(0, {}).text == '{"type":"snapshot","n":0,"state":{}}'
