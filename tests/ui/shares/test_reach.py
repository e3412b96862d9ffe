"""What a share opens, and what stays closed: told anew for each thing that is asked for."""

from __future__ import annotations

import io
import zipfile
from time import monotonic
from urllib.parse import urlencode

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.build import static_set_text
from holdfast.schema.claims import AddAttribute, DelAttribute, SetAttribute
from holdfast.ui.shares import reach

from ..files.planting import folder, permanode_of, plant, set_of
from ..served import NOW_NS, Site
from .visiting import FORM, call, contents, look, opens, share_of, titles


def file(site: Site, name: str) -> Ref:
    return plant(site, name, name.encode())


def test_a_file_opens_itself_alone(site: Site) -> None:
    shared, other = file(site, "a"), file(site, "b")
    share = share_of(site, shared)
    assert opens(site, share, shared)
    assert not opens(site, share, other)
    assert not opens(site, share, Ref.of(b"missing"))


def test_a_folder_opens_what_is_in_it_however_deep_and_nothing_beside(site: Site) -> None:
    deep, shallow, beside = file(site, "deep"), file(site, "shallow"), file(site, "beside")
    inner = folder(site, "inner", folder(site, "inmost", deep))
    shared = folder(site, "shared", inner, shallow)
    folder(site, "all", shared, beside)
    share = share_of(site, shared)
    assert opens(site, share, deep)
    assert opens(site, share, shallow)
    assert not opens(site, share, beside)
    inside = share_of(site, inner)
    assert not opens(site, inside, shallow)


def test_a_set_opens_its_members_of_now(site: Site) -> None:
    photo, hidden = file(site, "photo"), file(site, "hidden")
    member, other = permanode_of(site, photo), permanode_of(site, hidden)
    album = set_of(site, "Album", member)
    share = share_of(site, album)
    assert opens(site, share, photo)
    assert not opens(site, share, hidden)
    site.claim(AddAttribute(album, "camliMember", other), date_ns=NOW_NS + 1)
    assert opens(site, share, hidden)
    site.claim(DelAttribute(album, "camliMember", member), date_ns=NOW_NS + 2)
    assert not opens(site, share, photo)
    site.delete(other)
    assert not opens(site, share, hidden)


def test_what_a_member_had_as_its_content_before_is_closed(site: Site) -> None:
    before, now = file(site, "before"), file(site, "now")
    member = permanode_of(site, before)
    share = share_of(site, set_of(site, "Album", member))
    assert opens(site, share, before)
    site.claim(SetAttribute(member, "camliContent", now), date_ns=NOW_NS + 1)
    assert opens(site, share, now)
    assert not opens(site, share, before)


def test_sets_within_sets_and_folders_within_these_are_open(site: Site) -> None:
    deep, bare = file(site, "deep"), file(site, "bare")
    tree = permanode_of(site, folder(site, "tree", folder(site, "branch", deep)))
    inner = set_of(site, "Inner", tree)
    outer = set_of(site, "Outer", inner)
    site.claim(AddAttribute(outer, "camliPath:notes.txt", bare))
    share = share_of(site, outer)
    assert opens(site, share, deep)
    assert opens(site, share, bare)
    assert titles(call(site, share, f"items?in={inner}")) == ["tree"]
    site.delete(inner)
    assert not opens(site, share, deep)
    assert call(site, share, f"items?in={inner}").status_code == 404


def test_sets_that_are_in_each_other_come_to_an_end(site: Site) -> None:
    photo, beside = file(site, "photo"), file(site, "beside")
    one, other = set_of(site, "One", permanode_of(site, photo)), site.permanode("other")
    site.claim(AddAttribute(other, "camliMember", one))
    site.claim(AddAttribute(one, "camliMember", other))
    share = share_of(site, other)
    assert opens(site, share, photo)
    assert not opens(site, share, beside)
    crumbs = call(site, share, f"crumbs?ref={photo}").json["crumbs"]
    assert [crumb["ref"] for crumb in crumbs][:2] == [other, one]
    assert look(site, share, f"?in={one}").status_code == 200
    assert any(name.endswith("/photo") for name in zipped(site, share))


def test_a_search_opens_what_it_finds_now_and_what_is_in_that(site: Site) -> None:
    photo, deep, other = file(site, "photo"), file(site, "deep"), file(site, "other")
    found = permanode_of(site, photo)
    tree = permanode_of(site, folder(site, "tree", deep))
    lone = permanode_of(site, other)
    for permanode in (found, tree):
        site.claim(AddAttribute(permanode, "tag", "open"))
    share = share_of(site, search={"expression": "tag:open"})
    assert opens(site, share, photo)
    assert opens(site, share, deep)
    assert not opens(site, share, other)
    assert not opens(site, share, Ref.of(b"missing"))
    site.claim(DelAttribute(found, "tag"), date_ns=NOW_NS + 1)
    site.claim(AddAttribute(lone, "tag", "open"), date_ns=NOW_NS + 1)
    assert not opens(site, share, photo)
    assert opens(site, share, other)


def test_a_search_given_as_a_constraint_opens_the_same(site: Site) -> None:
    photo = file(site, "photo")
    site.claim(AddAttribute(permanode_of(site, photo), "tag", "open"))
    query = {"constraint": {"permanode": {"attr": "tag", "value": "open"}}, "limit": 1}
    assert opens(site, share_of(site, search=query), photo)


@pytest.mark.parametrize("search", [{"expression": "((("}, {"nonsense": 1}, {"constraint": {}}])
def test_a_search_that_makes_no_sense_opens_nothing(site: Site, search) -> None:
    photo = file(site, "photo")
    share = share_of(site, search=search)
    assert not opens(site, share, photo)
    seen = look(site, share)
    assert seen.status_code == 200
    assert "(((" not in seen.text + call(site, share, "items").text


def test_a_list_opens_its_members_and_what_is_in_these(site: Site) -> None:
    deep, one, other = file(site, "deep"), file(site, "one"), file(site, "other")
    album_photo = file(site, "album photo")
    album = set_of(site, "Album", permanode_of(site, album_photo))
    listed = site.put(static_set_text([folder(site, "tree", deep), one, album]))
    share = share_of(site, listed)
    for ref in (deep, one, album_photo):
        assert opens(site, share, ref)
    assert not opens(site, share, other)
    assert set(titles(call(site, share, "items"))) == {"tree", "one", "Album"}


def test_what_is_deleted_is_gone_from_lists_too(site: Site) -> None:
    photo = file(site, "photo")
    album = set_of(site, "Album", permanode_of(site, photo))
    share = share_of(site, site.put(static_set_text([album, file(site, "other")])))
    assert opens(site, share, photo)
    site.delete(album)
    for answer in (look(site, share), call(site, share, "items")):
        assert "Album" not in answer.text
        assert photo not in answer.text
    assert not opens(site, share, photo)


def test_what_is_in_very_many_folders_is_found_from_above(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "MOST_ABOVE", 20)
    empty = plant(site, "__init__.py", b"")
    packages = [folder(site, f"package {n}", empty, file(site, f"{n}")) for n in range(30)]
    shared = folder(site, "shared", *packages[:2])
    folder(site, "others", *packages[2:])
    assert opens(site, share_of(site, shared), empty)
    assert opens(site, share_of(site, permanode_of(site, shared)), empty)
    assert opens(site, share_of(site, site.put(static_set_text([shared]))), empty)
    assert not opens(site, share_of(site, folder(site, "empty")), empty)


def test_what_is_not_open_looks_like_what_is_not_there(site: Site) -> None:
    shared, secret = file(site, "shared"), file(site, "secret")
    share = share_of(site, shared)
    missing = Ref.of(b"missing")
    for below in ("file/{}/x", "thumbnail/{}/t", "items?in={}", "crumbs?ref={}"):
        found = set()
        for ref in (secret, missing, share, Ref.of(b"dear")):
            began = monotonic()
            answer = call(site, share, below.format(ref))
            assert monotonic() - began >= 0.2
            headers = tuple(sorted(answer.headers.items()))
            found.add((answer.status_code, answer.content, headers))
        ((status, _, _),) = found
        assert status == 404
    pages = {(look(site, share, f"?in={ref}").content) for ref in (secret, missing, "x")}
    assert len(pages) == 1


def test_no_file_is_taken_for_one_that_is_open_because_the_page_says_so(site: Site) -> None:
    shared, secret = file(site, "shared"), file(site, "secret")
    share = share_of(site, shared)
    answer = site.client.simulate_get(f"/share/{share}/file/{secret}/shared", headers={})
    assert answer.status_code == 404
    chain = site.client.simulate_get(f"/share/{secret}?via={share},{shared}")
    assert chain.status_code == 401


# Zips


def zipped(site: Site, share: Ref, *refs: Ref) -> dict[str, bytes]:
    body = urlencode({"files": ",".join(refs)} if refs else {})
    answer = site.client.simulate_post(f"/share/{share}/zip", body=body, headers=FORM)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_all_that_is_shared_is_one_zip(site: Site) -> None:
    one, other = file(site, "one"), file(site, "other")
    tree = folder(site, "tree", one)
    assert zipped(site, share_of(site, one)) == {"one": b"one"}
    assert zipped(site, share_of(site, tree)) == {"tree/": b"", "tree/one": b"one"}
    album = set_of(site, "Album", permanode_of(site, one), permanode_of(site, other))
    assert zipped(site, share_of(site, album))["Album/one"] == b"one"
    listed = site.put(static_set_text([tree, other]))
    found = zipped(site, share_of(site, listed))
    assert set(found) == {"tree/", "tree/one", "other"}
    site.claim(AddAttribute(permanode_of(site, other), "tag", "open"))
    assert set(zipped(site, share_of(site, search={"expression": "tag:open"}))) == {"other"}
    answer = site.client.simulate_get(f"/share/{share_of(site, tree)}/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="tree.zip"'


def test_a_note_among_all_that_is_shared_keeps_nothing_else_out_of_the_zip(site: Site) -> None:
    one, note, search = file(site, "one"), site.permanode("note"), site.permanode("search")
    photo = permanode_of(site, one)
    site.claim(SetAttribute(note, "title", "A note"))
    site.claim(SetAttribute(search, "camliContent", site.put(b"tag:x")))
    for thing in (photo, note, search):
        site.claim(AddAttribute(thing, "tag", "open"))
    listed = site.put(static_set_text([photo, note, search]))
    assert zipped(site, share_of(site, listed)) == {"one": b"one"}
    assert zipped(site, share_of(site, search={"expression": "tag:open"})) == {"one": b"one"}
    album = set_of(site, "Album", photo, note, search)
    assert zipped(site, share_of(site, album)) == {"Album/": b"", "Album/one": b"one"}
    for alone in (note, search):
        body = urlencode({"files": alone})
        answer = site.client.simulate_post(
            f"/share/{share_of(site, listed)}/zip", body=body, headers=FORM
        )
        assert answer.status_code == 400


def test_some_of_it_is_a_zip_too_if_all_of_that_is_open(site: Site) -> None:
    one, other, secret = (file(site, name) for name in ("one", "other", "secret"))
    share = share_of(site, folder(site, "tree", one, other))
    assert zipped(site, share, one) == {"one": b"one"}
    assert set(zipped(site, share, one, other)) == {"one", "other"}
    for refs in ([one, secret], [secret], [Ref.of(b"missing")], ["x"]):
        body = urlencode({"files": ",".join(refs)})
        answer = site.client.simulate_post(f"/share/{share}/zip", body=body, headers=FORM)
        assert answer.status_code == 404


def test_a_zip_of_what_is_not_all_here_is_refused_before_it_begins(site: Site) -> None:
    broken = site.put(
        b'{"camliVersion": 1, "camliType": "file", "fileName": "x", "parts": '
        b'[{"size": 4, "blobRef": "%s"}]}' % Ref.of(b"gone").encode()
    )
    share = share_of(site, folder(site, "tree", broken))
    answer = site.client.simulate_get(f"/share/{share}/zip")
    assert answer.status_code == 500
    assert "missing" in answer.text


def test_nothing_else_can_be_done_to_a_share(site: Site) -> None:
    share = share_of(site, file(site, "a"))
    for method, below in (("POST", "items"), ("PUT", "zip"), ("DELETE", "file/x/y")):
        answer = site.client.simulate_request(method, f"/share/{share}/{below}")
        assert answer.status_code == 405
    assert contents(site, share, Ref("sha224-x")).status_code == 404
