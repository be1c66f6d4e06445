"""Reports with charts and tables, and the whole journal of a period as a file."""
