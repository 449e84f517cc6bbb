"""Folders of models: configurations and weights that may or may not be some."""

import json
import os
import random
import struct
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

WEIRD = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    3,
    5,
    7,
    0.5,
    1e-9,
    1e308,
    2**31,
    2**63,
    10**40,
    "",
    "a",
    "NaN",
    [],
    [[]],
    {},
    [1, 2],
    ["a"],
    {"a": 1},
)
RAW = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "[" * 5_000,
    '{"a":' * 5_000,
    "\\ud800",
    '"\\ud800"',
    "00",
    "+1",
    "'a'",
    "/* */ 1",
)
TYPES = ("F16", "BF16", "F32", "F64", "F8_E4M3", "F8_E5M2", "I8", "I64", "U8", "BOOL", "X", "")


def config(chance: random.Random, whole: bytes) -> bytes:
    """A configuration in which something is otherwise."""
    tree = json.loads(whole)
    for _ in range(chance.choice((1, 1, 1, 2, 6))):
        holder, key = _place(chance, tree)
        match chance.choice(("value", "value", "value", "number", "drop", "add", "swap")):
            case "value":
                holder[key] = chance.choice(WEIRD)
            case "number" if isinstance(holder[key], int | float):
                holder[key] *= chance.choice((-1, 2, 3, 10, 0.5, 1_000))
            case "drop":
                del holder[key]
            case "add" if isinstance(holder, dict):
                holder[chance.choice(("x", "", "__class__", key + " "))] = 1
            case "swap":
                other, name = _place(chance, tree)
                holder[key] = json.loads(json.dumps(other[name]))
        if not tree:
            break
    content = json.dumps(tree).encode()
    if chance.random() < 0.15:
        marked = json.dumps(tree, default=str).replace("1", chance.choice(RAW), 1)
        content = marked.encode("utf-8", "surrogatepass")
    if chance.random() < 0.15:
        damaged = bytearray(content)
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        content = bytes(damaged)
    return content


def _place(chance: random.Random, tree: Any) -> tuple[Any, Any]:
    """A value somewhere in it: what holds it, and under which key."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in list(items):
            places.append((node, key))
            if isinstance(value, dict | list):
                walk(value)

    walk(tree)
    return chance.choice(places) if places else ({"": 0}, "")


def special(chance: random.Random, path: Path) -> None:
    """In the place of a file, something that is none."""
    path.unlink()
    match chance.choice(("fifo", "zero", "folder", "empty", "loop", "null", "missing", "secret")):
        case "fifo":
            os.mkfifo(path)
        case "zero":
            path.symlink_to("/dev/zero")
        case "null":
            path.symlink_to("/dev/null")
        case "folder":
            path.mkdir()
        case "empty":
            path.touch()
        case "loop":
            path.symlink_to(path)
        case "secret":
            path.touch(0)


def weights(chance: random.Random, path: Path) -> bytes:
    """Weights in which a tensor, the header or the file is otherwise."""
    match chance.choice(("tensor", "header", "header", "bytes")):
        case "tensor":
            return _other_tensor(chance, path)
        case "header":
            return _other_header(chance, path.read_bytes())
    whole = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 5, 50))):
        at = chance.randrange(chance.choice((16, 3_000, len(whole))))
        whole[at] = chance.randrange(256)
    return bytes(whole[: chance.randrange(len(whole))] if chance.random() < 0.3 else whole)


def _other_tensor(chance: random.Random, path: Path) -> bytes:
    tensors = load_file(path)
    for _ in range(chance.choice((1, 3))):
        name = chance.choice(list(tensors))
        value = tensors.pop(name)
        match chance.choice(("type", "shape", "scale", "nan", "name", "none", "base", "random")):
            case "type":
                kinds = (torch.float64, torch.bfloat16, torch.int8, torch.bool, torch.float8_e5m2)
                tensors[name] = value.to(chance.choice(kinds))
            case "shape":
                tensors[name] = value.reshape(-1)[: chance.randrange(value.numel() + 1)].clone()
            case "scale":
                tensors[name] = value * chance.choice((0, -1, 100, 60_000, 1e-6))
            case "nan" if value.is_floating_point():
                tensors[name] = value.clone().fill_(chance.choice((float("nan"), float("inf"))))
            case "name":
                tensors[chance.choice((name + "x", "", "ä", "../a"))] = value
            case "random" if value.is_floating_point():
                torch.manual_seed(chance.randrange(99))
                tensors[name] = torch.randn_like(value.float()).half() * 30
            case "base":
                names = ("", ".", "..", "/", "nobody", path.parent.name, "a/b", "x" * 400, "\0")
                return to_bytes(tensors, {"base": chance.choice(names)})
    return to_bytes(tensors, {"format": "pt"})


def _other_header(chance: random.Random, whole: bytes) -> bytes:
    """Its JSON says something else of the same bytes."""
    length = struct.unpack("<Q", whole[:8])[0]
    tree, data = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    name = chance.choice([key for key in tree if key != "__metadata__"])
    entry = tree[name]
    match chance.choice(("dtype", "shape", "offsets", "extra", "weird", "length")):
        case "dtype":
            entry["dtype"] = chance.choice(TYPES)
        case "shape":
            entry["shape"] = chance.choice(([], [0], [-1], [2**62, 4], [1, *entry["shape"]], ["a"]))
        case "offsets":
            entry["data_offsets"][chance.randrange(2)] += chance.choice((-2, 2, 10**9, 2**63))
        case "extra":
            tree["__metadata__"] = chance.choice((None, [], {"base": 1}, {"a": "b" * 10**6}))
        case "weird":
            tree[name] = chance.choice(WEIRD)
        case "length":
            wrong = chance.choice((0, 1, length - 1, length + 1, 10**9, 2**64 - 1))
            return struct.pack("<Q", wrong) + whole[8:]
    header = json.dumps(tree).encode()
    return struct.pack("<Q", len(header)) + header + data
