"""The first start: what is still missing until a company's residents are answered, and a call that tries it."""
