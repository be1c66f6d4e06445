"""Evidence packs ordered, made and downloaded; the audit of the custody chain."""
