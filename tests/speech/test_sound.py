import io
import math
import struct
import wave

import numpy as np
import pytest
from pydub import AudioSegment
from pydub.utils import audioop

from callcenter.errors import SpeechError
from callcenter.speech import sound


def tone(amplitude: int, seconds: float = 1.0) -> bytes:
    count = round(seconds * 8000)
    return struct.pack(f"<{count}h", *(round(amplitude * math.sin(at)) for at in range(count)))


def heard(alaw: bytes) -> AudioSegment:
    return AudioSegment(data=audioop.alaw2lin(alaw, 2), sample_width=2, frame_rate=8000, channels=1)


@pytest.mark.parametrize("amplitude", [30, 1000, 32767])
def test_soft_and_loud_are_made_alike(amplitude: int) -> None:
    level = heard(sound.from_samples(tone(amplitude)))
    assert level.dBFS == pytest.approx(sound.LOUDNESS_DB, abs=0.5)
    assert level.max_dBFS <= sound.PEAK_DB + 0.3


def test_a_click_does_not_make_it_clip() -> None:
    click = tone(300, 0.5) + struct.pack("<h", 32000) + tone(300, 0.5)
    assert heard(sound.from_samples(click)).max_dBFS <= sound.PEAK_DB + 0.3


def test_silence_at_the_ends_is_cut_off_and_inside_kept() -> None:
    pause = bytes(2 * 4000)
    spoken = sound.from_samples(pause + tone(9000, 0.5) + pause + tone(9000, 0.5) + pause)
    assert sound.duration_s(spoken) == pytest.approx(1.5, abs=0.06)


@pytest.mark.parametrize("samples", [b"", bytes(16000)])
def test_nothing_to_hear_is_an_error(samples: bytes) -> None:
    with pytest.raises(SpeechError, match="silence"):
        sound.from_samples(samples)


def test_pieces_are_joined_with_pauses_of_silence() -> None:
    assert sound.join([b"a", b"b", b"c"], [0.001, 0.0]) == b"a" + sound.silence(0.001) + b"bc"
    assert not any(audioop.alaw2lin(sound.silence(0.1), 2)[1::2])
    assert sound.duration_s(sound.silence(0.5)) == 0.5


def test_a_browser_can_play_it() -> None:
    with wave.open(io.BytesIO(sound.to_wav(sound.from_samples(tone(5000))))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 8000, 2)
        assert np.abs(np.frombuffer(file.readframes(8000), "<i2")).max() > 3000
