"""The program: builds the parts and serves them. `python app.py serve` is the same as `bufdir-preview serve`."""

from preview.cli import main

if __name__ == "__main__":
    main()
