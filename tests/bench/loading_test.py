#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether loading.py tells by its exit status that loading took longer than is wanted."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import loading


class Status(unittest.TestCase):
    def status(self, ours, theirs):
        result = {"file_mib": 500, "milliseconds": {"ours": [ours], "theirs": [theirs]}, "backbone_mib": 1, "process_mib": 1}
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(loading, "ROOT", Path(folder)), \
                mock.patch.object(loading, "measure", return_value=result), \
                mock.patch("sys.argv", ["loading.py"]), contextlib.redirect_stdout(io.StringIO()):
            (Path(folder) / "build").mkdir()
            return loading.main()

    def testIsOneAboveTheRatioThatIsWanted(self):
        self.assertEqual(self.status(1.01 * loading.WANTED, 1.0), 1)

    def testIsZeroUpToIt(self):
        self.assertEqual(self.status(0.99 * loading.WANTED, 1.0), 0)


if __name__ == "__main__":
    unittest.main()
