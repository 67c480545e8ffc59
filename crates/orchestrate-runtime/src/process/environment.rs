//! The variables that a program is given.

use tokio::process::Command;

/// The variables that a program needs to find its files and to speak its user's language. Keys are not
/// among them.
const USUAL: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "TMPDIR",
    "TZ",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "GOPATH",
    "GOCACHE",
    "PYENV_ROOT",
    "NVM_DIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "SYSTEMROOT",
    "PATHEXT",
    "COMSPEC",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
];

/// Which of our variables a program is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Environment {
    /// All of them: for programs that a person wrote into a plan.
    Whole,
    /// The usual ones and those that are named, so that no key reaches what a model chose to start.
    Usual {
        /// Names of further variables.
        and: Vec<String>,
    },
}

impl Environment {
    /// The usual variables and no other.
    #[must_use]
    pub fn usual() -> Self {
        Self::Usual { and: Vec::new() }
    }

    pub(crate) fn set(&self, command: &mut Command) {
        let Self::Usual { and } = self else {
            return;
        };
        let names = USUAL.iter().copied().chain(and.iter().map(String::as_str));
        command.env_clear();
        command.envs(names.filter_map(|name| Some((name, std::env::var_os(name)?))));
    }
}
