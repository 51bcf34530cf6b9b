//! Guarded reading and atomic writing of files.
//!
//! Reading: a panic of a dependency becomes an error that names the file. Writing: results are written under a temporary name and renamed, so
//! that either the old or the new file exists, whenever the program is killed. A new file has the permissions of the umask, a replaced one
//! keeps its own; links are followed; pipes and devices are written to directly.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Runs `read` on input data; a panic becomes an error of the file.
///
/// # Errors
/// Errors of `read`, or [`Error::Input`] if it panicked.
pub fn guard<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    let quiet = Quiet::new();
    let result = catch_unwind(AssertUnwindSafe(read));
    drop(quiet);
    result.unwrap_or_else(|_| {
        Err(Error::input(path, "the file is broken in a way that its reader did not expect", "a whole file of this format is needed"))
    })
}

/// The same for the bytes of a file; errors name the file.
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

/// While this value lives, panics of its thread are not printed, as they become errors.
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

/// Writes a file under a temporary name in the same folder, and renames it when it is complete. A link is followed and its target
/// replaced. A pipe or device is written to directly, and a closed pipe is not an error.
///
/// # Errors
/// [`Error::Io`], or errors of `write`; then no file is left.
pub fn write(path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> Result<()>) -> Result<()> {
    let fail = |error| Error::io(path, error);
    let target = followed(path).map_err(fail)?;
    let fill = |file: &File| {
        let mut writer = BufWriter::with_capacity(1 << 20, file);
        write(&mut writer)?;
        writer.flush().map_err(fail)
    };
    if is_stream(&target) {
        let stream = open_stream(&target).map_err(fail)?;
        return match fill(&stream) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        };
    }
    let temporary = temporary_beside(&target).map_err(fail)?;
    fill(temporary.as_file())?;
    temporary.as_file().sync_all().map_err(fail)?;
    temporary.persist(&target).map_err(|error| fail(error.error))?;
    Ok(())
}

/// Checks whether [`write()`] would succeed: the folder exists and is writable, and the path is not a folder or a read-only file.
///
/// # Errors
/// [`Error::Input`] with the reason.
pub fn check_output(path: &Path) -> Result<()> {
    let wrong = |found: String, wanted: &str| Err(Error::input(path, found, wanted));
    let target = match followed(path) {
        Ok(target) => target,
        Err(error) => return wrong(format!("a link that leads nowhere ({error})"), "a file is to be written"),
    };
    if is_stream(&target) {
        return Ok(());
    }
    let folder = folder_of(&target);
    if target.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return wrong("it is a folder".to_owned(), "a file is to be written");
    }
    if !folder.exists() {
        return wrong(format!("the folder '{}' is not there", folder.display()), "results are written into folders that exist");
    }
    if !folder.is_dir() {
        return wrong(format!("'{}' is not a folder", folder.display()), "results are written into folders");
    }
    if std::fs::metadata(&target).is_ok_and(|file| file.permissions().readonly()) {
        let error = Error::input(path, "the file exists and is read-only", "only a writable file is replaced");
        return Err(error.with_hint(format!("chmod u+w {}", path.display())));
    }
    match temporary_beside(&target) {
        Ok(_) => Ok(()),
        Err(error) => wrong(
            format!("nothing can be written into the folder '{}' ({error})", folder.display()),
            "results are written into folders that may be written",
        ),
    }
}

/// Whether two paths name the same file, through links of any kind, or would after both are written.
pub fn same_file(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| -> Option<PathBuf> {
        let target = followed(path).ok()?;
        Some(folder_of(&target).canonicalize().ok()?.join(target.file_name()?))
    };
    #[cfg(unix)]
    if let (Ok(a), Ok(b)) = (std::fs::metadata(a), std::fs::metadata(b)) {
        use std::os::unix::fs::MetadataExt;
        return !is_stream_kind(a.file_type()) && (a.dev(), a.ino()) == (b.dev(), b.ino());
    }
    place(a).is_some_and(|a| place(b) == Some(a))
}

/// The file that a path names, through links, whether it exists or not.
fn followed(path: &Path) -> std::io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match std::fs::symlink_metadata(&path) {
            // An open stream has no path except the link: /dev/stdout.
            Ok(file) if file.is_symlink() && !is_stream(&path) => {
                let to = std::fs::read_link(&path)?;
                path = folder_of(&path).join(to);
            }
            _ => return Ok(path),
        }
    }
    Err(std::io::Error::other("links lead in a circle"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a path names a pipe, a device or an open stream (`/dev/stdout`), which is written to and never replaced.
pub fn is_stream(path: &Path) -> bool {
    descriptor(path).is_some() || std::fs::metadata(path).is_ok_and(|file| is_stream_kind(file.file_type()))
}

/// The file descriptor that this path names.
fn descriptor(path: &Path) -> Option<u32> {
    match path.to_str()? {
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        path => ["/dev/fd/", "/proc/self/fd/"].iter().find_map(|folder| path.strip_prefix(folder))?.parse().ok(),
    }
}

/// Opens a stream for writing; standard output and error continue at their current position, also in files.
fn open_stream(path: &Path) -> std::io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        match descriptor(path) {
            Some(1) => return std::io::stdout().as_fd().try_clone_to_owned().map(File::from),
            Some(2) => return std::io::stderr().as_fd().try_clone_to_owned().map(File::from),
            _ => {}
        }
    }
    File::options().write(true).open(path)
}

fn is_stream_kind(kind: std::fs::FileType) -> bool {
    !kind.is_file() && !kind.is_dir()
}

/// An empty temporary file in the folder of `path`, which it will replace: with its permissions and owner, or those of a new file.
fn temporary_beside(target: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(".latent-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        if let Ok(old) = std::fs::metadata(target) {
            let temporary = builder.permissions(PermissionsExt::from_mode(0o600)).tempfile_in(folder_of(target))?;
            // Only root may change the owner; other users own what they write.
            let _ = fchown(temporary.as_file(), Some(old.uid()), Some(old.gid()));
            let own = temporary.as_file().metadata()?;
            // If the group changed, its permissions are removed.
            let kept = if own.gid() == old.gid() { 0o777 } else { 0o707 };
            temporary.as_file().set_permissions(PermissionsExt::from_mode(old.mode() & kept))?;
            return Ok(temporary);
        }
        // The umask applies to these permissions as to those of any new file.
        builder.permissions(PermissionsExt::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(target))
}

/// Writes these bytes atomically.
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

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_rights_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mode = |name: &str| std::fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
        std::fs::create_dir(at("deep")).unwrap();
        for (link, to) in [("link", "deep/file"), ("twice", "link"), ("dangling", "deep/new"), ("circle", "round"), ("round", "circle")] {
            symlink(to, at(link)).unwrap();
        }
        save(&at("deep/file"), b"old").unwrap();
        std::fs::set_permissions(at("deep/file"), PermissionsExt::from_mode(0o640)).unwrap();
        for (path, file) in [("twice", "deep/file"), ("dangling", "deep/new")] {
            check_output(&at(path)).unwrap();
            save(&at(path), b"new").unwrap();
            assert_eq!(load(&at(file)).unwrap(), b"new");
            assert!(at(path).is_symlink(), "{path} stays a link");
        }
        assert_eq!(mode("deep/file"), 0o640);
        assert!(save(&at("circle"), b"").is_err() && check_output(&at("circle")).is_err());
        save(Path::new("/dev/null"), b"gone").unwrap();
        assert!(is_stream(Path::new("/dev/null")));
        std::fs::hard_link(at("deep/file"), at("hard")).unwrap();
        for (a, b, same) in [
            ("twice", "deep/file", true),
            ("hard", "deep/../deep/file", true),
            ("none", "./none", true),
            ("deep/file", "deep/new", false),
            ("none", "nothing", false),
            ("none", "deep/file", false),
        ] {
            assert_eq!(same_file(&at(a), &at(b)), same, "{a} {b}");
        }
        assert!(!same_file(Path::new("/dev/null"), Path::new("/dev/null")), "a device may be written twice");
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        save(&at("file"), b"").unwrap();
        for (path, found) in
            [("", "it is a folder"), ("none/file", "is not there"), ("file/within", "is not a folder"), ("x/", "it is a folder")]
        {
            let error = check_output(&at(path)).unwrap_err();
            assert!(matches!(&error, Error::Input(input) if input.found.contains(found)), "{path}: {error}");
        }
        let mut rights = std::fs::metadata(at("file")).unwrap().permissions();
        rights.set_readonly(true);
        std::fs::set_permissions(at("file"), rights).unwrap();
        assert!(check_output(&at("file")).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
