"""The commands of `callcenter`, one module each."""
