"""`python -m vidclf`, and `torchrun ... -m vidclf`."""

from vidclf.cli import main

if __name__ == "__main__":
    main()
