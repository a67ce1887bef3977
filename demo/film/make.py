"""Make the demo film and the script of what is said in it: demo/tour.mp4 and demo/script.json.

Run it from the repository root, with numpy installed and ffmpeg and eSpeak NG's library on the
machine (Debian: apt-get install ffmpeg espeak-ng)::

    .venv/bin/python -m demo.film.make

Both files are committed: nobody needs to run this to use the demo. The narration's times come
from eSpeak NG itself, so ``script.json`` holds the truth that subtitles are measured against.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from demo.film import narration, pictures, soundtrack
from demo.film.soundtrack import Soundtrack
from demo.train.espeak import SAMPLE_RATE_HZ, EspeakMissing

DEMO = Path(__file__).parents[1]
FILM, SCRIPT = DEMO / "tour.mp4", DEMO / "script.json"


def main() -> int:
    scenes = narration.scenes()
    try:
        sound = soundtrack.record(scenes)
    except EspeakMissing as error:
        print(error, file=sys.stderr)
        return 1
    graph = pictures.filter_graph([scene.title for scene in scenes], sound.scene_spans_ms)
    _render(graph, sound, to=FILM)
    _write_script(sound, to=SCRIPT)
    print(f"{FILM}: {sound.length_ms / 1000:.1f} s, {FILM.stat().st_size / 1e6:.1f} MB")
    return 0


def _render(graph: str, sound: Soundtrack, *, to: Path) -> None:
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        graph_file, film = Path(folder, "graph"), Path(folder, to.name)
        graph_file.write_text(graph, encoding="utf-8")
        argv = ["ffmpeg", "-v", "error", "-stats", "-filter_complex_script", str(graph_file)]
        argv += ["-f", "f32le", "-ar", str(SAMPLE_RATE_HZ), "-ac", "1", "-i", "pipe:0"]
        argv += ["-map", "[picture]", "-map", "0:a", "-t", f"{sound.length_ms / 1000:.3f}"]
        argv += ["-c:v", "libx264", "-preset", "slow", "-crf", "26"]
        argv += ["-c:a", "aac", "-b:a", "80k", "-ar", "44100", "-metadata:s:a:0", "language=eng"]
        argv += ["-metadata", f"title={pictures.FILM_TITLE}", "-movflags", "+faststart", str(film)]
        subprocess.run(argv, input=sound.samples.tobytes(), check=True)
        os.replace(film, to)


def _write_script(sound: Soundtrack, *, to: Path) -> None:
    sentences = [
        {
            "voice": line.voice.name,
            "start_ms": line.start_ms,
            "end_ms": line.end_ms,
            "en": line.sentence.en,
            "es": line.sentence.es,
            "de": line.sentence.de,
        }
        for line in sound.lines
    ]
    script = {"duration_ms": sound.length_ms, "sentences": sentences}
    to.write_text(json.dumps(script, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
