"""The local stack (Asterisk, PostgreSQL, SeaweedFS and the service) and the load tool. No part of the product."""
