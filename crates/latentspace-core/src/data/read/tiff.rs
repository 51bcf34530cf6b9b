//! The head of a TIFF picture, that of its first page: read before the decoder, which reserves what a head promises.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::bytes::unreadable;
use super::images::{Allowed, Look, MOST_SIDE};
use crate::error::{Error, Result, count};

/// Pixels along one side of a tile, at least, as TIFF demands: smaller ones make lists longer than the picture.
const LEAST_TILE: u64 = 16;
/// Entries of a page, at most.
const MOST_ENTRIES: u64 = 1 << 16;

/// A number or a list of the head, by its number in the format and its name there.
type Tag = (u16, &'static str);
const WIDTH: Tag = (256, "ImageWidth");
const LENGTH: Tag = (257, "ImageLength");
const BITS: Tag = (258, "BitsPerSample");
const COMPRESSION: Tag = (259, "Compression");
const PHOTOMETRIC: Tag = (262, "PhotometricInterpretation");
const STRIP_OFFSETS: Tag = (273, "StripOffsets");
const ORIENTATION: Tag = (274, "Orientation");
const SAMPLES: Tag = (277, "SamplesPerPixel");
const ROWS: Tag = (278, "RowsPerStrip");
const STRIP_BYTES: Tag = (279, "StripByteCounts");
const PLANAR: Tag = (284, "PlanarConfiguration");
const PREDICTOR: Tag = (317, "Predictor");
const TILE_WIDTH: Tag = (322, "TileWidth");
const TILE_LENGTH: Tag = (323, "TileLength");
const TILE_OFFSETS: Tag = (324, "TileOffsets");
const TILE_BYTES: Tag = (325, "TileByteCounts");
const EXTRA: Tag = (338, "ExtraSamples");
const FORMAT: Tag = (339, "SampleFormat");
const SUBSAMPLING: Tag = (530, "YCbCrSubSampling");

/// Where the values of an entry lie.
struct Entry {
    /// Bytes of one value.
    size: u64,
    count: u64,
    place: u64,
}

/// The first page of a file.
struct Page<'a> {
    path: &'a Path,
    file: BufReader<File>,
    /// Bytes of the file.
    len: u64,
    is_big_endian: bool,
    entries: BTreeMap<u16, Entry>,
    /// Whether another page follows.
    is_followed: bool,
}

impl<'a> Page<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io(path, error))?;
        let len = file.metadata().map_err(|error| Error::io(path, error))?.len();
        let mut page = Page { path, file: BufReader::new(file), len, is_big_endian: false, entries: BTreeMap::new(), is_followed: false };
        page.is_big_endian = page.number(2)? == 0x4d4d;
        // In BigTIFF, places and counts have 8 bytes instead of 4, and the size of a place stands in the head.
        let (place, inline, counted) = if page.number(2)? == 43 { (8, 8, 8) } else { (4, 4, 2) };
        if place == 8 {
            page.number(4)?;
        }
        let start = page.number(place)?;
        page.seek(start)?;
        let entries = page.number(counted)?;
        let bytes = entries.saturating_mul(4 + 2 * place);
        if entries > MOST_ENTRIES || start.saturating_add(bytes) > len {
            return Err(page.wrong(
                format!("its head lists {} entries in a file of {} bytes", count(entries), count(len)),
                format!("at most {}, all of them in the file", count(MOST_ENTRIES)),
            ));
        }
        let mut at = start + counted;
        for _ in 0..entries {
            let (tag, kind) = (page.number(2)? as u16, page.number(2)?);
            let count = page.number(place)?;
            let size = match kind {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 11 | 13 => 4,
                _ => 8,
            };
            let inside = at + 4 + place;
            let outside = page.number(place)?;
            at = inside + place;
            let place = if size * count.min(9) <= inline { inside } else { outside };
            if page.entries.insert(tag, Entry { size, count, place }).is_some() {
                return Err(page.wrong(format!("its head has entry {tag} twice"), "each is there once"));
            }
        }
        page.is_followed = page.number(place).is_ok_and(|next| next > 0);
        Ok(page)
    }

    fn wrong(&self, found: impl Into<String>, wanted: impl Into<String>) -> Error {
        Error::input(self.path, found, wanted)
    }

    fn seek(&mut self, place: u64) -> Result<()> {
        self.file.seek(SeekFrom::Start(place)).map(|_| ()).map_err(|error| unreadable(self.path, error))
    }

    /// The next whole number, of so many bytes.
    fn number(&mut self, size: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..size as usize];
        self.file.read_exact(bytes).map_err(|error| unreadable(self.path, error))?;
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Ok(if self.is_big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) })
    }

    /// The values of an entry, of which there are `least` to `most`; none if there is no such entry.
    fn list(&mut self, (tag, name): Tag, least: u64, most: u64) -> Result<Option<Vec<u64>>> {
        let Some(&Entry { size, count: values, place }) = self.entries.get(&tag) else { return Ok(None) };
        if values < least || values > most {
            let wanted = if least == most { count(most) } else { format!("{} to {}", count(least), count(most)) };
            return Err(self.wrong(format!("its head has {} values of {name}", count(values)), format!("{wanted} are needed")));
        }
        let end = values.checked_mul(size).and_then(|bytes| bytes.checked_add(place)).filter(|&end| end <= self.len);
        if end.is_none() {
            let found = format!("the values of {name} lie behind the end of the file");
            return Err(self.wrong(found, "a whole file is needed"));
        }
        self.seek(place)?;
        (0..values).map(|_| self.number(size)).collect::<Result<Vec<u64>>>().map(Some)
    }

    /// The only value of an entry.
    fn one(&mut self, tag: Tag) -> Result<Option<u64>> {
        Ok(self.list(tag, 1, 1)?.map(|values| values[0]))
    }

    fn needed(&mut self, tag: Tag) -> Result<u64> {
        self.one(tag)?.ok_or_else(|| self.wrong(format!("its head has no {}", tag.1), "a whole TIFF picture is needed"))
    }

    /// Checks that each strip or tile lies in the file, and that there are as many as the picture has.
    fn check_parts(&mut self, name: &str, parts: u64, offsets: Tag, bytes: Tag) -> Result<()> {
        let lists = (self.list(offsets, parts, parts)?, self.list(bytes, parts, parts)?);
        let (Some(offsets), Some(bytes)) = lists else {
            return Err(self.wrong(format!("its head has no {} or no {}", offsets.1, bytes.1), "a whole TIFF picture is needed"));
        };
        let mut parts = offsets.iter().zip(&bytes).enumerate();
        match parts.find(|(_, (start, bytes))| start.checked_add(**bytes).is_none_or(|end| end > self.len)) {
            None => Ok(()),
            Some((part, (start, bytes))) => Err(self.wrong(
                format!("{name} {} has {} bytes from byte {} on, in a file of {}", part + 1, count(*bytes), count(*start), count(self.len)),
                "a whole file is needed",
            )),
        }
    }
}

/// Looks at the head of a TIFF picture, and checks what it promises.
///
/// # Errors
/// [`Error::Input`] for what is broken, is not read, or is more than is allowed.
pub(super) fn look(path: &Path, allowed: Allowed) -> Result<Look> {
    let mut page = Page::open(path)?;
    let (width, height) = (page.needed(WIDTH)?, page.needed(LENGTH)?);
    let samples = page.one(SAMPLES)?.unwrap_or(1);
    let colors = page.needed(PHOTOMETRIC)?;
    let is_grey = match (colors, samples) {
        (0 | 1, 1) => true,
        (2, 3 | 4) | (5, 4) => false,
        _ => {
            let found = match colors {
                0 | 1 => format!("grey pixels of {samples} channels"),
                2 => format!("red, green and blue of {samples} channels"),
                3 => "colors from a palette".to_owned(),
                5 => format!("CMYK of {samples} channels"),
                6 => "colors as YCbCr".to_owned(),
                other => format!("colors of kind {other}"),
            };
            return Err(page
                .wrong(found, "grey, red, green and blue (with or without opacity) and CMYK are read")
                .with_hint("save it as RGB, or as .png"));
        }
    };
    let bits = page.list(BITS, 1, samples)?.unwrap_or_else(|| vec![1]);
    let formats = page.list(FORMAT, 1, samples)?.unwrap_or_else(|| vec![1]);
    let depth = bits[0];
    if let Some(format) = formats.iter().find(|&&format| format != 1) {
        let kind = if *format == 3 { "floating-point numbers" } else { "signed or unknown numbers" };
        return Err(page
            .wrong(format!("pixels that are {kind}"), "pixels of 8 or 16 bits are needed")
            .with_hint("save the pictures as one .npy array"));
    }
    if bits.iter().any(|&other| other != depth) || !(depth == 8 || depth == 16 || depth == 1 && is_grey) {
        let bits: Vec<String> = bits.iter().map(u64::to_string).collect();
        return Err(page.wrong(format!("pixels of {} bits", bits.join(", ")), "8 or 16 bits a channel are read, and 1 bit of grey"));
    }
    let compression = page.one(COMPRESSION)?.unwrap_or(1);
    if !matches!(compression, 1 | 4 | 5 | 8 | 32773 | 32946) {
        let kind = match compression {
            2 | 3 => "fax, group 3".to_owned(),
            6 | 7 => "JPEG".to_owned(),
            50000 => "Zstandard".to_owned(),
            50001 => "WebP".to_owned(),
            other => format!("number {other}"),
        };
        return Err(page
            .wrong(format!("a TIFF picture compressed by {kind}"), "uncompressed, PackBits, LZW, Deflate and fax (group 4) are read")
            .with_hint("save it with LZW, or as .png"));
    }
    let extra = page.list(EXTRA, 0, samples)?.unwrap_or_default();
    // Besides these, the decoder reads no more than the lists of strips or tiles.
    for tag in [ORIENTATION, PREDICTOR] {
        page.one(tag)?;
    }
    page.list(SUBSAMPLING, 2, 2)?;
    let size = (u32::try_from(width).unwrap_or(u32::MAX), u32::try_from(height).unwrap_or(u32::MAX));
    allowed.check(path, size, samples * depth, samples * depth.div_ceil(8), page.len)?;
    let planes = if page.one(PLANAR)? == Some(2) { samples } else { 1 };
    match (page.one(TILE_WIDTH)?, page.one(TILE_LENGTH)?) {
        (Some(across), Some(down)) => {
            if [across, down].iter().any(|side| !(LEAST_TILE..=u64::from(MOST_SIDE)).contains(side)) {
                return Err(page.wrong(format!("tiles of {across} x {down} pixels"), format!("{LEAST_TILE} to {MOST_SIDE} along a side")));
            }
            // The decoder has no room for tiles of a plane that reach beyond the picture.
            if planes > 1 && (width % across != 0 || height % down != 0) {
                let found = format!("colors in planes of their own, in tiles of {across} x {down} pixels that reach beyond the picture");
                return Err(page
                    .wrong(found, "planes are read in strips, or in tiles that fit")
                    .with_hint("save it with all colors of a pixel together, or as .png"));
            }
            let tiles = width.div_ceil(across) * height.div_ceil(down) * planes;
            page.check_parts("tile", tiles, TILE_OFFSETS, TILE_BYTES)?;
        }
        _ => {
            let rows = page.one(ROWS)?.unwrap_or(height);
            if rows == 0 {
                return Err(page.wrong("strips of 0 rows", "at least 1 row is needed"));
            }
            page.check_parts("strip", height.div_ceil(rows) * planes, STRIP_OFFSETS, STRIP_BYTES)?;
        }
    }
    Ok(Look {
        bits: Some(samples * depth),
        is_premultiplied: samples == 4 && extra == [1],
        is_followed: page.is_followed,
        ..Look::default()
    })
}
