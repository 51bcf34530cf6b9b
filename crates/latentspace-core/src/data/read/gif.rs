//! The head of a GIF, up to its first frame: read before the decoder, which reserves what a head promises.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::bytes::unreadable;
use super::images::{Allowed, Look};
use crate::error::{Error, Result};

/// What starts a block: a frame, or an extension.
const FRAME: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
/// A screen may have so many times the pixels of its first frame, or so many: no byte of the file stands for those around it.
const MOST_AROUND: u64 = 16;
const SMALL: u64 = 64 * 64;
/// The extension that names the transparent color of the next frame.
const GRAPHIC_CONTROL: u8 = 0xf9;

struct Blocks<'a> {
    path: &'a Path,
    file: BufReader<File>,
}

impl Blocks<'_> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(|error| unreadable(self.path, error))?;
        Ok(bytes)
    }

    /// The color table that flags announce: the bits of an index, and whether a color of it is not grey.
    fn table(&mut self, flags: u8) -> Result<Option<(u64, bool)>> {
        if flags & 0x80 == 0 {
            return Ok(None);
        }
        let bits = u64::from(flags & 7) + 1;
        let mut has_color = false;
        for _ in 0..1 << bits {
            let [red, green, blue] = self.bytes()?;
            has_color |= red != green || green != blue;
        }
        Ok(Some((bits, has_color)))
    }

    /// Skips sub-blocks, each with its length before it, up to the empty one that ends them.
    fn skip(&mut self) -> Result<()> {
        loop {
            let [length] = self.bytes()?;
            if length == 0 {
                return Ok(());
            }
            self.file.seek_relative(i64::from(length)).map_err(|error| unreadable(self.path, error))?;
        }
    }

    /// Goes to the next frame, past extensions; tells whether there is one, and whether one of its colors is transparent.
    fn frame(&mut self) -> Result<Option<bool>> {
        let mut is_transparent = false;
        loop {
            let [start] = self.bytes()?;
            match start {
                FRAME => return Ok(Some(is_transparent)),
                EXTENSION => {
                    let [label] = self.bytes()?;
                    if label == GRAPHIC_CONTROL {
                        let [_, flags] = self.bytes()?;
                        is_transparent = flags & 1 == 1;
                        self.bytes::<3>()?;
                    }
                    self.skip()?;
                }
                _ => return Ok(None),
            }
        }
    }
}

/// Looks at the head of a GIF, and checks the sizes that it promises.
///
/// # Errors
/// [`Error::Input`] if it has no frame, or promises more than is allowed.
pub(super) fn look(path: &Path, allowed: Allowed) -> Result<Look> {
    let file = File::open(path).map_err(|error| Error::io(path, error))?;
    let bytes = file.metadata().map_err(|error| Error::io(path, error))?.len();
    let mut blocks = Blocks { path, file: BufReader::new(file) };
    let number = |bytes: [u8; 2]| u32::from(u16::from_le_bytes(bytes));
    blocks.bytes::<6>()?;
    let [w0, w1, h0, h1, flags, _, _] = blocks.bytes()?;
    let screen = (number([w0, w1]), number([h0, h1]));
    let shared = blocks.table(flags)?;
    let Some(is_transparent) = blocks.frame()? else {
        return Err(Error::input(path, "a GIF without a frame", "at least one is needed"));
    };
    let [l0, l1, t0, t1, w0, w1, h0, h1, flags] = blocks.bytes()?;
    let (left, top, frame) = (number([l0, l1]), number([t0, t1]), (number([w0, w1]), number([h0, h1])));
    let Some((bits, has_color)) = blocks.table(flags)?.or(shared) else {
        return Err(Error::input(path, "a GIF without a table of colors", "its screen or its first frame needs one"));
    };
    for size in [screen, frame] {
        // The decoder lays a frame, of four bytes a pixel, on the screen.
        allowed.check(path, size, bits, 4, bytes)?;
    }
    let pixels = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    if pixels(screen) > (MOST_AROUND * pixels(frame)).max(SMALL) {
        return Err(Error::input(
            path,
            format!("a screen of {} x {} pixels around a first frame of {} x {}", screen.0, screen.1, frame.0, frame.1),
            format!("a screen has at most {MOST_AROUND} times the pixels of its first frame"),
        )
        .with_hint("if it is sound, save it as .png"));
    }
    let covers = left == 0 && top == 0 && frame.0 >= screen.0 && frame.1 >= screen.1;
    // A broken end is an error once pixels are read.
    let follows = blocks.bytes::<1>().and_then(|_| blocks.skip()).and_then(|()| blocks.frame());
    Ok(Look {
        bits: Some(bits),
        has_color: Some(has_color),
        has_opacity: Some(is_transparent || !covers),
        is_followed: matches!(follows, Ok(Some(_))),
        ..Look::default()
    })
}
