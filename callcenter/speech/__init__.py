"""What callers hear: texts in words, voices that speak them, phrases kept as files."""
