"""One verb a file: harvest, process, deliver, heal, follow; no stage imports another."""
