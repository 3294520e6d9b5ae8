"""`python -m hub.cli`, as the supervisor starts the programs."""

from hub.cli import main

main()
