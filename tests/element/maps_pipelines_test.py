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
from safetensors.numpy import load_file

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

    def basis(self, name, *arguments):
        """What pca_basis.py writes; how it says so is checked."""
        file = self.folder / name
        result = run("pca_basis.py", "--output", file, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(str(file), result.stdout)
        return load_file(file)

    def assert_basis(self, basis, level, frames):
        """That of numpy's singular values of all places of frames [n, channels, height, width]."""
        values = np.concatenate([maps.reshape(len(maps), -1) for maps in frames], 1).astype(np.float64)
        mean = values.mean(1)
        axes, lengths, _ = np.linalg.svd(values - mean[:, None], full_matrices=False)
        variance = lengths ** 2 / (values.shape[1] - 1)
        # Else the components would not be told from each other, nor their signs known.
        self.assertGreater((variance[:3] / variance[1:4]).min(), 1.01)
        components = axes.T[:3] * np.sign(axes[abs(axes[:, :3]).argmax(0), range(3)])[:, None]
        np.testing.assert_allclose(basis[f"{level}.mean"], mean, atol=1e-4 * abs(values).max())
        np.testing.assert_allclose(basis[f"{level}.components"], components, atol=1e-4)
        np.testing.assert_allclose(basis[f"{level}.explained_variance"], variance[:3], rtol=1e-4)
        for tensor in basis.values():
            self.assertEqual(tensor.dtype, np.float32)

    def test_a_basis_is_of_all_frames(self):
        basis = self.basis("basis.safetensors", *self.settings)
        self.assertEqual(set(basis), {"c3.mean", "c3.components", "c3.explained_variance"})
        self.assert_basis(basis, "c3", self.expected)
        self.assert_basis(self.basis("two.safetensors", "--frames", 2, *self.settings), "c3", self.expected[:2])

    def test_a_basis_may_be_of_several_levels_and_videos(self):
        settings = [*self.settings[:-1], "level=c3,c4"]
        basis = self.basis("several.safetensors", self.video, *settings)
        self.assertEqual(set(basis), {f"{level}.{name}" for level in ("c3", "c4")
                                      for name in ("mean", "components", "explained_variance")})
        # Each frame twice.
        self.assert_basis(basis, "c3", np.concatenate([self.expected] * 2))
        self.assertEqual(basis["c4.components"].shape, (3, 96))

    def test_a_basis_can_be_played(self):
        self.basis("played.safetensors", *self.settings)
        model = " ".join(f'{name}="{value}"' for name, _, value in (text.partition("=") for text in self.settings[1:]))
        picture = self.folder / "picture.rgb"
        result = subprocess.run(["gst-launch-1.0", "-q", "filesrc", f'location="{self.video}"', "!", "decodebin", "!",
                                 "videoconvert", "!", "featuremosaic", *model.split(), "view=pca", "pca-basis=file",
                                 f'pca-file="{self.folder / "played.safetensors"}"', "labels=false", "!",
                                 "video/x-raw,format=RGB", "!", "filesink", f'location="{picture}"'], capture_output=True,
                                text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("WARNING", result.stderr)
        pixels = np.fromfile(picture, np.uint8).reshape(FRAMES, HEIGHT, WIDTH, 3)
        basis = load_file(self.folder / "played.safetensors")
        centred = self.expected - basis["c3.mean"][:, None, None]
        deviations = np.einsum("kc,fchw->fhwk", basis["c3.components"], centred) / np.sqrt(basis["c3.explained_variance"])
        expected = np.floor(256 * ((deviations.clip(-2, 2) + 2) / 4)).clip(0, 255).repeat(8, 1).repeat(8, 2)
        # But for what lies within rounding of a step.
        self.assertLessEqual(abs(pixels - expected).max(), 1)
        self.assertGreater((pixels == expected).mean(), 0.98)

    def test_what_is_wrong_with_a_basis_is_one_sentence(self):
        (self.folder / "empty.mkv").touch()
        for arguments, sentence in ((("absent.mp4",), "absent.mp4"),
                                    (("weights=a.pth",), "no video"),
                                    ((self.folder / "empty.mkv", "backbone=mobilenet-v2"), ""),
                                    ((*self.settings[:-1], "level=c3,p9"), "p9"),
                                    ((*self.settings, "channels=0-3"), "channels"),
                                    (("--output", self.folder / "absent" / "basis", *self.settings), "absent")):
            result = run("pca_basis.py", "--output", self.folder / "unwritten", *arguments)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(sentence, result.stderr)
            self.assertNotIn("Traceback", result.stderr)
            self.assertFalse((self.folder / "unwritten").exists())

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
