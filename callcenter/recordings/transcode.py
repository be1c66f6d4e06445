"""One recording's copy for listening and its waveform, made by ffmpeg in pieces, so that two hours need no more memory.

The audio is taken from where it is in the file, whatever the header says. A run through it finds the peaks and how
loud each voice is; ffmpeg then encodes with a gain for each voice. The original is only read.
"""

import math
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from callcenter.domain.recording import Defect, Waveform
from callcenter.errors import AudioProblem
from callcenter.orphans import die_with_parent
from callcenter.recordings.wav import Wav, inspect

MEDIA_TYPE = "audio/ogg"
PEAKS_PER_S = 8
LOUDNESS_DB = -20.0
"""How loud a voice is made: the root mean square while it speaks, in dB below full scale."""
PEAK_DB = -1.0
SILENT_DB = -50.0
GAIN_DB = (-20.0, 30.0)

_FULL = 32768.0
_PIECE_S = 60
_FFMPEG = ("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-threads", "1", "-y")
_FFMPEG_BYTES = 1024**3


def make_copy(original: Path, target: Path, kbps: int, longest_s: float) -> Waveform:
    """Write the copy of the WAV file `original` as Opus in Ogg to `target`, both channels kept.

    Raises `AudioProblem` when there can be no copy: no WAV, empty, longer than `longest_s` seconds, not understood by
    ffmpeg. Raises `OSError` when a file cannot be read or written.
    """
    wav = inspect(original)
    if wav.defect in (Defect.EMPTY, Defect.NOT_WAV) or wav.duration_s == 0:
        raise AudioProblem(wav.defect or Defect.EMPTY)
    if wav.duration_s > longest_s:
        raise AudioProblem(f"longer than {longest_s / 3600:g} h")
    if wav.linear16 and wav.channels <= 2:
        return _copy(original, wav, target, kbps)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".raw") as plain:
        channels = min(wav.channels, 2)
        form = ("-f", "s16le", "-ar", str(wav.rate), "-ac", str(channels), plain.name)
        _ffmpeg(["-ignore_length", "1", "-i", str(original), "-t", f"{wav.duration_s:.6f}", *form], wav.duration_s)
        size = os.stat(plain.name).st_size // (2 * channels) * 2 * channels
        if size == 0:
            raise AudioProblem(Defect.EMPTY)
        seconds = size / (2 * channels * wav.rate)
        decoded = Wav(seconds, wav.rate, channels, None, start=0, size=size, linear16=True)
        return _copy(Path(plain.name), decoded, target, kbps)


def _copy(source: Path, wav: Wav, target: Path, kbps: int) -> Waveform:
    window = max(1, round(wav.rate / PEAKS_PER_S))
    with source.open("rb") as file:
        file.seek(wav.start)
        peaks, energy = _measure(file, wav, window)
        os.lseek(file.fileno(), wav.start, os.SEEK_SET)
        heard = ("-f", "s16le", "-ar", str(wav.rate), "-ac", str(wav.channels), "-t", f"{wav.duration_s:.6f}")
        gains = [_gain(peaks[:, channel], energy[:, channel]) for channel in range(wav.channels)]
        _ffmpeg(
            [*heard, "-i", "pipe:0", "-filter:a", _filter(gains), *encoding(kbps, wav.channels), str(target)],
            wav.duration_s,
            file,
        )
    return Waveform(wav.rate / window, wav.channels, np.minimum(peaks * 255, 255).astype(np.uint8).tobytes())


def encoding(kbps: int, channels: int) -> tuple[str, ...]:
    """ffmpeg's arguments for the copy's format; `kbps` is meant for two voices."""
    # Without the constraint the encoder takes up to a seventh more than it is told.
    rate = ("-b:a", str(500 * kbps * channels), "-vbr", "constrained")
    return ("-c:a", "libopus", "-application", "audio", *rate, "-map_metadata", "-1", "-f", "ogg")


def _measure(file: BinaryIO, wav: Wav, window: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The highest sample and the mean square of each window and channel, of full scale 1."""
    peaks, energy = [], []
    for piece in _pieces(file, wav, window):
        # One voice after the other: numpy is faster on samples that are contiguous.
        voices = [np.ascontiguousarray(piece[:, channel]).reshape(-1, window) for channel in range(wav.channels)]
        highest = [np.maximum(voice.max(axis=1), -voice.min(axis=1).astype(np.int32)) for voice in voices]
        peaks.append((np.stack(highest, axis=1) / _FULL).astype(np.float32))
        squares = [np.einsum("ws,ws->w", voice, voice, dtype=np.float32) for voice in voices]
        energy.append((np.stack(squares, axis=1) / (window * _FULL**2)).astype(np.float32))
    return np.concatenate(peaks), np.concatenate(energy)


def _pieces(file: BinaryIO, wav: Wav, window: int) -> Iterator[NDArray[np.int16]]:
    """The samples by channels, a minute at a time, in whole windows; the last one is padded with silence."""
    frame = 2 * wav.channels
    left = wav.size
    while left:
        data = file.read(min(left, PEAKS_PER_S * _PIECE_S * window * frame))
        if not data:
            raise OSError("the recording became shorter while it was read")
        left -= len(data)
        if odd := len(data) % (window * frame):
            data += bytes(window * frame - odd)
        yield np.frombuffer(data, np.dtype("<i2")).reshape(-1, wav.channels)


def _gain(peaks: NDArray[np.float32], energy: NDArray[np.float32]) -> float:
    """The factor that brings one voice to the common loudness without clipping."""
    speaking = energy[energy > 10 ** (SILENT_DB / 10)]
    if not speaking.size:
        return 1.0
    wanted = LOUDNESS_DB - 10 * math.log10(float(speaking.mean(dtype=np.float64)))
    room = PEAK_DB - 20 * math.log10(float(peaks.max()))
    return 10 ** (min(max(wanted, GAIN_DB[0]), GAIN_DB[1], room) / 20)


def _filter(gains: list[float]) -> str:
    if len(gains) == 1:
        return f"volume={gains[0]:.4f}"
    return f"pan=stereo|c0={gains[0]:.4f}*c0|c1={gains[1]:.4f}*c1"


def make_linear(source: Path, target: Path, kind: str, comment: str) -> None:
    """Write `target`, a WAV of plain samples, from compressed audio in ffmpeg's format `kind`; `comment` stands in it.

    The format is given, since a file that may be anything could be a playlist of other files. Raises `AudioProblem` when
    it is not of that format, `OSError` when there is no room or no ffmpeg.
    """
    # No telephone's audio is compressed to less than a kilobyte a second.
    seconds = source.stat().st_size / 1000
    exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    form = ["-map", "0:a:0", "-c:a", "pcm_s16le", *exact, "-metadata", f"comment={comment}", "-f", "wav"]
    _ffmpeg(["-f", kind, "-i", f"file:{source}", *form, f"file:{target}"], seconds)


def _ffmpeg(arguments: list[str], seconds: float, source: BinaryIO | None = None) -> None:
    """Run ffmpeg within limits. Its messages may quote the file, so they are not passed on."""
    done = subprocess.run(
        [*_FFMPEG, *arguments],
        stdin=subprocess.DEVNULL if source is None else source,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=_limits(seconds),
        check=False,
    )
    if done.returncode:
        if b"No space left on device" in done.stderr:
            raise OSError("no space left for the copy being made")
        raise AudioProblem(f"ffmpeg cannot read it (status {done.returncode})")


def _limits(seconds: float) -> Callable[[], None]:
    processor_s = int(60 + seconds / 10)

    def limit() -> None:
        die_with_parent()
        resource.setrlimit(resource.RLIMIT_CPU, (processor_s, processor_s))
        resource.setrlimit(resource.RLIMIT_AS, (_FFMPEG_BYTES, _FFMPEG_BYTES))

    return limit
