"""The numbers that ID3 and MP4 tags give to kinds of music."""

from __future__ import annotations

import re

# The first 80 are ID3v1's, the others Winamp's. https://en.wikipedia.org/wiki/List_of_ID3v1_genres
_NAMES_IN_ORDER = (
    "Blues|Classic Rock|Country|Dance|Disco|Funk|Grunge|Hip-Hop|Jazz|Metal|New Age|Oldies|Other|Pop"
    "|R&B|Rap|Reggae|Rock|Techno|Industrial|Alternative|Ska|Death Metal|Pranks|Soundtrack"
    "|Euro-Techno|Ambient|Trip-Hop|Vocal|Jazz+Funk|Fusion|Trance|Classical|Instrumental|Acid|House"
    "|Game|Sound Clip|Gospel|Noise|Alt. Rock|Bass|Soul|Punk|Space|Meditative"
    "|Instrumental Pop|Instrumental Rock|Ethnic|Gothic|Darkwave|Techno-Industrial|Electronic"
    "|Pop-Folk|Eurodance|Dream|Southern Rock|Comedy|Cult|Gangsta Rap|Top 40|Christian Rap|Pop/Funk"
    "|Jungle|Native American|Cabaret|New Wave|Psychedelic|Rave|Showtunes|Trailer|Lo-Fi|Tribal"
    "|Acid Punk|Acid Jazz|Polka|Retro|Musical|Rock & Roll|Hard Rock|Folk|Folk-Rock|National Folk"
    "|Swing|Fast-Fusion|Bebop|Latin|Revival|Celtic|Bluegrass|Avantgarde|Gothic Rock"
    "|Progressive Rock|Psychedelic Rock|Symphonic Rock|Slow Rock|Big Band|Chorus|Easy Listening"
    "|Acoustic|Humour|Speech|Chanson|Opera|Chamber Music|Sonata|Symphony|Booty Bass|Primus"
    "|Porn Groove|Satire|Slow Jam|Club|Tango|Samba|Folklore|Ballad|Power Ballad|Rhythmic Soul"
    "|Freestyle|Duet|Punk Rock|Drum Solo|A Cappella|Euro-House|Dance Hall|Goa|Drum & Bass"
    "|Club-House|Hardcore|Terror|Indie|BritPop|Afro-Punk|Polsk Punk|Beat|Christian Gangsta Rap"
    "|Heavy Metal|Black Metal|Crossover|Contemporary Christian|Christian Rock|Merengue|Salsa"
    "|Thrash Metal|Anime|JPop|Synthpop"
)
_NAMES = tuple(_NAMES_IN_ORDER.split("|"))

_NUMBERED = re.compile(r"\((\d{1,3}|RX|CR)\)|(\d{1,3}|RX|CR)(?=[ \0/;]|$)", re.ASCII)
_SPECIAL = {"RX": "Remix", "CR": "Cover"}


def genre_name(number: int) -> str:
    """The kind of music a number stands for, or ""."""
    return _NAMES[number] if 0 <= number < len(_NAMES) else ""


def genre_names(text: str) -> tuple[str, ...]:
    """The kinds of music that a tag's text says, its numbers in words: `(20)Alternative`, `17`."""
    found: list[str] = []
    at = 0
    while match := _NUMBERED.match(text, at):
        said = match[1] or match[2]
        found.append(_SPECIAL.get(said) or genre_name(int(said)))
        at = match.end()
        while text[at : at + 1] in (" ", "\0", "/", ";"):
            at += 1
    found.append(text[at:].strip())
    return tuple(dict.fromkeys(each for each in found if each))
