"""openai-whisper or transformers in a process of their own: see ``packages.py``.

Runs in ``.venv-peers``, which has torch and nothing of polycue. Orders are lines of JSON on stdin,
answers lines on stdout; pinned as faster-whisper is.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

END, PROMPT = 50257, [50258, 50259, 50359, 50363]
LONGEST = 224


def loaded(weights: str) -> tuple[dict[str, int], dict[str, torch.Tensor]]:
    found = np.load(weights)
    dims = {n.removeprefix("dims."): int(found[n]) for n in found if n.startswith("dims.")}
    return dims, {n: torch.from_numpy(found[n]) for n in found if not n.startswith("dims.")}


def openai(weights: str, beam_size: int) -> Callable[[str], list[int]]:
    import whisper

    dims, state = loaded(weights)
    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        torch.save({"dims": dims, "model_state_dict": state}, file.name)
        model = whisper.load_model(file.name, device="cpu")

    def hear(path: str) -> list[int]:
        found = model.transcribe(
            path,
            language="en",
            beam_size=beam_size,
            temperature=0,
            without_timestamps=True,
            condition_on_previous_text=False,
            compression_ratio_threshold=None,
            logprob_threshold=None,
            no_speech_threshold=None,
            suppress_tokens="",  # some of the script's words are signs in the real vocabulary
            fp16=False,
        )
        return [len(segment["tokens"]) for segment in found["segments"]]

    return hear


def transformers(weights: str, beam_size: int) -> Callable[[str], list[int]]:
    from faster_whisper.audio import decode_audio
    from transformers import WhisperFeatureExtractor

    dims, state = loaded(weights)
    model = _transformers_model(dims, state)
    extractor = WhisperFeatureExtractor(feature_size=dims["n_mels"])

    def hear(path: str) -> list[int]:
        windows = _windows(decode_audio(path))
        features = extractor(windows, sampling_rate=16_000, return_tensors="pt").input_features
        with torch.inference_mode():
            found = model.generate(
                features,
                language="en",
                task="transcribe",
                num_beams=beam_size,
                max_new_tokens=LONGEST,
                return_timestamps=False,
            )
        return [int((row >= 1000).logical_and(row < 1224).sum()) for row in found]

    return hear


def _windows(sound: Any) -> list[Any]:
    """As faster-whisper cuts: transformers itself cuts no pauses."""
    from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps

    options = VadOptions(max_speech_duration_s=30, min_silence_duration_ms=160)
    return collect_chunks(sound, get_speech_timestamps(sound, options), max_duration=30)[0]


def _transformers_model(dims: dict[str, int], state: dict[str, torch.Tensor]) -> Any:
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    config = WhisperConfig(
        vocab_size=dims["n_vocab"],
        num_mel_bins=dims["n_mels"],
        d_model=dims["n_audio_state"],
        encoder_layers=dims["n_audio_layer"],
        decoder_layers=dims["n_text_layer"],
        encoder_attention_heads=dims["n_audio_head"],
        decoder_attention_heads=dims["n_text_head"],
        encoder_ffn_dim=4 * dims["n_audio_state"],
        decoder_ffn_dim=4 * dims["n_text_state"],
        pad_token_id=END,
        bos_token_id=END,
        eos_token_id=END,
        decoder_start_token_id=PROMPT[0],
    )
    model = WhisperForConditionalGeneration(config).eval()
    missing, unexpected = model.load_state_dict(
        {_transformers_name(name): weight for name, weight in state.items()}, strict=False
    )
    if unexpected or set(missing) - {"proj_out.weight"}:
        raise SystemExit(f"transformers knows other weights: {missing}, {unexpected}")
    model.tie_weights()
    model.generation_config = GenerationConfig(
        is_multilingual=True,
        lang_to_id={"<|en|>": PROMPT[1]},
        task_to_id={"transcribe": PROMPT[2]},
        no_timestamps_token_id=PROMPT[3],
        decoder_start_token_id=PROMPT[0],
        bos_token_id=END,
        eos_token_id=END,
        pad_token_id=END,
        max_length=448,
    )
    return model


def _transformers_name(name: str) -> str:
    for ours, theirs in (
        ("positional_embedding", "embed_positions.weight"),
        ("token_embedding", "embed_tokens"),
        ("blocks", "layers"),
        ("cross_attn_ln", "encoder_attn_layer_norm"),
        ("cross_attn", "encoder_attn"),
        (".attn_ln", ".self_attn_layer_norm"),
        (".attn.", ".self_attn."),
        ("mlp_ln", "final_layer_norm"),
        ("mlp.0", "fc1"),
        ("mlp.2", "fc2"),
        (".query.", ".q_proj."),
        (".key.", ".k_proj."),
        (".value.", ".v_proj."),
        (".out.", ".out_proj."),
        ("ln_post", "layer_norm"),
        ("decoder.ln.", "decoder.layer_norm."),
    ):
        name = name.replace(ours, theirs)
    return f"model.{name}"


def main() -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    torch.set_num_threads(os.cpu_count() or 1)
    make = {"openai-whisper": openai, "transformers": transformers}[order["package"]]
    hear = make(order["weights"], order["beam_size"])
    packages = [order["package"], "torch"]
    print(json.dumps({name: version(name) for name in packages}), file=out, flush=True)
    for line in sys.stdin:
        before, began = os.times(), time.perf_counter()
        tokens = hear(json.loads(line)["file"])
        seconds, after = time.perf_counter() - began, os.times()
        core_s = after.user + after.system - before.user - before.system
        answer = {"seconds": seconds, "core_seconds": core_s, "tokens": [tokens]}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
