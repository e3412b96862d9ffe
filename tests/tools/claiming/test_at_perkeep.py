"""Claims at a server that knows Perkeep's calls alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.claims import Delete, SetAttribute, claim_text
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.timestamps import Timestamp
from holdfast.tools.claiming.attributes import tag_changes
from holdfast.tools.claiming.deleting import standing_deletes
from holdfast.tools.claiming.desk import Desk
from holdfast.tools.claiming.signed import BlobSigner
from holdfast.tools.client.address import Address
from holdfast.tools.client.discovery import discover
from holdfast.tools.client.errors import BadAnswer, CannotTellClaims
from holdfast.tools.client.opening import connect
from holdfast.tools.client.perkeep import PerkeepStore
from holdfast.tools.client.store import Store
from holdfast.tools.client.transport import Transport
from holdfast.tools.throwaway import serving

NOW = Timestamp(1_800_000_000 * 10**9)
P = Ref.of(b"permanode")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Store]:
    """A server whose own calls nobody knows, and which is said to have no search."""
    with serving(tmp_path, log=tmp_path / "log") as server:
        transport = Transport(Address.parse(server.url))
        found = replace(discover(transport, without_own_calls=True), search_root=None)
        with closing(PerkeepStore(transport, found)) as store:
            yield store


def test_claims_are_made_where_nobody_tells_of_them(bare: Store, owner: SecretKey) -> None:
    desk = Desk(bare, owner)
    permanode = desk.claimer.permanode()
    assert desk.permanode(permanode).kind == "permanode"
    assert desk.about_if_told(permanode) is None
    refs = desk.claim(tag_changes(permanode, add=["a"], remove=["b"], now=None))
    assert len(bare.stat(refs)) == 2
    assert desk.distrust() is None
    for ask in (lambda: desk.about(permanode), desk.shares):
        with pytest.raises(CannotTellClaims, match="--server"):
            ask()


@contextmanager
def searching(blobs: list[Blob], listed: object, owner: Ref) -> Iterator[Store]:
    """What answers as a Perkeep server with these blobs does, `listed` being all its claims."""
    known: dict[str, bytes] = dict(blobs)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/":
                self._say(
                    {
                        "blobRoot": "/bs/",
                        "searchRoot": "/my-search/",
                        "shareRoot": "/share/",
                        "signing": {"publicKeyBlobRef": owner},
                    }
                )
            elif url.path == "/my-search/camli/search/claims":
                asked = parse_qs(url.query)["permanode"]
                self._say({"claims": listed if asked == [P] else None})
            else:
                self._send(known[url.path.rpartition("/")[2]])

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            refs = [value for key, (value,) in form.items() if key.startswith("blob")]
            self._say({"stat": [{"blobRef": ref, "size": 1} for ref in refs]})

        def _say(self, document: object) -> None:
            self._send(json.dumps(document).encode())

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            with closing(connect(Address.parse(url), auth=None)) as store:
                yield store
        finally:
            server.shutdown()
            thread.join()


def test_what_perkeep_lists_is_folded(owner: SecretKey) -> None:
    signer = BlobSigner(owner, hash_name="sha224")
    title, delete = (
        signer.sign(claim_text(signer.key.ref, NOW, says), NOW)
        for says in (SetAttribute(P, "title", "x"), Delete(P))
    )
    listed = [{"blobref": title.ref, "type": "set-attribute"}, {"blobref": delete.ref}]
    with searching([title, delete], listed, signer.key.ref) as store:
        claims = Desk(store).about(P)
        assert claims.fold(P).value("title") == "x"
        assert standing_deletes(claims, P) == [delete.ref]
        assert Desk(store).about(title.ref).claims == ()
        assert store.share_root is not None
        assert store.share_root.endswith("/share")


def test_perkeep_counts_its_owners_claims_alone(owner: SecretKey, stranger: SecretKey) -> None:
    with searching([], [], BlobSigner(owner, hash_name="sha224").key.ref) as store:
        for key, counts in ((owner, True), (stranger, False)):
            desk = Desk(store, key)
            desk.claim([SetAttribute(P, "a", "b")])
            assert (desk.distrust() is None) is counts


@pytest.mark.parametrize("listed", ["nonsense", [1], [{}], [{"blobref": "nonsense"}]])
def test_an_answer_that_is_none_is_noticed(listed: object, owner: SecretKey) -> None:
    signer = BlobSigner(owner, hash_name="sha224")
    with searching([], listed, signer.key.ref) as store, pytest.raises(BadAnswer):
        Desk(store).about(P)
