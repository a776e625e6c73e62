"""The command `zerosum`, and `python -m app`, where that is not installed."""


def main() -> None:
    """Run a command. Ctrl-C while the modules are still imported ends it as quietly as later."""
    try:
        from app.cli.main import main as run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    main()
