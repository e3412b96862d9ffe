"""Files going out and coming in: downloads, zips, listings, uploads, imports of shares."""
