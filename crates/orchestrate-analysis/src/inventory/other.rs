//! Languages that are recognised by name only, so that a report can say what was not analysed.

/// The name of a programming language that this crate does not analyse; `None` for anything else.
#[must_use]
pub fn other_language(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending {
        "c" | "h" => "C",
        "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" => "C++",
        "cs" => "C#",
        "java" => "Java",
        "kt" | "kts" => "Kotlin",
        "scala" | "sc" => "Scala",
        "swift" => "Swift",
        "m" | "mm" => "Objective-C",
        "rb" => "Ruby",
        "php" => "PHP",
        "pl" | "pm" => "Perl",
        "lua" => "Lua",
        "r" | "R" => "R",
        "jl" => "Julia",
        "ex" | "exs" => "Elixir",
        "erl" | "hrl" => "Erlang",
        "hs" => "Haskell",
        "ml" | "mli" => "OCaml",
        "fs" | "fsx" => "F#",
        "clj" | "cljs" | "cljc" => "Clojure",
        "dart" => "Dart",
        "zig" => "Zig",
        "nim" => "Nim",
        "sol" => "Solidity",
        "vue" => "Vue",
        "svelte" => "Svelte",
        "astro" => "Astro",
        "sh" | "bash" | "zsh" | "fish" => "Shell",
        "ps1" | "psm1" => "PowerShell",
        "sql" => "SQL",
        "tf" => "Terraform",
        "proto" => "Protocol Buffers",
        "html" | "htm" => "HTML",
        "css" | "scss" | "sass" | "less" => "CSS",
        "asm" | "s" | "S" => "Assembly",
        "f" | "f90" | "f95" => "Fortran",
        "vb" => "Visual Basic",
        "groovy" | "gradle" => "Groovy",
        "pyx" | "pxd" => "Cython",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::other_language;

    #[test]
    fn names_what_is_not_analysed() {
        assert_eq!(other_language("src/a.c"), Some("C"));
        assert_eq!(other_language("a/b.rb"), Some("Ruby"));
        assert_eq!(other_language("a.rs"), None);
        assert_eq!(other_language("README.md"), None);
        assert_eq!(other_language("dir.c/file"), None);
    }
}
