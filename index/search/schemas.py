"""Schema blobs read where no row says enough of them."""

from __future__ import annotations

from ...blobstore.errors import BlobNotFound, CorruptBlob
from ...blobstore.ref import Ref
from ...blobstore.storage import Storage, fetch_one
from ...schema.blob import MAX_SCHEMA_SIZE, SchemaBlob, parse_schema
from ...schema.errors import NotSchema


def size_of(storage: Storage, ref: Ref) -> int | None:
    """How many bytes a blob has; None if it is not here."""
    return next((sized.size for sized in storage.stat((ref,))), None)


def schema_of(storage: Storage, ref: Ref) -> SchemaBlob | None:
    """The schema blob of this ref; None if it is not here, not whole, or no schema blob."""
    size = size_of(storage, ref)
    if size is None or size > MAX_SCHEMA_SIZE:
        return None
    try:
        return parse_schema(ref, fetch_one(storage, ref))
    except (NotSchema, BlobNotFound, CorruptBlob):
        return None


def name_of(schema: SchemaBlob) -> str:
    """The name that is in a schema blob, as text."""
    return schema.name.decode("utf-8", "replace")
