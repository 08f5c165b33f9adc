# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scripts that record the statistics of a run, and draw it."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["FM_SOURCE_ROOT"])
FRAMES = 8


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)


def record(video, *arguments):
    return run("/usr/bin/python3", ROOT / "pipelines/stats.py", video, "backbone=mobilenet-v2", "device=cpu", *arguments)


class StatsPipelines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        cls.video = cls.folder / "video of balls.y4m"
        subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", f"num-buffers={FRAMES}", "pattern=ball", "!",
                        "video/x-raw,width=160,height=96,framerate=25/1", "!", "y4menc", "!", "filesink",
                        f'location="{cls.video}"'], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_each_line_is_a_message(self):
        # The interval is over before the file is: only the first frame is told of.
        result = record(self.video, "--interval", "1000000", "level=c3", "channels=0-4")
        self.assertEqual(result.returncode, 0, result.stderr)
        line, = map(json.loads, result.stdout.splitlines())
        self.assertEqual((line["running-time"], line["frames-in"], line["frames-dropped"]), (0, 1, 0))
        level, = line["levels"]
        self.assertEqual((level["name"], level["channels"], level["nan"]), ("c3", 5, 0))
        self.assertLessEqual(level["min"], level["mean"])
        self.assertLessEqual(level["mean"], level["max"])
        self.assertGreater(level["std"], 0)

    def test_a_run_can_be_drawn(self):
        run_file = self.folder / "run.jsonl"
        result = record(self.video, "--frames", "5", "--output", run_file)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [json.loads(line) for line in run_file.read_text().splitlines()]
        self.assertGreaterEqual(len(lines), 1)
        self.assertEqual(lines[-1]["frames-in"], 5)  # Each takes more than the interval's millisecond.

        result = run(os.environ["FM_PYTHON"], ROOT / "pipelines/plot_stats.py", run_file)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue((self.folder / "run.png").read_bytes().startswith(b"\x89PNG"))

    def test_null_is_drawn_as_a_gap(self):
        level = {"name": "p3", "channels": 2, "min": None, "max": None, "mean": None, "std": None, "zeros": None,
                 "nan": 5, "dead": 2}
        message = {"running-time": 0, "time-mean": 1, "time-p95": 1, "frames-in": 1, "frames-out": 1,
                   "frames-dropped": 0, "levels": [level]}
        (self.folder / "nan.jsonl").write_text(json.dumps(message) + "\n")
        result = run(os.environ["FM_PYTHON"], ROOT / "pipelines/plot_stats.py", self.folder / "nan.jsonl", "--output",
                     self.folder / "other.png")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue((self.folder / "other.png").exists())

    def test_what_is_wrong_is_one_sentence(self):
        for arguments, sentence in (((self.folder / "absent.mp4",), "absent.mp4"),
                                    ((self.video, "lvel=p3"), "lvel"),
                                    ((self.video, "level=p9"), "p9"),
                                    ((self.video, "--output", self.folder / "absent/run.jsonl"), "absent")):
            result = record(*arguments)
            self.assertIn(sentence, result.stderr)
            self.assertNotIn("Traceback", result.stderr)
            self.assertEqual(result.returncode, 1, result.stderr)
        (self.folder / "broken.jsonl").write_text("{")
        for name in ("absent.jsonl", "broken.jsonl"):
            result = run(os.environ["FM_PYTHON"], ROOT / "pipelines/plot_stats.py", self.folder / name)
            self.assertIn(name, result.stderr)
            self.assertNotIn("Traceback", result.stderr)
            self.assertEqual(result.returncode, 1)


unittest.main()
