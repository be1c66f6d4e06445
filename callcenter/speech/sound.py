"""Sound as the telephone carries it: one channel of A-law at 8 kHz, without a header."""

import io
import wave
from collections.abc import Sequence
from itertools import zip_longest

from pydub import AudioSegment
from pydub.silence import detect_leading_silence
from pydub.utils import audioop

from callcenter.errors import SpeechError

RATE = 8000
LOUDNESS_DB = -20.0
"""The root mean square of a phrase, in dB below full scale: one phrase is as loud as the next."""
PEAK_DB = -1.5
SILENT_DB = -44.0
"""What is softer than this, of a levelled phrase, is no speech."""

_SILENCE = b"\xd5"
_EDGE_MS = 20
_FADE_MS = 5


def from_samples(samples: bytes) -> bytes:
    """A-law of 16-bit samples at 8 kHz, levelled, and without the silence at both ends.

    Raises `SpeechError` when there is nothing to hear.
    """
    heard = AudioSegment(data=samples, sample_width=2, frame_rate=RATE, channels=1)
    if heard.max == 0:
        raise SpeechError("the engine gave silence")
    heard = _trimmed(_levelled(heard))
    # Silence no longer counts: the level is that of what is left.
    heard = _levelled(heard).fade_in(_FADE_MS).fade_out(_FADE_MS)
    return bytes(audioop.lin2alaw(heard.raw_data, 2))


def _levelled(heard: AudioSegment) -> AudioSegment:
    return heard.apply_gain(min(LOUDNESS_DB - heard.dBFS, PEAK_DB - heard.max_dBFS))


def _trimmed(heard: AudioSegment) -> AudioSegment:
    begin = detect_leading_silence(heard, SILENT_DB, chunk_size=5)
    end = len(heard) - detect_leading_silence(heard.reverse(), SILENT_DB, chunk_size=5)
    return heard[max(0, begin - _EDGE_MS) : end + _EDGE_MS]


def join(pieces: Sequence[bytes], pauses_s: Sequence[float] = ()) -> bytes:
    """The pieces one after the other; after the first a pause of `pauses_s[0]` seconds, and so on."""
    pauses = [silence(pause) for pause in pauses_s]
    return b"".join(part for pair in zip_longest(pieces, pauses, fillvalue=b"") for part in pair)


def silence(seconds: float) -> bytes:
    """Nothing to hear."""
    return _SILENCE * round(seconds * RATE)


def duration_s(alaw: bytes) -> float:
    """How long it lasts."""
    return len(alaw) / RATE


def to_wav(alaw: bytes) -> bytes:
    """A WAV file of 16-bit samples, which every browser plays."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(audioop.alaw2lin(alaw, 2))
    return out.getvalue()
