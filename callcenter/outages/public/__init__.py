"""The public page of a company's outages, and the same as JSON."""
