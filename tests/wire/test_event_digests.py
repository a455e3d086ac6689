"""Events known by their digests, which are of words and dialect."""

from tests.wire.events import BOTH, event
from tests.wire.test_golden import V301, V310, golden
from ven_daemon.wire.profile import Profile


@BOTH
def test_what_is_known_by_its_digest_is_not_read_again(profile: Profile) -> None:
    body = golden(profile.name, "events")
    first = profile.read_events(body)

    again = profile.read_events(body, {each.digest for each in first.items})

    assert [each.digest for each in again.items] == [each.digest for each in first.items]
    assert all(each.item is None and each.reason is None for each in again.items)


def test_a_digest_is_of_the_words_and_the_dialect_and_not_of_the_order_of_members() -> None:
    one = V310.read_event(b'{"id":"e","programID":"p","priority":1}')
    turned = V310.read_event(b'{ "priority": 1, "programID": "p", "id": "e" }')
    other = V310.read_event(b'{"id":"e","programID":"p","priority":2}')
    elsewhere = V301.read_event(b'{"id":"e","programID":"p","priority":1}')

    assert one.digest == turned.digest
    assert len({one.digest, other.digest, elsewhere.digest}) == 3
    assert V310.read_event(one.json).item == one.item


def test_t_37_target_hiding_makes_another_version() -> None:
    """T-37: what two VENs are shown of one event may differ, and then is not shared."""
    one = event(V310, targets=["a"])
    two = event(V310, targets=["b"])

    assert one.id == two.id
    assert one.digest != two.digest
