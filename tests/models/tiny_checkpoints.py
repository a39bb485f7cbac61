"""Tiny checkpoints of every architecture, with what transformers makes of them.

    python tiny_checkpoints.py FOLDER CASES

CASES is a JSON list of Case. For each, FOLDER/<name>-<seed> gets the checkpoint, the imported
models (one folder a precision) and reference.npz: prompts, the tokens that transformers in fp32
writes, and the logits that it chose them by. One process for all, because its imports take
longer than its work.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

NEW_TOKENS = 64
WINDOW = 16
SWITCH = 4096
"""Texts longer than that are read with LongRoPE's long factors."""

SPECIALS = ("<unk>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|end|>", "<|system|>")
END = 2
MERGE = ("t", "h")
VOCABULARY = 288
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


class Case(TypedDict):
    """What to make of an architecture.

    `spread`: standard deviation of the random weights. Far above what models start from (0.4),
    attention picks a few tokens and every mistake changes the text; nearer to trained models
    (0.1), rounding does not grow from layer to layer. `lengths`: of random prompts, in tokens.
    `messages`: of chats, which are the prompts after those. `all_logits`: of every position, to
    compare them. `gguf`: import from a GGUF file.
    """

    name: str
    seed: int
    spread: float
    lengths: list[int]
    messages: list[str]
    precisions: list[str]
    all_logits: bool
    gguf: bool


SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 48,  # of which the root is no round number: Gemma scales by it
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "num_key_value_heads": 1,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": END,
    "pad_token_id": 0,
}
HEAD = {"head_dim": 16}
LONG = {
    "max_position_embeddings": 16384,
    "original_max_position_embeddings": SWITCH,
    "rope_scaling": {
        "type": "longrope",
        "short_factor": [1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0, 2.2],
        "long_factor": [1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0],
    },
}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
MIXED = {"sliding_window": WINDOW, "layer_types": ["sliding_attention", "full_attention"]}

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "phi3": {"model_type": "phi3"},
    "phi3-window": {"model_type": "phi3", "sliding_window": WINDOW},
    "phi3-grouped": {
        "model_type": "phi3",
        "hidden_size": 96,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
    },
    "phi3-long": {"model_type": "phi3", **LONG},
    "phi4": {
        "model_type": "phi3",
        "hidden_size": 128,
        "num_attention_heads": 2,
        "partial_rotary_factor": 0.75,
        "tie_word_embeddings": True,
        "sliding_window": 2 * 16384,
        **LONG,
        "rope_scaling": {
            "type": "longrope",
            "short_factor": [1.0 + 0.05 * i for i in range(24)],
            "long_factor": [1.0 + i for i in range(24)],
        },
    },
    "phi": {
        "model_type": "phi",
        "hidden_size": 96,
        "num_key_value_heads": 3,
        "partial_rotary_factor": 0.5,
    },
    "mistral": {"model_type": "mistral", "sliding_window": None, **HEAD},
    "mistral-window": {"model_type": "mistral", "sliding_window": WINDOW, **HEAD},
    "gemma": {"model_type": "gemma", **HEAD},
    "gemma2": {"model_type": "gemma2", "query_pre_attn_scalar": 16, **MIXED, **HEAD},
    "gemma3": {"model_type": "gemma3_text", "query_pre_attn_scalar": 16, **MIXED, **HEAD},
    "llama": {"model_type": "llama", "rope_theta": 500000.0},
    "llama-scaled": {"model_type": "llama", "rope_scaling": LLAMA3},
    "llama-tied": {"model_type": "llama", "tie_word_embeddings": True},
    "qwen2": {"model_type": "qwen2"},
    "qwen3": {"model_type": "qwen3", **HEAD},
}


def write_tokenizer(folder: Path) -> Any:
    """A tokenizer of bytes, with the control tokens of a chat."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    ids = {token: index for index, token in enumerate(vocabulary())}
    tokenizer = Tokenizer(models.BPE(ids, merges=[MERGE]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIALS])
    named = {"unk_token": SPECIALS[0], "bos_token": SPECIALS[1], "eos_token": SPECIALS[END]}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    return fast


def vocabulary() -> list[str]:
    from tokenizers import pre_tokenizers

    return [*SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet()), "".join(MERGE)]


def write_checkpoint(folder: Path, name: str, *, seed: int, spread: float) -> Any:
    """Random weights of an architecture, in safetensors; returns the model."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    stated = {**SHAPE, "initializer_range": spread, **ARCHITECTURES[name]}
    torch.manual_seed(seed)
    config = AutoConfig.for_model(stated.pop("model_type"), **stated)
    model = AutoModelForCausalLM.from_config(
        config, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    for parameter_name, parameter in model.named_parameters():
        if parameter.ndim == 1:  # norms begin as ones and biases as zeros, which hides mistakes
            parameter.data += 0.1 * torch.randn_like(parameter)
        if ".post_" in parameter_name and name.startswith(("gemma2", "gemma3")):
            parameter.data += 6  # else Gemma's large embeddings drown what the layers add
    for end in (END, SPECIALS.index("<|end|>")):  # else some answers would end early
        model.get_output_embeddings().weight.data[end] = 0
    model.save_pretrained(folder)
    return model


def write_gguf(path: Path, model: Any) -> None:
    """The same weights as llama.cpp's converter lays them out, for Llama and Phi-3."""
    import gguf

    config = model.config
    architecture = config.model_type
    kind = gguf.MODEL_ARCH.LLAMA if architecture == "llama" else gguf.MODEL_ARCH.PHI3
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    if getattr(config, "sliding_window", None):
        writer.add_sliding_window(config.sliding_window)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(vocabulary())
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_token_types([control if token in SPECIALS else normal for token in vocabulary()])
    writer.add_token_merges([" ".join(MERGE)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(0)
    writer.add_chat_template(TEMPLATE)
    names = gguf.get_tensor_name_map(kind, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        values = tensor.numpy()
        if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
            key = "num_attention_heads" if "q_proj" in name else "num_key_value_heads"
            heads = getattr(config, key)  # llama.cpp turns neighbouring pairs of values
            values = values.reshape(heads, 2, -1, values.shape[-1]).swapaxes(1, 2)
            values = np.ascontiguousarray(values.reshape(tensor.shape))
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def prompts_of(case: Case, tokenizer: Any) -> list[list[int]]:
    """Token ids."""
    draw = np.random.default_rng(case["seed"])
    top = len(vocabulary())
    chats = [[{"role": "user", "content": message}] for message in case["messages"]]
    return [
        *(draw.integers(len(SPECIALS), top, n).tolist() for n in case["lengths"]),
        *(
            tokenizer.apply_chat_template(chat, add_generation_prompt=True).input_ids
            for chat in chats
        ),
    ]


def write_reference(path: Path, model: Any, prompts: list[list[int]]) -> None:
    import torch

    arrays = {}
    for number, prompt in enumerate(prompts):
        with torch.no_grad():
            done = model.generate(
                torch.tensor([prompt]),
                attention_mask=torch.ones(1, len(prompt), dtype=torch.int64),
                do_sample=False,
                max_new_tokens=NEW_TOKENS,
                output_logits=True,
                return_dict_in_generate=True,
            )
        arrays[f"prompt{number}"] = np.array(prompt, np.int32)
        arrays[f"tokens{number}"] = done.sequences[0, len(prompt) :].numpy().astype(np.int32)
        arrays[f"logits{number}"] = torch.cat(done.logits).float().numpy()
    np.savez(path, **arrays)


def main(folder: Path, cases: list[Case]) -> None:
    import torch

    from assistant.models.recipes.checkpoint import convert

    torch.set_num_threads(1)  # the matrices are too small to share
    for case in cases:
        home = folder / f"{case['name']}-{case['seed']}"
        source = home / "checkpoint"
        model = write_checkpoint(source, case["name"], seed=case["seed"], spread=case["spread"])
        tokenizer = write_tokenizer(source)
        write_reference(home / "reference.npz", model, prompts_of(case, tokenizer))
        if case["gguf"]:
            source = home / "tiny.gguf"
            write_gguf(source, model)
        for precision in case["precisions"]:
            convert(
                source,
                home / precision,
                precision=precision,
                device="cuda" if precision == "fp16" else "cpu",
                all_logits=case["all_logits"],
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
