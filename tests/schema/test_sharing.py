"""What a share opens, and each reason for which it does not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import MAX_SCHEMA_SIZE, Part, parse_schema
from holdfast.schema.build import (
    bytes_text,
    directory_text,
    file_text,
    static_set_text,
    symlink_text,
)
from holdfast.schema.claims import (
    DelAttribute,
    Delete,
    SetAttribute,
    Share,
    claim_text,
    search_fields,
)
from holdfast.schema.facts import FileFacts
from holdfast.schema.sharing import Denial, is_transitive, links, open_share, way_denial
from holdfast.schema.timestamps import Timestamp

SIGNER = Ref.of(b"a public key")
NOW = Timestamp(1_500_000_000_000_000_000)
LATER, EARLIER = Timestamp(NOW.ns + 1), Timestamp(NOW.ns - 1)
FACTS = FileFacts(name=b"x")


class Store(dict[Ref, bytes]):
    """Blobs, and the order in which they were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Ref] = []

    def put(self, data: bytes) -> Ref:
        self[Ref.of(data)] = data
        return Ref.of(data)

    def share(self, says: object, *, at: Timestamp = EARLIER) -> Ref:
        text = claim_text(SIGNER, at, says)
        return self.put(text[:-1] + b',"camliSig":"c2ln=crc4"}\n')

    def read(self, ref: Ref) -> bytes | None:
        self.asked.append(ref)
        return self.get(ref)

    def denial(self, *chain: Ref, is_whole_file: bool = False, **options: object) -> Denial | None:
        usual = {"deleted": (), "trusts": lambda claim: claim.signer == SIGNER, "now": NOW}
        found = open_share(chain[0], read=self.read, **{**usual, **options})
        if isinstance(found, Denial):
            return found
        return way_denial(found.share, chain[1:], read=self.read, is_whole_file=is_whole_file)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def tree(store) -> list[Ref]:
    """A directory so large that its members are in sets of sets, down to a chunk of a file."""
    chunk = store.put(b"chunk")
    inner = store.put(bytes_text([Part(5, chunk)]))
    file = store.put(file_text(FACTS, [Part(5, bytes_ref=inner)]))
    members = store.put(static_set_text([Ref.of(b"other"), file]))
    sets = store.put(static_set_text(merge_sets=[members]))
    return [store.put(directory_text(FACTS, sets)), sets, members, file, inner, chunk]


def test_a_transitive_share_opens_all_that_is_below_its_target(store, tree):
    share = store.share(Share(target=tree[0], is_transitive=True))
    for end in range(len(tree) + 1):
        assert store.denial(share, *tree[:end]) is None


def test_a_share_that_is_not_transitive_opens_itself_and_its_target_alone(store, tree):
    share = store.share(Share(target=tree[0]))
    assert store.denial(share) is None
    assert store.denial(share, tree[0]) is None
    for end in range(2, len(tree) + 1):
        assert store.denial(share, *tree[:end]) is Denial.NOT_TRANSITIVE


def test_a_whole_file_needs_a_transitive_share(store, tree):
    file = tree[3]
    alone = store.share(Share(target=file))
    whole = store.share(Share(target=file, is_transitive=True))
    assert store.denial(alone, file, is_whole_file=True) is Denial.NOT_TRANSITIVE
    assert store.denial(whole, file, is_whole_file=True) is None


def test_a_deleted_share_opens_nothing_not_even_itself(store, tree):
    share = store.share(Share(target=tree[0], is_transitive=True))
    assert store.denial(share, deleted={share}) is Denial.SHARE_DELETED
    assert store.denial(share, tree[0], deleted={share}) is Denial.SHARE_DELETED
    assert store.denial(share, tree[0], deleted={tree[0]}) is None


def test_a_share_that_is_not_there_opens_nothing(store):
    assert store.denial(Ref.of(b"nothing")) is Denial.SHARE_MISSING


@pytest.mark.parametrize(
    "data",
    [
        b"no JSON",
        b"",
        file_text(FACTS, []),
        claim_text(SIGNER, EARLIER, Share(target=SIGNER)),  # not signed
        b'{"camliVersion": 1, "expires": "soon"}',
        b'{"camliVersion": 1,' + b" " * MAX_SCHEMA_SIZE + b"}",
    ],
)
def test_what_is_no_claim_shares_nothing(store, data):
    assert store.denial(store.put(data)) is Denial.SHARE_NO_CLAIM


@pytest.mark.parametrize(
    "says", [Delete(SIGNER), SetAttribute(SIGNER, "a", "b"), DelAttribute(SIGNER, "a")]
)
def test_other_claims_share_nothing(store, says):
    assert store.denial(store.share(says), SIGNER) is Denial.SHARE_OTHER_CLAIM


def test_a_share_by_someone_who_may_not_share_opens_nothing(store, tree):
    share = store.share(Share(target=tree[0]))
    assert store.denial(share, trusts=lambda _: False) is Denial.SHARE_UNTRUSTED
    assert store.denial(share, tree[0], trusts=lambda _: False) is Denial.SHARE_UNTRUSTED


@pytest.mark.parametrize("auth_type", ["", "HaveRef", "password"])
def test_a_share_that_asks_for_more_than_its_ref_opens_nothing(store, tree, auth_type):
    text = store[store.share(Share(target=tree[0]))]
    share = store.put(text.replace(b'"haveref"', f'"{auth_type}"'.encode()))
    assert store.denial(share, tree[0]) is Denial.SHARE_AUTH_TYPE


def test_a_share_of_nothing_opens_nothing(store, tree):
    text = store[store.share(Share(target=tree[0]))]
    share = store.put(text.replace(b'"target"', b'"other"'))
    assert store.denial(share) is Denial.SHARE_EMPTY


def test_a_share_holds_up_to_the_moment_it_expires_and_no_longer(store, tree):
    share = store.share(Share(target=tree[0], expires=NOW))
    for moment in (EARLIER, NOW):
        assert store.denial(share, tree[0], now=moment) is None
    assert store.denial(share, tree[0], now=LATER) is Denial.SHARE_EXPIRED
    assert store.denial(share, now=LATER) is Denial.SHARE_EXPIRED


@pytest.mark.parametrize(
    "expires", ["", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "0000-00-00T00:00:00Z"]
)
def test_some_times_stand_for_no_end(store, tree, expires):
    text = store[store.share(Share(target=tree[0]))]
    share = store.put(text[:-1].rstrip(b"}") + f',"expires": "{expires}"}}'.encode())
    assert parse_schema(share, store[share]).claim.target == tree[0]
    assert store.denial(share, tree[0]) is None


def test_a_share_from_the_future_or_from_before_1970_is_a_share(store, tree):
    for at in (LATER, Timestamp(-1)):
        assert store.denial(store.share(Share(target=tree[0]), at=at), tree[0]) is None


def test_a_share_of_a_search_opens_itself_alone(store, tree):
    share = store.share(Share(search=search_fields('{"expression": "tag:a"}'), is_transitive=True))
    assert store.denial(share) is None
    assert store.denial(share, tree[0]) is Denial.SEARCH_ONLY


def test_a_share_does_not_open_what_is_not_its_target(store, tree):
    share = store.share(Share(target=tree[0], is_transitive=True))
    assert store.denial(share, tree[1]) is Denial.OTHER_TARGET
    assert store.denial(share, share) is Denial.OTHER_TARGET
    assert store.denial(share, tree[3], tree[4]) is Denial.OTHER_TARGET


def test_no_step_of_the_way_can_be_left_out(store, tree):
    share = store.share(Share(target=tree[0], is_transitive=True))
    for missing in range(1, len(tree) - 1):
        way = tree[:missing] + tree[missing + 1 :]
        assert store.denial(share, *way) is Denial.LINK_BROKEN


def test_a_blob_on_the_way_that_is_missing_or_no_schema_blob_ends_it(store, tree):
    share = store.share(Share(target=tree[0], is_transitive=True))
    beyond = Ref.of(b"beyond")
    assert store.denial(share, *tree, beyond) is Denial.LINK_UNREADABLE
    del store[tree[2]]
    assert store.denial(share, *tree) is Denial.LINK_MISSING


@pytest.mark.parametrize(
    "says", [SetAttribute(SIGNER, "camliContent", SIGNER), Share(target=SIGNER)]
)
def test_claims_on_the_way_lead_nowhere(store, says):
    middle = store.share(says)
    share = store.share(Share(target=middle, is_transitive=True))
    assert store.denial(share, middle, SIGNER) is Denial.LINK_BROKEN


def test_a_link_leads_nowhere_whatever_fields_it_has_besides(store):
    link = store.put(
        symlink_text(FACTS, b"t")[:-2]
        + f',"entries": "{SIGNER}","members": ["{SIGNER}"]}}'.encode()
    )
    assert list(links(parse_schema(link, store[link]))) == []


def test_no_blob_is_read_that_the_decision_does_not_need(store, tree):
    share = store.share(Share(target=tree[0], is_transitive=True))
    store.denial(share, *tree)
    assert store.asked == [share, *tree[:-1]]
    store.asked.clear()
    store.denial(share, *tree, trusts=lambda _: False)
    assert store.asked == [share]


@given(st.data())
def test_what_is_opened_is_always_reached_step_by_step_from_the_target(data):
    store = Store()
    made: list[Ref] = [store.put(b"chunk")]
    below: dict[Ref, set[Ref]] = {made[0]: set()}
    for _ in range(data.draw(st.integers(0, 5))):
        inside = data.draw(st.lists(st.sampled_from(made), min_size=1, max_size=3))
        ref = store.put(
            data.draw(
                st.sampled_from(
                    [
                        file_text(FACTS, [Part(1, one) for one in inside]),
                        bytes_text([Part(1, bytes_ref=one) for one in inside]),
                        static_set_text(inside),
                        static_set_text(merge_sets=inside),
                    ]
                )
            )
        )
        below[ref] = set(inside)
        made.append(ref)
    transitive = data.draw(st.booleans())
    target = data.draw(st.sampled_from(made))
    share = store.share(Share(target=target, is_transitive=transitive))
    way = data.draw(st.lists(st.sampled_from(made), min_size=1, max_size=4))
    is_connected = all(after in below[before] for before, after in pairwise(way))
    may = way[0] == target and (transitive or len(way) == 1) and is_connected
    assert (store.denial(share, *way) is None) == may


@pytest.mark.parametrize(
    ("choice", "kind", "expected"),
    [
        (None, "file", True),
        (None, "directory", True),
        (None, "static-set", True),
        (None, "permanode", True),
        (None, "search", True),
        (None, "claim", False),
        (None, "", False),
        (True, "", True),
        (True, "permanode", True),
        (False, "file", False),
        (False, "directory", False),
    ],
)
def test_unless_said_otherwise_what_is_of_no_use_alone_is_shared_with_what_is_below(
    choice, kind, expected
):
    assert is_transitive(choice, kind) is expected
