//! The border: every byte that comes in or goes out passes here.
//!
//! In: a panic of a dependency becomes an error that names the file. Out: results are written under a temporary name and renamed, so that
//! there is the old file or the new one, whenever the program is killed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::error::{Error, Result};

/// Runs `read` on what came from outside; if it panics, that is an error of the file.
///
/// # Errors
/// What `read` says, or [`Error::Input`] if it panicked.
pub fn guard<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    let quiet = Quiet::new();
    let result = catch_unwind(AssertUnwindSafe(read));
    drop(quiet);
    result.unwrap_or_else(|_| {
        Err(Error::input(path, "the file is broken in a way that its reader did not expect", "a whole file of this format is needed"))
    })
}

/// The same for the bytes of a file: what is said of them names the file.
///
/// # Errors
/// As [`guard`].
pub fn guard_bytes<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    guard(path, read).map_err(|error| match error {
        Error::Input(mut input) => {
            input.file = path.to_path_buf();
            Error::Input(input)
        }
        other => other,
    })
}

thread_local! {
    static QUIET: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// While it lives, panics of this thread are not printed: they become errors.
struct Quiet(bool);

impl Quiet {
    fn new() -> Self {
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if !QUIET.get() {
                    before(info);
                }
            }));
        });
        Quiet(QUIET.replace(true))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}

/// Writes a file under a temporary name in the same folder, and renames it when all of it is there.
///
/// # Errors
/// [`Error::Io`], or what `write` says; then nothing is left behind.
pub fn write(path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> Result<()>) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let temporary =
        tempfile::Builder::new().prefix(".latent-").suffix(".tmp").tempfile_in(folder).map_err(|error| Error::io(path, error))?;
    let mut writer = BufWriter::with_capacity(1 << 20, temporary.as_file());
    write(&mut writer)?;
    writer.flush().map_err(|error| Error::io(path, error))?;
    drop(writer);
    temporary.as_file().sync_all().map_err(|error| Error::io(path, error))?;
    readable_by_all(temporary.as_file());
    temporary.persist(path).map_err(|error| Error::io(path, error.error))?;
    Ok(())
}

/// Writes these bytes, all or nothing.
///
/// # Errors
/// [`Error::Io`].
pub fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, |out| out.write_all(bytes).map_err(|error| Error::io(path, error)))
}

/// The bytes of a file.
///
/// # Errors
/// [`Error::Io`].
pub fn load(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::io(path, error))
}

/// A temporary file is its owner's alone; a result has the rights that any new file has.
fn readable_by_all(file: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Where rights cannot be set the file stays the owner's, which loses nothing.
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o644));
    }
    #[cfg(not(unix))]
    let _ = file;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_that_names_the_file() {
        let error = guard::<()>(Path::new("bad.bin"), || panic!("inside a dependency")).unwrap_err();
        assert!(error.to_string().starts_with("bad.bin: "), "{error}");
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, |out| out.write_all(b"old").map_err(|e| Error::io("a", e))).unwrap();
        let failed = write(&path, |out| {
            out.write_all(b"new").map_err(|e| Error::io("a", e))?;
            Err(Error::Cancelled)
        });
        assert!(matches!(failed, Err(Error::Cancelled)));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
