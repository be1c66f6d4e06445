"""What happens to operators' machines in a talk, again and again, with real browsers, and whether a caller is lost by it."""
