"""Every predicate of the search language: what it finds, what it does not, and how it fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .fixture_b import fill_b
from .world import World, a_world

UNTAGGED = "nums delcl like tweet person root sub set tree emptied checkin"
"""Everything listed without a tag; the tags of `emptied` are gone."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The second captured world, and something for each predicate it has nothing for."""

    def more(world: World) -> None:
        world.put(b"tag:icon or tag:paris", "saved text")
        world.thing(
            "saved",
            "2026-05-20",
            title="named:two",
            camliNamedSearch="two",
            camliContent="@saved text",
        )
        world.put(b'{"permanode": {"attr": "tag", "value": "doc"}}', "saved json")
        world.thing("saved too", "2026-05-21", camliNamedSearch="docs", camliContent="@saved json")
        world.thing("odd", "2026-05-22", tag=["a b", "a:b", "Ä(1)"], title='Grüße: "hier"')
        world.set("odd", "camliDefVis", "show", "2026-05-22")

    with a_world(tmp_path_factory.mktemp("b"), fill_b, more) as world:
        yield world


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("after:2026-05-12 before:2026-05-16", "person root"),
        ("after:2030", ""),
        ("before:2015", "checkin"),
        ("before:2014-04-05", ""),
        ('before:"2014-04-05T00:00:00.000000001Z"', "checkin"),
        ('after:"2014-04-05T00:00:00Z" before:2015', "checkin"),
        # What is missing is taken, by its place, from 0000-01-01T00:00:00Z.
        ("after:2016-1 before:2017-01-01", ""),
        ("after:2016-0 before:2017-01-01", "port"),
        ("after:201 before:2014-04-06", "checkin"),
        ("after:201 before:2014", ""),
        ("attr:tag:icon", "square"),
        ("attr:tag:ICON", ""),
        ("attr:tag:~ICO", "square"),
        ("attr:title:~eiffel", "land"),
        ("attr:title:Eiffel", ""),
        ("attr:content:short", "tweet"),
        ("attr:camliRoot:home", "root"),
        ("tag:icon", "square"),
        ("tag:Icon", ""),
        ("tag:ico", ""),
        ('tag:"a b"', "odd"),
        ('tag:"a:b"', "odd"),
        ("title:tower", "land"),
        ("title:TOWER", "land"),
        ("title:iffel", "land"),
        ("title:nosuch", ""),
        ("title:GRÜßE", "odd"),
        ('title:"e: \\"h"', "odd"),
        ("childrenof:sha224-", ""),
        ("parentof:sha224-", ""),
        ("ref:sha224-", ""),
        ("ref:SHA224-A", ""),
        ("format:jpg", "rot port land"),
        ("format:jpeg", "rot port land"),
        ("format:image/jpeg", "rot port land"),
        ("format:gif", "square"),
        ("format:png", "pano"),
        ("format:pdf", "pdf"),
        ("format:image/tiff", ""),
        ("filename:land.jpg", "land"),
        ("filename:land", ""),
        ("filename:*.jpg", "rot port land"),
        ("filename:*.JPG", ""),
        ("filename:p*", "pano port"),
        ("filename:*ot*", "rot note"),
        ("filename:*", "square rot pano pdf upper note port land"),
        ("width:600", "pano"),
        ("width:601", ""),
        ("width:400-", "pano land"),
        ("width:-128", "square"),
        ("width:128-300", "square rot port"),
        ("width:-", "square rot pano port land"),
        ("width:400-300", ""),
        ("width:0", ""),
        ("height:300", "land"),
        ("height:400-", "rot port"),
        ("height:-150", "square"),
        ("height:300-400", "rot port land"),
        ("is:image", "square rot pano port land"),
        ('is:"image"', "square rot pano port land"),
        ("is:landscape", "square pano land"),
        ("is:portrait", "square rot port"),
        ("is:pano", "pano"),
        ("is:post", "tweet"),
        ("is:like", "like"),
        ("is:checkin", "checkin"),
        ("has:location", "port land checkin"),
        ("locrect:49,2,48,3", "land"),
        ("locrect:49,3,48,2", ""),
        ("locrect:41,-75,40,-73", "port"),
        ("locrect:-33.85,151.21,-33.85,151.22", "checkin"),
        ("locrect:1,0,0,1", ""),
        ("loc:paris", "land"),
        ('loc:"New York"', "port"),
        ("loc:Australia", "checkin"),
        ("loc:berlin", ""),
        ("with:alice", "checkin"),
        ("with:SMITH", "checkin"),
        ("with:", "checkin"),
        ("with:bob", ""),
        ("named:two", "square land"),
        ("named:docs", "pdf upper note"),
        ("-named:docs tag:doc", ""),
    ],
)
def test_what_is_found_and_what_is_not(world: World, expression: str, found: str) -> None:
    assert world.found(expression) == found.split()


def test_what_has_no_tag_is_untagged(world: World) -> None:
    assert set(world.found("is:untagged")) == {*UNTAGGED.split(), "saved", "saved too"}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        # Only what has an empty value.
        ("tag:", ""),
        ("attr:blank:", "nums"),
        ("attr:nosuch:", ""),
        ("childrenof:", ""),
        ("parentof:", ""),
        ("ref:", ""),
        ("with:", "checkin"),
    ],
)
def test_empty_arguments(world: World, expression: str, found: str) -> None:
    assert world.found(expression) == found.split()


def test_an_empty_title_finds_all_that_have_one(world: World) -> None:
    assert set(world.found("title:")) == {"land", "set", "tl", "delcl", "saved", "odd"}


def test_an_empty_time_is_the_beginning_of_all(world: World) -> None:
    assert world.found("after:") == world.found("")
    assert world.found("before:") == []


def test_refs_and_their_beginnings(world: World) -> None:
    land, some = world["land"], len("sha224-") + 9
    assert world.found(f"ref:{land}") == ["land"]
    assert world.found(f"ref:{land[:some]}") == ["land"]
    assert world.found(f"ref:{land[: some + 1]}") == ["land"]
    assert world.found(f"ref:{land}0") == []
    assert world.found(f"ref:{land.upper()}") == []
    # Expressions find permanodes alone, and none that are hidden.
    assert world.found(f"ref:{world['land.jpg']}") == []
    assert world.found(f"ref:{world['hidden']}") == []
    assert world.found(f"ref:{world['deleted']}") == []
    assert world.found(f"ref:{world['bare']}") == []


def test_one_digit_of_a_ref_is_enough(world: World) -> None:
    everything = world.found("")
    by_digit = [name for digit in "0123456789abcdef" for name in world.found(f"ref:sha224-{digit}")]
    assert sorted(by_digit) == sorted(everything)


def test_children_and_parents(world: World) -> None:
    assert world.found(f"childrenof:{world['set']}") == ["port", "land"]
    assert world.found(f"childrenof:{world['set'][:20]}") == ["port", "land"]
    assert world.found(f"childrenof:{world['sub']}") == ["note"]
    assert world.found(f"childrenof:{world['note']}") == []
    assert world.found(f"parentof:{world['land']}") == ["set"]
    assert world.found(f"parentof:{world['land'][:20]}") == ["set"]
    assert world.found(f"parentof:{world['set']}") == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("after:foo", 'parsing time "foo0-01-01T00:00:00Z"'),
        ("before:2016-13", 'parsing time "2016-13-01T00:00:00Z"'),
        (
            "after:2015-06-07T10:20",
            'Wrong number of arguments for "after", given 2, expected 1',
        ),
        ("attr:tag", 'Wrong number of arguments for "attr", given 1, expected 2'),
        ("attr:tag:a:b", 'Wrong number of arguments for "attr", given 3, expected 2'),
        ("tag:a:b", 'Wrong number of arguments for "tag", given 2, expected 1'),
        ("title:a:b", 'Wrong number of arguments for "title", given 2, expected 1'),
        ("childrenof:a:b", 'Wrong number of arguments for "childrenof", given 2, expected 1'),
        ("parentof:a:b", 'Wrong number of arguments for "parentof", given 2, expected 1'),
        ("ref:a:b", 'Wrong number of arguments for "ref", given 2, expected 1'),
        ("format:tiff", "Unknown format: tiff"),
        ("format:", "Unknown format: "),
        ("filename:a*b", "unsupported glob wildcard in filename search predicate"),
        ("filename:*a*b*", "unsupported glob wildcard in filename search predicate"),
        (
            "width:wide",
            'Unable to parse "wide" as range, wanted something like 480-1024, 480-, -1024 or 1024',
        ),
        (
            "height:1-2-3",
            'Unable to parse "1-2-3" as range, wanted something like 480-1024, 480-, -1024 or 1024',
        ),
        ("width:12345678901", 'Unable to parse "12345678901" as range'),
        ("is:imge", 'Unknown search predicate: "is:imge"'),
        ("is:image:", 'Unknown search predicate: "is:image:"'),
        ("is:", 'Unknown search predicate: "is:"'),
        ("has:", 'Unknown search predicate: "has:"'),
        ("has:wings", 'Unknown search predicate: "has:wings"'),
        ("Tag:icon", 'Unknown search predicate: "Tag:icon"'),
        ("raw:x", 'Unknown search predicate: "raw:x"'),
        ("map:1,2,3,4", 'Unknown search predicate: "map:1,2,3,4"'),
        ("locrect:1,2,3", "got 3 coordinates for location area, expected 4"),
        ("locrect:1,2,3,4,5", "got 5 coordinates for location area, expected 4"),
        ("locrect:1,2,3,x", "could not convert location area coordinate as a float: "),
        ("with:a:b", 'Wrong number of arguments for "with", given 2, expected 1'),
        ("loc:", 'No location found for ""'),
        ("loc:nowhere-at-all-that-anybody-named", "No location found for "),
        ("named:", "No named search found for: "),
        ("named:nosuch", "No named search found for: nosuch"),
    ],
)
def test_what_is_wrong_is_said(world: World, expression: str, said: str) -> None:
    assert said in world.refusal({"expression": expression})


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("date:2014", "checkin"),
        ("date:2014-04", "checkin"),
        ("date:2014-04-05", "checkin"),
        ("date:2014-04-06", ""),
        ("date:2014..2015", "land checkin"),
        ("date:..2014", "checkin"),
        ("date:2016-01..2017", "pdf upper note port"),
        ("text:tower", "land"),
        ("text:TOWER", "land"),
        ("text:eiffel", "land"),
        ('text:"tower eiffel"', "land"),
        ("text:eiffel text:note", ""),
        ("text:upper", "upper"),
        ("text:note", "upper note"),
        ("text:square", "square"),
        ("text:grusse", "odd"),
        ("text:grüße", "odd"),
        ("text:zzz", ""),
    ],
)
def test_the_predicates_that_perkeep_has_not(world: World, expression: str, found: str) -> None:
    assert world.found(expression) == found.split()
