"""What becomes of one blob in an index: its rows, or a row that says why it has none."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..blobstore.errors import CorruptBlob, HoldfastError
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import CanFetch
from ..schema.errors import BadTree, SignatureRefused
from ..schema.verifying import FindKey
from .keys import REFUSED, WAITING, Row
from .rows import Needs, later_rows, rows_of

_log = logging.getLogger(__name__)


def first_rows(blob: Blob, find_key: FindKey) -> list[Row]:
    """The rows of a permanode or claim; of another candidate, that it is still to be read.

    Raises what `find_key` raises besides `UnknownSigner`, `CorruptBlob` and `BadOpenPgp`.
    """
    try:
        return rows_of(blob, find_key)
    except (Needs, CorruptBlob) as error:
        return [WAITING.row(error.ref, blob.ref)]
    except SignatureRefused as error:
        return [_refused(blob.ref, error)]


def read_rows(
    blob: Blob, fetch: CanFetch, *, check: Callable[[], None] = lambda: None
) -> list[Row]:
    """The rows of a blob that was still to be read; none for what is no schema blob.

    `check` is called now and then, and ends the reading by what it raises. Raises what `fetch`
    raises besides `BlobNotFound` and `CorruptBlob`.
    """
    try:
        return later_rows(blob, fetch, check=check)
    except Needs as error:
        return [WAITING.row(error.ref, blob.ref)]
    except BadTree as error:
        return [_refused(blob.ref, error)]
    except (HoldfastError, OSError, EOFError, MemoryError):
        raise
    except Exception as error:  # contents no parser expects must not keep all others waiting
        _log.exception("reading %s", blob.ref)
        return [_refused(blob.ref, error)]


def _refused(ref: Ref, error: Exception) -> Row:
    _log.info("%s counts for nothing: %s", ref, error)
    return REFUSED.row(ref, value=(str(error),))
