"""Shares as they stand."""

from __future__ import annotations

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import Share, claim_text
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.sharelist import State, all_shares
from holdfast.schema.timestamps import Timestamp
from holdfast.tools.claiming.desk import Desk
from holdfast.tools.claiming.signed import BlobSigner

NOW = Timestamp(1_800_000_000 * 10**9)


def test_a_share_in_a_way_that_nobody_knows_is_void(
    desk: Desk, owner: SecretKey, plain: Ref
) -> None:
    desk.claim([Share(target=plain)])
    signer = BlobSigner(owner, hash_name="sha224")
    text = claim_text(signer.key.ref, NOW, Share(target=plain))
    odd = signer.sign(text.replace(b'"haveref"', b'"handshake"'), NOW)
    desk.store.send([odd], durable=True)
    states = {shared.claim.ref: shared.state for shared in all_shares(desk.shares(), now=NOW)}
    assert states.pop(odd.ref) is State.VOID
    assert list(states.values()) == [State.OPEN]
