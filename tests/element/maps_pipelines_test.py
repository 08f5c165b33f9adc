# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scripts that take feature maps out of a pipeline."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors import safe_open

ROOT = Path(os.environ["FM_SOURCE_ROOT"])
FRAMES = 4
WIDTH, HEIGHT = 160, 96


def run(script, *arguments):
    return subprocess.run([sys.executable, ROOT / "pipelines" / script, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60)


class MapsPipelines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        cls.video = cls.folder / "video of bars.mkv"
        # Once as a file, and once as the pixels in it.
        subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", f"num-buffers={FRAMES}", "horizontal-speed=9", "!",
                        f"video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},framerate=25/1", "!", "tee", "name=t", "!",
                        "queue", "!", "matroskamux", "!", "filesink", f'location="{cls.video}"', "t.", "!", "queue", "!",
                        "filesink", f'location="{cls.folder / "frames.rgb"}"'], check=True)
        torch.manual_seed(1)
        model = torchvision.models.mobilenet_v2(weights=None)
        torch.save(model.state_dict(), cls.folder / "weights.pth")
        cls.expected = cls.maps_of(model.eval())
        cls.settings = [cls.video, "backbone=mobilenet-v2", "device=cpu", f"weights={cls.folder / 'weights.pth'}", "level=c3"]

    @classmethod
    def maps_of(cls, model):
        """Torchvision's, of each frame, [frames, channels, height, width]."""
        pixels = np.fromfile(cls.folder / "frames.rgb", np.uint8).reshape(FRAMES, HEIGHT, WIDTH, 3)
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
        images = torchvision.transforms.functional.normalize(images, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        with torch.inference_mode():
            return model.features[:7](images).numpy()

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def assert_maps(self, maps, frame, channels, tolerance=1e-4):
        expected = self.expected[frame, channels]
        self.assertEqual(maps.shape, expected.shape)
        self.assertLessEqual(abs(maps - expected).max(), tolerance * abs(self.expected).max())

    def test_each_line_is_a_frame(self):
        result = run("maps.py", *self.settings, "channels=5,0-2")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([line["time"] for line in lines], [frame / 25 for frame in range(FRAMES)])
        for frame, line in enumerate(lines):
            self.assertEqual(line["level"], "c3")
            self.assertEqual(line["stride"], 8)
            self.assertEqual(line["channels"], [5, 0, 1, 2])
            self.assertEqual(line["shape"], [4, HEIGHT // 8, WIDTH // 8])
            means = self.expected[frame, [5, 0, 1, 2]].mean(axis=(1, 2))
            self.assertLess(abs(means - line["means"]).max(), 1e-4 * abs(self.expected).max())

    def test_each_file_is_a_frame(self):
        for kind, half in (("npy", False), ("safetensors", True)):
            folder = self.folder / kind
            result = run("save_maps.py", "--output", folder, "--format", kind, *(["--half"] if half else []), "--frames",
                         FRAMES - 1, *self.settings, "channels=top:6")
            self.assertEqual(result.returncode, 0, result.stderr)
            lines = [json.loads(line) for line in (folder / "maps.jsonl").read_text().splitlines()]
            files = [f"{frame:06}.{kind}" for frame in range(FRAMES - 1)]
            self.assertEqual([line["file"] for line in lines], files)
            self.assertEqual(sorted(path.name for path in folder.iterdir()), [*files, "maps.jsonl"])
            for frame, line in enumerate(lines):
                if kind == "npy":
                    maps = np.load(folder / line["file"])
                else:
                    with safe_open(folder / line["file"], "numpy") as file:
                        self.assertEqual(list(file.keys()), ["c3"])
                        self.assertEqual(json.loads(file.metadata()["channels"]), line["channels"])
                        maps = file.get_tensor("c3")
                self.assertEqual(maps.dtype, np.float16 if half else np.float32)
                self.assertEqual(len(set(line["channels"])), 6)
                self.assert_maps(maps, frame, line["channels"], 1e-3)

    def test_what_is_wrong_is_one_sentence(self):
        for arguments, sentence in ((("absent.mp4",), "absent.mp4"),
                                    ((self.video, "lvel=p3"), "lvel"),
                                    ((self.video, "backbone=mobilenet-v2", "level=p9"), "p9"),
                                    ((self.video, "backbone=mobilenet-v2", "level=c3", "channels=40"), "40")):
            for script in ("maps.py", "save_maps.py"):
                command = ["--output", self.folder / "unused", *arguments] if script == "save_maps.py" else arguments
                result = run(script, *command)
                self.assertIn(sentence, result.stderr)
                self.assertNotIn("Traceback", result.stderr)
                self.assertEqual(result.returncode, 1, result.stderr)
        result = run("save_maps.py", "--output", self.video / "in-a-file", *self.settings)
        self.assertIn("in-a-file", result.stderr)
        self.assertEqual(result.returncode, 1, result.stderr)


unittest.main()
