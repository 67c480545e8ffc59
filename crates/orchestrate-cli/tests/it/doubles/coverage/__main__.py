"""`coverage run` and `coverage json`, as far as the tests of this project ask for them."""

import json
import os
import runpy
import sys

ROOT = os.getcwd()


def options(args):
    flags = {}
    while args and args[0].startswith("--"):
        name, _, value = args.pop(0).partition("=")
        flags[name] = value
    return flags


def run(args):
    flags = options(args)
    executed = {}

    def trace(frame, event, _):
        name = frame.f_code.co_filename
        if not name.startswith(ROOT):
            return None
        if event == "line":
            executed.setdefault(name, set()).add(frame.f_lineno)
        return trace

    assert args.pop(0) == "-m"
    sys.argv = args
    sys.path.insert(0, ROOT)
    code = 0
    sys.settrace(trace)
    try:
        runpy.run_module(args[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    finally:
        sys.settrace(None)
    with open(flags["--data-file"], "w") as data:
        json.dump({name: sorted(lines) for name, lines in executed.items()}, data)
    sys.exit(code)


def statements(code):
    lines = {line for _, _, line in code.co_lines() if line}
    for inner in code.co_consts:
        if hasattr(inner, "co_lines"):
            # The line of the definition is one of the code around it.
            lines |= statements(inner) - {inner.co_firstlineno}
    return lines


def report(args):
    out = args[args.index("-o") + 1]
    flags = [arg for arg in args if arg.startswith("--data-file=")]
    with open(flags[0].partition("=")[2]) as data:
        executed = json.load(data)
    files = {}
    for directory, _, names in os.walk(ROOT):
        for name in names:
            path = os.path.join(directory, name)
            if not name.endswith(".py"):
                continue
            with open(path) as source:
                lines = statements(compile(source.read(), path, "exec"))
            hit = lines & set(executed.get(path, []))
            files[os.path.relpath(path, ROOT)] = {
                "executed_lines": sorted(hit),
                "missing_lines": sorted(lines - hit),
                "excluded_lines": [],
                "summary": summary(len(hit), len(lines)),
            }
    hits = sum(len(it["executed_lines"]) for it in files.values())
    lines = sum(it["summary"]["num_statements"] for it in files.values())
    whole = {"meta": {"format": 3, "version": "7.0"}, "files": files, "totals": summary(hits, lines)}
    with open(out, "w") as text:
        json.dump(whole, text)


def summary(hit, lines):
    return {
        "covered_lines": hit,
        "num_statements": lines,
        "percent_covered": 100.0 * hit / lines if lines else 100.0,
        "missing_lines": lines - hit,
        "excluded_lines": 0,
    }


{"run": run, "json": report}[sys.argv[1]](sys.argv[2:])
