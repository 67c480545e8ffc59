//! The graph of small projects in each language.

use std::path::Path;

use expect_test::{Expect, expect};

use super::{Layers, architecture};
use crate::scan::{ScanOptions, scan};

fn report(files: &[(&str, &str)], layers: &[&str]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("it is writable");
        std::fs::write(path, text).expect("it is writable");
    }
    let snapshot = scan(directory.path(), &ScanOptions::default()).expect("it is a directory");
    let layers = Layers::new(layers.iter().map(|layer| (*layer).to_owned()));
    let measured = architecture(directory.path(), &snapshot, &layers);
    let Some(report) = measured.value() else {
        return format!("{measured:?}");
    };
    let mut text = format!(
        "{} modules, {} imports, {} late\n",
        report.modules, report.imports, report.late_imports
    );
    for cycle in &report.cycles {
        let way: Vec<String> = cycle
            .shortest
            .iter()
            .map(|step| format!("{}:{} -> {}", step.path, step.line, step.to))
            .collect();
        let when = if cycle.at_load { "" } else { " (late)" };
        text += &format!(
            "cycle of {}{when}: {}\n",
            cycle.modules.len(),
            way.join(", ")
        );
    }
    for it in &report.violations {
        text += &format!(
            "{}:{}: {} imports from {}\n",
            it.path, it.line, it.lower, it.higher
        );
    }
    for layer in &report.empty_layers {
        text += &format!("empty layer {layer}\n");
    }
    text
}

fn check(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&report(files, &[]));
}

#[test]
fn python_cycles_inside_a_package() {
    check(
        &[
            ("pkg/__init__.py", ""),
            ("pkg/a.py", "from . import b\nimport os\n"),
            ("pkg/b.py", "from pkg.a import thing\n"),
            ("pkg/c.py", "def f():\n    from .d import x\n"),
            (
                "pkg/d.py",
                "import pkg.c\nif TYPE_CHECKING:\n    from .a import y\n",
            ),
            ("src/ns/e.py", "from ns import f\n"),
            ("src/ns/f.py", ""),
            ("tests/test_a.py", "import pkg.a\n"),
        ],
        expect![[r#"
            7 modules, 4 imports, 2 late
            cycle of 2: pkg/a.py:1 -> pkg/b.py, pkg/b.py:1 -> pkg/a.py
            cycle of 2 (late): pkg/c.py:2 -> pkg/d.py, pkg/d.py:1 -> pkg/c.py
        "#]],
    );
}

#[test]
fn rust_modules_and_crates() {
    check(
        &[
            ("a/Cargo.toml", "[package]\nname = \"crate-a\"\n"),
            (
                "a/src/lib.rs",
                "mod one;\nmod two;\npub use one::Thing;\nmod inner { use super::two; }\n",
            ),
            (
                "a/src/one/mod.rs",
                "pub use self::deep::Deep;\nmod deep;\nuse crate::two::{self, Two as T};\n",
            ),
            (
                "a/src/one/deep.rs",
                "use super::super::two;\n#[cfg(test)]\nmod tests { use crate::two; }\n",
            ),
            ("a/src/two.rs", "fn f() { crate::one::g(); }\n"),
            ("b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("b/src/main.rs", "use crate_a::two::Two;\nuse std::fmt;\n"),
        ],
        expect![[r#"
            5 modules, 5 imports, 0 late
            cycle of 2: a/src/one/mod.rs:3 -> a/src/two.rs, a/src/two.rs:1 -> a/src/one/mod.rs
        "#]],
    );
}

#[test]
fn scripts_by_path_pattern_and_package() {
    check(
        &[
            ("package.json", "{\"name\": \"own\"}"),
            (
                "tsconfig.json",
                "{ // paths\n \"compilerOptions\": {\"paths\": {\"@/*\": [\"src/*\"],}}}",
            ),
            (
                "src/a.ts",
                "import { b } from './b.js';\nimport type { C } from './c';\n",
            ),
            ("src/b.ts", "export * from '@/d';\n"),
            ("src/c/index.ts", "import { a } from '../a';\n"),
            (
                "src/d.ts",
                "const a = require('./a');\nfunction f() { return import('./c'); }\n",
            ),
            ("packages/p/package.json", "{\"name\": \"@s/p\"}"),
            ("packages/p/src/index.ts", "import x from 'react';\n"),
            ("src/e.ts", "import p from '@s/p';\n"),
        ],
        expect![[r#"
            6 modules, 5 imports, 2 late
            cycle of 3: src/a.ts:1 -> src/b.ts, src/b.ts:1 -> src/d.ts, src/d.ts:1 -> src/a.ts
            cycle of 4 (late): src/a.ts:1 -> src/b.ts, src/b.ts:1 -> src/d.ts, src/d.ts:1 -> src/a.ts
        "#]],
    );
}

#[test]
fn go_packages_and_layers() {
    let files = [
        ("go.mod", "module example.org/own\n\ngo 1.21\n"),
        (
            "api/a.go",
            "package api\n\nimport \"example.org/own/store\"\n",
        ),
        (
            "store/s.go",
            "package store\n\nimport (\n\t\"fmt\"\n\t\"example.org/own/api\"\n)\n",
        ),
    ];
    expect![[r#"
        2 modules, 2 imports, 0 late
        cycle of 2: api/a.go:3 -> store, store/s.go:5 -> api
        store/s.go:5: store imports from api
        empty layer gone
    "#]]
    .assert_eq(&report(&files, &["api/", "./store", "gone"]));
}

#[test]
fn nothing_has_no_architecture() {
    check(
        &[("README.md", "hello\n")],
        expect![[
            r#"NotMeasured { why: "no source files", how: "run it on a project with product code in Rust, Python, JavaScript, TypeScript or Go" }"#
        ]],
    );
}
