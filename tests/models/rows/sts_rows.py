"""STS."""

FIXTURES = {}
READS = []
ROWS = {"GetCallerIdentity": {"answer": {"Account": "$account", "Arn": ..., "UserId": ...}}}
PAGES = {}
