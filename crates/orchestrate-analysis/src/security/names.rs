//! Names that mean the same in every language.

/// Whether a program is a shell, by its path or name.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(
        program.rsplit('/').next(),
        Some("sh" | "bash" | "zsh" | "dash" | "ksh" | "cmd" | "cmd.exe" | "powershell")
    )
}

/// Whether a variable of this name holds something that nobody may guess.
pub(super) fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "token",
        "secret",
        "password",
        "passwd",
        "otp",
        "nonce",
        "salt",
        "sessionid",
        "session_id",
        "apikey",
        "api_key",
        "csrf",
    ];
    let lower = name.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}
