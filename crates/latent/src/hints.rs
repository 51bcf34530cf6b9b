//! Adapts hints and notes to the flags of the running command, which the library does not know.

use clap::Command;
use latentspace::Error;

/// The flags of the running command: `--scale`, `-k`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags(Vec<String>);

impl Flags {
    /// The flags of a command, including global ones.
    pub(crate) fn of(command: &Command) -> Self {
        let mut flags = Vec::new();
        for arg in command.get_arguments().chain(crate::args::program().get_arguments()) {
            flags.extend(arg.get_long_and_visible_aliases().into_iter().flatten().map(|long| format!("--{long}")));
            flags.extend(arg.get_short().map(|short| format!("-{short}")));
        }
        Flags(flags)
    }

    /// The hint of an error: only clauses whose flags the command takes.
    pub(crate) fn hint(&self, error: &Error) -> Option<String> {
        let kept: Vec<&str> = error.hint()?.split("; ").filter(|clause| self.take(clause)).collect();
        (!kept.is_empty()).then(|| kept.join("; "))
    }

    /// A note: its first clause, and other clauses whose flags the command takes.
    pub(crate) fn note(&self, text: &str) -> String {
        let kept: Vec<&str> =
            text.split("; ").enumerate().filter(|(at, clause)| *at == 0 || self.take(clause)).map(|(_, clause)| clause).collect();
        kept.join("; ")
    }

    /// Whether the command takes every flag of a clause. Flags in backquotes belong to the quoted command.
    fn take(&self, clause: &str) -> bool {
        let own = clause.split('`').step_by(2).flat_map(str::split_whitespace);
        let mut flags = own.map(|word| word.trim_matches(['(', ')', ',', '.', ':', '\''])).filter(|word| is_flag(word));
        flags.all(|flag| self.0.iter().any(|known| known == flag.split('=').next().unwrap_or(flag)))
    }
}

/// Whether a word is a flag: `--scale`, `--whiten=true` or `-k`.
fn is_flag(word: &str) -> bool {
    let letter = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase());
    match word.strip_prefix("--") {
        Some(long) => letter(long),
        None => word.strip_prefix('-').is_some_and(|short| short.len() == 1 && letter(short)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clauses_that_the_command_can_follow_are_printed() {
        let flags = Flags(vec!["--columns".into(), "-k".into()]);
        let hint = |text: &str| flags.hint(&Error::input("a.csv", "found", "wanted").with_hint(text));
        assert_eq!(hint("--missing mean fills it; --columns chooses others").as_deref(), Some("--columns chooses others"));
        assert_eq!(hint("--missing=mean fills it"), None);
        assert_eq!(hint("a smaller -k").as_deref(), Some("a smaller -k"));
        let quoted = "`latent fit pca DATA -o s.latent --scale none` learns it";
        assert_eq!(hint(quoted).as_deref(), Some(quoted));
        assert_eq!(flags.note("b.npz: 'y' is left out; --columns x; (--scale none)"), "b.npz: 'y' is left out; --columns x");
    }

    #[test]
    fn every_command_knows_its_own_flags_and_those_of_all() {
        let program = crate::args::program();
        for command in program.get_subcommands() {
            let Flags(flags) = Flags::of(command);
            assert!(flags.iter().any(|flag| flag == "--seed"), "{}", command.get_name());
        }
        let fit = program.find_subcommand("fit").and_then(|fit| fit.find_subcommand("umap")).unwrap();
        let Flags(flags) = Flags::of(fit);
        for flag in ["--n-neighbors", "--dims", "--missing", "-o", "-q"] {
            assert!(flags.iter().any(|known| known == flag), "{flag}");
        }
    }
}
