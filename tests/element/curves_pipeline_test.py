# SPDX-License-Identifier: LGPL-2.1-or-later
"""The script whose properties follow curves."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["FM_SOURCE_ROOT"])
FRAMES = 10
WIDTH, HEIGHT = 160, 96
FRAME_BYTES = WIDTH * HEIGHT * 4


class CurvesPipeline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        cls.video = cls.folder / "video of balls.y4m"
        subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", f"num-buffers={FRAMES}", "pattern=ball", "!",
                        f"video/x-raw,width={WIDTH},height={HEIGHT},framerate=10/1", "!", "y4menc", "!", "filesink",
                        f'location="{cls.video}"'], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_script(self, *arguments):
        command = ["/usr/bin/python3", ROOT / "pipelines/curves.py", self.video, "backbone=mobilenet-v2", "device=cpu",
                   *arguments]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)

    def pictures(self, *arguments):
        raw = self.folder / "pictures.raw"
        sink = f'video/x-raw,format=RGBA,width={WIDTH},height={HEIGHT} ! filesink location="{raw}"'
        result = self.run_script("--sink", sink, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        content = raw.read_bytes()
        self.assertEqual(len(content), FRAMES * FRAME_BYTES)
        return [content[k * FRAME_BYTES:(k + 1) * FRAME_BYTES] for k in range(FRAMES)]

    def test_an_overlay_fades(self):
        still = {alpha: self.pictures("view=overlay", f"alpha={alpha}") for alpha in ("0", "0.5", "1")}
        fading = self.pictures("view=overlay", "--curve", "alpha=0:0,0.4:1,0.8:0")
        self.assertNotEqual(still["0"][0], still["1"][0])
        for frame, alpha in ((0, "0"), (2, "0.5"), (4, "1"), (6, "0.5"), (8, "0"), (9, "0")):
            self.assertEqual(fading[frame], still[alpha][frame], frame)

    def test_pages_turn_while_another_property_goes_on(self):
        settings = ("level=c2", "channels=all")
        turning = self.pictures(*settings, "--curve", "page=0:0,0.45:1", "--curve", "gamma=0:1,0.4:3")
        for frame, values in ((0, ("page=0", "gamma=1")), (2, ("page=0", "gamma=2")), (4, ("page=0", "gamma=3")),
                              (5, ("page=1", "gamma=3"))):
            self.assertEqual(turning[frame], self.pictures(*settings, *values)[frame], frame)

    def test_what_is_wrong_is_one_sentence(self):
        for curve, sentence in (("alpha=0:0,1:1.5", "0 to 1"), ("alpha=-1:0", "0 or later"), ("alpha", "alpha=0:0,2:1"),
                                ("alpha=0", "alpha=0:0,2:1"), ("alhpa=0:1", "alhpa"), ("level=0:1", "cannot follow"),
                                ("interval=0:1", "cannot follow")):
            result = self.run_script("--sink", "fakesink", "--curve", curve)
            self.assertIn(sentence, result.stderr)
            self.assertNotIn("Traceback", result.stderr)
            self.assertNotEqual(result.returncode, 0)


unittest.main()
