"""What is spoken of must be there, be of the right kind, and be spoken of by who counts."""

from __future__ import annotations

import pytest

from holdfast.blobstore.errors import HoldfastError
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.claims import Delete, SetAttribute, Share, claim_text
from holdfast.schema.errors import SignatureRefused, UnknownSigner
from holdfast.schema.folding import Standing
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.sharelist import State, all_shares
from holdfast.schema.timestamps import Timestamp
from holdfast.tools.claiming.deleting import standing_deletes
from holdfast.tools.claiming.desk import Desk, open_desk
from holdfast.tools.claiming.errors import (
    BadUsage,
    NotDeletable,
    NotPermanode,
    NotShare,
    NotStored,
)
from holdfast.tools.claiming.history import history
from holdfast.tools.claiming.permanodes import read_description
from holdfast.tools.claiming.shares import Terms, parse_search, share_of
from holdfast.tools.claiming.signed import BlobSigner
from holdfast.tools.claiming.things import Thing, demand_deletable, demand_share, look_up
from holdfast.tools.client.store import Store
from holdfast.tools.config import Config
from holdfast.tools.identity import NoIdentity

ABSENT = Ref("sha224-" + "0" * 56)
FILE = b'{"camliVersion": 1,\n  "camliType": "file",\n  "parts": []\n}'
NOW = Timestamp(1_800_000_000 * 10**9)


def put(store: Store, data: bytes) -> Ref:
    ref = Ref.of(data)
    store.send([Blob(ref, data)], durable=True)
    return ref


def look(desk: Desk, ref: Ref) -> Thing:
    (found,) = look_up(desk.store, (ref,))
    assert not isinstance(found, HoldfastError)
    return found


def standings(desk: Desk, ref: Ref) -> list[Standing]:
    return [entry.event.standing for entry in history(desk, ref)]


def test_without_an_identity_nothing_is_opened(config: Config) -> None:
    config.identity.ring.unlink()
    with (
        pytest.raises(NoIdentity, match="holdfast init"),
        open_desk(config, server=None, signs=True, note=print),
    ):
        pass
    assert not config.storage.path.exists()


def test_reading_needs_no_identity(desk: Desk) -> None:
    permanode = desk.claimer.permanode()
    desk.claim([SetAttribute(permanode, "title", "x")])
    assert Desk(desk.store).about(permanode).fold(permanode).value("title") == "x"


def test_only_a_permanode_has_attributes(desk: Desk, plain: Ref) -> None:
    file = put(desk.store, FILE)
    for ref, kind in ((plain, "blob"), (file, "file")):
        with pytest.raises(NotPermanode, match=f"a {kind}, .*holdfast permanode --content {ref}"):
            desk.permanode(ref)
        with pytest.raises(NotPermanode):
            desk.permanode(ref, force=True)
    (claim,) = desk.claim([SetAttribute(desk.claimer.permanode(), "a", "b")])
    with pytest.raises(NotPermanode, match="holdfast claims"):
        desk.permanode(claim)


def test_what_is_not_stored_is_spoken_of_by_force_alone(desk: Desk) -> None:
    with pytest.raises(NotStored, match="--force"):
        desk.permanode(ABSENT)
    assert not desk.permanode(ABSENT, force=True).is_stored


def test_only_permanodes_and_claims_can_be_deleted(desk: Desk, plain: Ref) -> None:
    permanode = desk.claimer.permanode()
    (claim,) = desk.claim([Delete(permanode)])
    demand_deletable(look(desk, permanode))
    demand_deletable(look(desk, claim))
    demand_deletable(Thing(ABSENT))
    unsigned = put(desk.store, b'{"camliVersion": 1, "camliType": "claim"}')
    for ref in (plain, put(desk.store, FILE), unsigned):
        with pytest.raises(NotDeletable, match="only permanodes and claims"):
            demand_deletable(look(desk, ref))


def test_only_shares_are_revoked(desk: Desk, plain: Ref) -> None:
    permanode = desk.claimer.permanode()
    share, claim = desk.claim([Share(target=plain), SetAttribute(permanode, "a", "b")])
    demand_share(look(desk, share))
    for ref in (plain, permanode, claim):
        with pytest.raises(NotShare, match="holdfast share list"):
            demand_share(look(desk, ref))


def test_undoing_needs_every_delete_that_counts(desk: Desk, foreign: Desk) -> None:
    permanode = desk.claimer.permanode()
    assert standing_deletes(desk.about(permanode), permanode) == []
    first, second = desk.claim([Delete(permanode), Delete(permanode)])
    foreign.claim([Delete(permanode)])
    desk.claim([Delete(first)])
    assert standing_deletes(desk.about(permanode), permanode) == [second]
    assert desk.about(permanode).fold(permanode).is_deleted
    desk.claim([Delete(second)])
    assert standing_deletes(desk.about(permanode), permanode) == []
    assert not desk.about(permanode).fold(permanode).is_deleted


def test_a_history_tells_who_and_what_counts(
    desk: Desk, foreign: Desk, owner: SecretKey, stranger: SecretKey
) -> None:
    permanode = desk.claimer.permanode()
    (title,) = desk.claim([SetAttribute(permanode, "title", "x")])
    foreign.claim([SetAttribute(permanode, "title", "mine!")])
    between = desk.claimer.now()
    desk.claim([Delete(title)])
    entries = list(history(desk, permanode, at=between))
    assert [entry.event.standing for entry in entries] == [
        Standing.DELETED,
        Standing.UNTRUSTED,
        Standing.LATER,
    ]
    keys = [entry.key.fingerprint for entry in entries if entry.key is not None]
    ours, theirs = owner.public.fingerprint, stranger.public.fingerprint
    assert keys == [ours, theirs, ours]


def test_the_history_of_a_claim_begins_with_it(desk: Desk, foreign: Desk, plain: Ref) -> None:
    (share,) = desk.claim([Share(target=plain)])
    assert standings(desk, share) == [Standing.COUNTS]
    (revoked,) = desk.claim([Delete(share)])
    assert standings(desk, share) == [Standing.DELETED, Standing.COUNTS]
    assert standings(desk, revoked) == [Standing.COUNTS]
    (theirs,) = foreign.claim([Share(target=plain)])
    assert standings(desk, theirs) == [Standing.UNTRUSTED]


def test_a_forged_claim_has_no_history(desk: Desk) -> None:
    permanode = desk.claimer.permanode()
    (claim,) = desk.claim([SetAttribute(permanode, "title", "x")])
    (found,) = desk.store.fetch((claim,))
    assert isinstance(found, Blob)
    forged = put(desk.store, found.data.replace(b'"value": "x"', b'"value": "y"'))
    with pytest.raises(SignatureRefused):
        list(history(desk, forged))
    assert desk.about(permanode).fold(permanode).value("title") == "x"


def test_a_claim_whose_key_is_not_here_counts_for_nothing_until_it_is(
    desk: Desk, stranger: SecretKey
) -> None:
    permanode = desk.claimer.permanode()
    key = BlobSigner(stranger, hash_name="sha224")
    text = claim_text(key.key.ref, NOW, SetAttribute(permanode, "title", "theirs"))
    claim = key.sign(text, NOW)
    desk.store.send([claim], durable=True)
    with pytest.raises(UnknownSigner, match="put that blob"):
        list(history(desk, claim.ref))
    assert list(history(desk, permanode)) == []
    desk.store.send([key.key], durable=True)
    assert standings(desk, claim.ref) == standings(desk, permanode) == [Standing.UNTRUSTED]


def test_nothing_is_claimed_about_a_plain_blob(desk: Desk, plain: Ref) -> None:
    with pytest.raises(NotDeletable):
        list(history(desk, plain))
    with pytest.raises(NotStored, match=r"put it there first$"):
        list(history(desk, ABSENT))


@pytest.mark.parametrize(
    ("choice", "data", "transitive"),
    [
        (None, FILE, True),
        (None, b"plain", False),
        (True, b"plain", True),
        (False, FILE, False),
    ],
)
def test_a_share_reaches_as_far_as_its_target_needs_unless_said(
    desk: Desk, choice: bool | None, data: bytes, transitive: bool
) -> None:
    thing = look(desk, put(desk.store, data))
    assert share_of(thing, Terms(transitive=choice)).is_transitive is transitive


def test_shares_are_open_expired_revoked_or_no_ones(desk: Desk, foreign: Desk, plain: Ref) -> None:
    old = Timestamp(NOW.ns - 1)
    desk.claim([Share(target=plain), Share(target=plain, expires=old), Share(target=plain)])
    desk.claim([Share(search=parse_search("tag:lake"), expires=NOW)])
    listed = list(all_shares(desk.shares(), now=NOW))
    foreign.claim([Share(target=plain)])
    desk.claim([Delete(listed[2].claim.ref)])
    assert [shared.state for shared in all_shares(desk.shares(), now=NOW)] == [
        State.OPEN,
        State.EXPIRED,
        State.REVOKED,
        State.OPEN,
        State.UNTRUSTED,
    ]


def test_a_search_is_an_expression_or_a_query() -> None:
    assert parse_search("tag:lake") == {"expression": "tag:lake"}
    assert parse_search(' {"limit": 5}') == {"limit": "5"}


def test_whoever_does_not_count_is_told_at_the_end(
    config: Config, notes: list[str], stranger: SecretKey
) -> None:
    with open_desk(config, server=None, signs=True, note=notes.append) as desk:
        desk.claim([SetAttribute(desk.claimer.permanode(), "a", "b")])
        assert desk.distrust() is None
        foreign = Desk(desk.store, stranger)
        assert foreign.distrust() is None  # nothing was said yet
        foreign.claim([SetAttribute(desk.claimer.permanode(), "a", "c")])
        why = foreign.distrust()
    assert notes == []
    assert why is not None
    assert stranger.public.fingerprint in why
    assert "identity.trusted" in why
    assert "start it anew" in why


def test_a_description_is_checked_before_anything_is_made(desk: Desk, plain: Ref) -> None:
    with pytest.raises(BadUsage):
        read_description(pairs=["nonsense"])
    with pytest.raises(NotPermanode):
        read_description(members=[plain]).demand_refs(desk, force=True)
    with pytest.raises(NotStored):
        read_description(content=ABSENT).demand_refs(desk, force=False)
    read_description(content=ABSENT, members=[ABSENT]).demand_refs(desk, force=True)


def test_a_description_becomes_attributes(desk: Desk, plain: Ref) -> None:
    member = desk.claimer.permanode()
    permanode = desk.claimer.permanode()
    description = read_description(
        content=plain, title="T", tags=["a, b", "a", ""], members=[member], pairs=["x=1", "x=2"]
    )
    description.demand_refs(desk, force=False)
    desk.claim(list(description.claims(permanode)))
    assert desk.about(permanode).fold(permanode).attributes == {
        "camliContent": (plain,),
        "camliMember": (member,),
        "tag": ("a", "b"),
        "title": ("T",),
        "x": ("1", "2"),
    }
