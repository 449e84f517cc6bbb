"""Every regular expression of the package, found in its modules and in its source.

A pattern is found as a global, inside tables and rules, or as the literal of a call inside a
function (`re.sub(r"...", ...)`, `find_left(match, r"...")`); one whose text depends on local
variables cannot be found and is reported as hidden.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import ttsf
from ttsf.text.english import tokens
from ttsf.text.english.tokens import NEAR, Rule

_METHODS = ("match", "search", "fullmatch", "sub", "split", "findall", "finditer")
_NOT_LISTED = "ttsf.research"
"""It reads what its own user has collected for training."""
_BOUNDED = {"left", "right", "word_before", "word_after"}
"""Functions that give at most NEAR characters."""
_NEIGHBOURS = {"find_left": "search", "find_right": "match"}


class Used(NamedTuple):
    """A pattern and how it is used."""

    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]
    """Of `re.Pattern`; "tokens" for a rule, which the scanner tries where a token may begin."""
    longest: int | None
    """Characters that it is shown at most; None for any number."""
    rule: Rule | None = None


def modules() -> list[ModuleType]:
    """All of the package that can be imported here."""
    found = []
    for info in pkgutil.walk_packages(ttsf.__path__, "ttsf."):
        if info.name.endswith("__main__") or info.name.startswith(_NOT_LISTED):
            continue
        try:
            found.append(importlib.import_module(info.name))
        except ModuleNotFoundError as error:  # an optional package
            assert not (error.name or "").startswith("ttsf"), error
    return found


def used_patterns() -> tuple[list[Used], list[str]]:
    """All patterns, and the places of those that are hidden."""
    found: dict[tuple[str, int, frozenset[str], int | None], Used] = {}
    hidden: list[str] = []
    everything = modules()
    trees = {module: ast.parse(inspect.getsource(module)) for module in everything}
    uses = _uses(trees)
    for module, tree in trees.items():
        listed = [*_globals(module, uses[module]), *_inline(module, tree, hidden)]
        for used in listed:
            key = (used.pattern.pattern, used.pattern.flags, used.methods, used.longest)
            found.setdefault(key, used)
    return list(found.values()), hidden


def _uses(trees: dict[ModuleType, ast.Module]) -> dict[ModuleType, dict[str, frozenset[str]]]:
    """For each module, name of a global -> methods that are called on it, here or elsewhere.

    "finditer" where it is handed on. A private name is used in its own module alone.
    """
    own = {module: _used_names(tree) for module, tree in trees.items()}
    everywhere: dict[str, set[str]] = {}
    for names in own.values():
        for name, methods in names.items():
            everywhere.setdefault(name, set()).update(methods)
    return {
        module: {
            name: frozenset(names.get(name, set()) if name.startswith("_") else methods)
            for name, methods in everywhere.items()
        }
        for module, names in own.items()
    }


def _used_names(tree: ast.Module) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _METHODS:
            name = node.value
            if isinstance(name, ast.Name | ast.Attribute):
                called.add(id(name))
                text = name.id if isinstance(name, ast.Name) else name.attr
                found.setdefault(text, set()).add(node.attr)
    for node in ast.walk(tree):
        given = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        if given and id(node) not in called:
            found.setdefault(node.id, set()).add("finditer")
    return found


def _globals(module: ModuleType, uses: dict[str, frozenset[str]]) -> Iterator[Used]:
    for name, value in vars(module).items():
        for pattern, rule in _inside(value, set()):
            where = f"{module.__name__}.{name}"
            if rule:
                yield Used(where, pattern, frozenset(("tokens",)), None, rule)
            else:
                own = uses.get(name, frozenset()) if pattern is value else frozenset()
                yield Used(where, pattern, own or frozenset(("finditer",)), None)


def _inside(value: object, seen: set[int]) -> Iterator[tuple[re.Pattern[Any], Rule | None]]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value, None
    elif isinstance(value, Rule):
        yield value.pattern, value
    elif isinstance(value, dict):
        for item in (*value.keys(), *value.values()):
            yield from _inside(item, seen)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _inside(item, seen)
    elif type(value).__module__.startswith("ttsf") and hasattr(value, "__dict__"):
        yield from _inside(vars(value), seen)


def _inline(module: ModuleType, tree: ast.Module, hidden: list[str]) -> Iterator[Used]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        bounded, own = _bounded_names(function), {arg.arg for arg in _arguments(function)}
        for node in ast.walk(function):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            call = _call(node)
            if call is None:
                continue
            where = f"{module.__name__}:{node.lineno}"
            method, written, subject, flags = call
            if isinstance(written, ast.Name) and written.id in own and module is tokens:
                continue  # what `rule`, `find_left` and `find_right` are given is found elsewhere
            try:
                text, flag = (
                    eval(compile(ast.Expression(part), where, "eval"), vars(module)) if part else 0
                    for part in (written, flags)
                )
            except NameError:
                hidden.append(where)
                continue
            short = subject is None or _is_bounded(subject, bounded)
            if isinstance(text, re.Pattern):
                continue
            yield Used(where, re.compile(text, flag), frozenset((method,)), NEAR if short else None)


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _call(node: ast.Call) -> tuple[str, ast.expr, ast.expr | None, ast.expr | None] | None:
    """Method, pattern, subject (None for a neighborhood) and flags of a call with a pattern."""
    function, args = node.func, node.args
    if isinstance(function, ast.Name) and function.id in _NEIGHBOURS and len(args) == 2:
        return _NEIGHBOURS[function.id], args[1], None, None
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return None
    if function.value.id != "re" or function.attr not in (*_METHODS, "compile"):
        return None
    if function.attr == "compile":
        return "finditer", args[0], ast.Constant(""), args[1] if len(args) > 1 else None
    at = 2 if function.attr == "sub" else 1
    return function.attr, args[0], args[at], args[at + 1] if len(args) > at + 1 else None


def _bounded_names(function: ast.AST) -> set[str]:
    """Local names of a function that hold a neighborhood."""
    found = set()
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        together = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        pairs = zip(target.elts, value.elts, strict=False) if together else [(target, value)]
        for name, given in pairs:
            if isinstance(name, ast.Name) and _is_bounded(given, set()):
                found.add(name.id)
    return found


def _is_bounded(node: ast.expr, names: set[str]) -> bool:
    """Whether an expression is a neighborhood, a part of one, or one in small letters."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Subscript):
        return _is_bounded(node.value, names)
    if isinstance(node, ast.BinOp):
        return all(
            _is_bounded(side, names) or isinstance(side, ast.Constant)
            for side in (node.left, node.right)
        )
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in ("lower", "strip"):
            return _is_bounded(function.value, names)
        return isinstance(function, ast.Name) and function.id in _BOUNDED
    return False
