"""What the tools that play on a real sound server share: the server, and how what it heard, takes and replays are compared."""

import os
import pathlib
import re
import struct
import subprocess
import time

ASOUND = """pcm.jackout { type jack
  playback_ports { 0 system:playback_1  1 system:playback_2 }
  capture_ports  { 0 system:capture_1   1 system:capture_2 } }
pcm.!default { type plug  slave.pcm "jackout" }
"""


class Server:
    """A JACK server without a sound card, whose files are in a folder; it ends with the block."""

    def __init__(self, folder, frames=256, rate=48_000):
        self.folder, self.frames, self.rate, self.children = folder, frames, rate, []
        name = f"stage{os.getpid()}"
        (folder / ".asoundrc").write_text(ASOUND)
        self.env = dict(os.environ, HOME=str(folder), XDG_CONFIG_HOME=str(folder), JACK_NO_START_SERVER="1", JACK_DEFAULT_SERVER=name)
        self.name = name

    def __enter__(self):
        realtime = ["-R", "-P70"] if os.getuid() == 0 else ["-r", "-t2000"]
        dummy = ["-d", "dummy", "-r", str(self.rate), "-p", str(self.frames), "-C", "2", "-P", "2"]
        self.start(["jackd"] + realtime + ["-n", self.name] + dummy, stdout=(self.folder / "jackd.log").open("w"), stderr=subprocess.STDOUT)
        self.run(["jack_wait", "-w"], check=True, timeout=20)
        return self

    def __exit__(self, *_):
        # The server last: a recorder that has lost it may not end.
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start(self, command, **more):
        """Starts something beside it, which ends with it at the latest."""
        quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, env=self.env)
        self.children.append(subprocess.Popen(command, **{**quiet, **more}))
        return self.children[-1]

    def run(self, command, **more):
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, **more)

    def ports(self, begins):
        """Two ports whose names begin so; waits for them."""
        for _ in range(200):
            found = [port for port in self.run(["jack_lsp"]).stdout.split() if port.startswith(begins)]
            if len(found) >= 2:
                return found[:2]
            time.sleep(0.05)
        raise SystemExit(f"no ports {begins}")

    def record(self, ports, file):
        wanted = [word for port in ports for word in ("--port", port)]
        capture = ["jack_capture", "--channels", "2", "--no-stdin", "--disable-meter", "-f", "wav", "-d", "7200"]
        return self.start(capture + wanted + [str(file)])

    def late(self):
        """How often the server was late, by its own log."""
        return (self.folder / "jackd.log").read_text(errors="replace").count("XRun")


def samples(path):
    """The frames of a 32-bit WAV file, as bytes of eight."""
    data = path.read_bytes()
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        if name == b"data":
            size = min(size, len(data) - at - 8)
            return data[at + 8 : at + 8 + size // 8 * 8]
        at += 8 + size + size % 2
    return b""


def place(needle, hay):
    """Where in `hay` (frames) the sound of `needle` begins: found by 64 frames from its middle."""
    middle = len(needle) // 16 * 8
    at = hay.find(needle[middle : middle + 512])
    while at >= 0 and at % 8:
        at = hay.find(needle[middle : middle + 512], at + 1)
    return None if at < 0 else at - middle


def same(needle, hay):
    """Whether `needle` stands in `hay`, but for what is before or behind it, and how many frames that are."""
    offset = place(needle, hay)
    if offset is None:
        return False, 0
    begin, end = max(0, -offset), min(len(needle), len(hay) - offset)
    return needle[begin:end] == hay[begin + offset : end + offset], (end - begin) // 8


def heard_in(needle, hay):
    """Tenths of a second of `needle` that are in `hay`, in their order, and of how many; silent ones are not asked for."""
    size, behind, last, found, asked = 4800 * 8, 0, 0, 0, 0
    for at in range(0, len(needle) - size, size):
        piece = needle[at : at + size]
        if not any(piece):
            continue
        asked += 1
        # Two seconds further than it should be, at most: what is lost is lost in pieces.
        there = hay.find(piece, behind, behind + at - last + 20 * size if found else len(hay))
        if there >= 0:
            found, behind, last = found + 1, there + size, at
    return found, asked


def memory(pid):
    """Resident kilobytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
