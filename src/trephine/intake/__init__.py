"""Outside files, scans and phantoms, become cases."""
