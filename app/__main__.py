"""`python -m app serve`, where the command `zerosum` is not installed."""

from app.cli.main import main

main()
