# SPDX-License-Identifier: LGPL-2.1-or-later
"""A process that processes frames when it is told to; bench.py has the protocol."""

import json
import os
import queue
import signal
import subprocess
import threading
import time


class LeftOut(Exception):
    """Why something is not measured."""


class NotMeasurable(LeftOut):
    """Nothing failed: the program, or this machine, has no such figure."""


class Contestant:
    """Whatever goes wrong with it is a LeftOut, and ends the process: a compiler may hang or take the process down.

    The constructor does not wait until it is ready, so that several can start at once.
    """

    def __init__(self, name, command, log):
        self.name, self.log, self.is_ready, self.failure = name, log, False, None
        try:
            with open(log, "w") as errors:
                # A group of its own, as a compiler has helpers, which have to end with it.
                self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                                stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True)
        except OSError as error:
            self.process, self.failure = None, f"it does not start: {error}"
            return
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_until_ready(self, timeout=120):
        if not self.is_ready:
            self._answer(timeout)
            self.is_ready = True

    def ask(self, *command, timeout=120):
        self.wait_until_ready()
        try:
            print(*(f'"{word}"' for word in command), file=self.process.stdin, flush=True)
        except OSError:
            pass  # It has ended; the answer is why.
        return self._answer(timeout)

    def close(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            try:
                self.process.stdin.close()
                self.process.wait(20)
            except (OSError, subprocess.TimeoutExpired):
                pass
        self._kill()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def _answer(self, timeout):
        """The next line that is JSON: libraries print as well."""
        if self.failure:
            raise LeftOut(self.failure)
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                self._fail(f"it did not answer within {timeout:.0f} s")
            if line is None:
                self.process.wait()
                self._fail(self._last_words())
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if isinstance(answer, dict) and "error" in answer:
                self._fail(answer["error"])
            return answer

    def _fail(self, why):
        self._kill()
        self.failure = f"{why} (more in {self.log})"
        raise LeftOut(self.failure)

    def _last_words(self):
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "the process ended without a word"

    def _kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
