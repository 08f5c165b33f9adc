# SPDX-License-Identifier: LGPL-2.1-or-later
"""make_corpus.py FOLDER: fills it with the small ones of the unit tests' weights files, of every format."""

import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import make_checkpoints  # noqa: E402

MOST_BYTES = 8192


def main():
    target = pathlib.Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        make_checkpoints.writeAll(pathlib.Path(made))
        for file in pathlib.Path(made).iterdir():
            if file.suffix != ".txt" and file.stat().st_size <= MOST_BYTES:
                shutil.copy(file, target)


main()
