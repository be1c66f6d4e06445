"""From Asterisk's disk to the S3 store: spool, upload and comparison, copies for listening, retention."""
