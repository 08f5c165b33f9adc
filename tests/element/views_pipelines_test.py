# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scripts that draw several views of one pass of the network."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["FM_SOURCE_ROOT"])
FRAMES = 6


def run(script, *arguments):
    return subprocess.run([ROOT / "pipelines" / script, *map(str, arguments), "--device", "cpu"], capture_output=True, text=True,
                          timeout=120)


def frames_of(video):
    """The size of a video, and how many frames it has."""
    result = subprocess.run(["gst-launch-1.0", "-v", "filesrc", f'location="{video}"', "!", "decodebin", "!", "identity",
                             "name=counter", "silent=false", "!", "fakesink"], capture_output=True, text=True, check=True)
    caps = next(line for line in result.stdout.splitlines() if "counter.GstPad:sink: caps" in line)
    width, height = (int(caps.split(f"{side}=(int)")[1].split(",")[0]) for side in ("width", "height"))
    return width, height, result.stdout.count("last-message = chain")


class ViewsPipelines(unittest.TestCase):
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

    def test_four_levels_go_to_four_files(self):
        output = self.folder / "levels"
        result = run("levels.sh", self.video, "--output", output, "--backbone", "resnet18-fpn", "--level", "p2,p3,p4,p5",
                     "--width", 320, "--gap", 4, "--channels", "top:12")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(sorted(path.name for path in output.iterdir()),
                         [f"video of balls-resnet18-fpn-p{k}.mp4" for k in range(2, 6)])
        # Four tiles of 77x46 with 4 between them; three rows.
        self.assertEqual([frames_of(path) for path in sorted(output.iterdir())], [(320, 146, FRAMES)] * 4)

    def test_all_levels_of_a_backbone_where_none_are_chosen(self):
        output = self.folder / "all"
        result = run("levels.sh", self.video, "--output", output, "--backbone", "mobilenet-v2", "--frames", 2, "--width", 320)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(sorted(path.name for path in output.iterdir()),
                         [f"video of balls-mobilenet-v2-c{k}.mp4" for k in range(1, 6)])
        self.assertEqual(frames_of(output / "video of balls-mobilenet-v2-c5.mp4"), (320, 144, 2))

    def test_the_mosaic_is_shown_and_the_overlay_recorded(self):
        shown, recorded = self.folder / "shown.rgb", self.folder / "overlay.mkv"
        result = run("monitor.sh", self.video, "--output", recorded, "--sink", f"filesink location={shown}", "--backbone",
                     "mobilenet-v2", "--level", "c3", "--width", 320)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(frames_of(recorded), (160, 96, FRAMES))
        self.assertEqual(shown.stat().st_size, FRAMES * 320 * 144 * 3)

    def test_what_is_not_there_is_said(self):
        for script in ("levels.sh", "monitor.sh"):
            result = run(script, self.folder / "missing.mp4")
            self.assertEqual(result.returncode, 1)
            self.assertIn("does not exist", result.stderr)


if __name__ == "__main__":
    unittest.main()
