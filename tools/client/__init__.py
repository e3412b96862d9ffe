"""The client library: stores to send blobs to and fetch them from, near and far."""
