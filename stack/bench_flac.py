"""What originals as FLAC save and cost. `python -m stack.bench_flac FILE.wav…` measures recordings of one's own."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from callcenter.recordings.flac import pack
from callcenter.recordings.originals import digest_of_packed
from callcenter.recordings.raw import make_wav
from callcenter.recordings.transcode import make_copy
from callcenter.recordings.wav import inspect
from stack.bench_audio import KBPS, LONGEST_S, TALK_S, processor_s, talk

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Cost:
    """Sizes in bytes; seconds of a processor: to pack the WAV, to have it back once, to make the copy for listening."""

    seconds: float
    wav: int
    flac: int
    copy: int
    pack_s: float
    unpack_s: float
    copy_s: float

    @property
    def ratio(self) -> float:
        """Of the FLAC to the WAV."""
        return self.flac / self.wav

    @property
    def per_hour_s(self) -> float:
        """What the node does for an hour of talk: it packs, has it back from the disk, and once more from the store."""
        return (self.pack_s + 2 * self.unpack_s) / self.seconds * HOUR_S


async def cost(original: Path, folder: Path) -> Cost:
    """Measure one file."""
    wav, flac, copy = inspect(original), folder / "one.flac", folder / "one.ogg"
    began = processor_s()
    await pack(original, wav, flac)
    packed = processor_s()
    with flac.open("rb") as file:
        await digest_of_packed(file)
    unpacked = processor_s()
    make_copy(original, copy, KBPS, LONGEST_S)
    copied = processor_s()
    before, after, small = [path.stat().st_size for path in (original, flac, copy)]
    return Cost(wav.duration_s, before, after, small, packed - began, unpacked - packed, copied - unpacked)


def flac_figures() -> dict[str, dict[str, object]]:
    """Of a talk of three minutes with generated voices."""
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as work:
        folder = Path(work)
        (folder / "talk.raw").write_bytes(talk(TALK_S))
        make_wav(folder / "talk.raw", folder / "talk.wav")
        found = asyncio.run(cost(folder / "talk.wav", folder))
    return {
        "flac_size_ratio": {"value": round(found.ratio, 3), "unit": "ratio"},
        "flac_cpu_s_per_talk_hour": {"value": round(found.per_hour_s, 1), "unit": "s/h"},
    }


def main(files: Sequence[str]) -> None:
    """Print a line for each file, per hour of its talk."""
    print("minutes  WAV MB/h  FLAC MB/h  of WAV  copy MB/h  pack s/h  unpack s/h  node in all s/h  copy s/h")
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as work:
        for name in files:
            one = asyncio.run(cost(Path(name), Path(work)))
            an_hour = HOUR_S / one.seconds
            sizes = [size * an_hour / 1e6 for size in (one.wav, one.flac, one.copy)]
            print(
                f"{one.seconds / 60:7.1f}  {sizes[0]:8.1f}  {sizes[1]:9.1f}  {one.ratio:6.0%}  {sizes[2]:9.1f}"
                f"  {one.pack_s * an_hour:8.1f}  {one.unpack_s * an_hour:10.1f}  {one.per_hour_s:15.1f}"
                f"  {one.copy_s * an_hour:8.1f}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
