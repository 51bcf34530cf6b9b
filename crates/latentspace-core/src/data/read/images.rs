//! A folder of images: the name of a subfolder is the class, the name of the file the id.
//!
//! Pictures are turned as their EXIF data say, opacity is laid on white, and pixels of 16 bits keep them. Of several frames or pages the first
//! is read.
//! Pictures of different sizes are brought to a common one. All of it is told.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::arrow::array::{ArrayRef, StringArray};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::folder::{Files, hinted};
use super::{Ask, Blocks, Reader, gif, tiff};
use crate::border;
use crate::data::{DataKind, ImageShape, Images, Metadata, Observations, Values};
use crate::error::{Bytes, Error, Result, count};
use crate::parallel::*;
use crate::run::Run;

/// How the names of pictures end.
pub(super) const ENDINGS: &[&str] = &["png", "jpg", "jpeg", "gif", "tif", "tiff", "webp", "bmp", "pgm", "ppm", "pbm", "pnm"];
/// Pixels along one side at most.
pub(super) const MOST_SIDE: u32 = 1 << 16;
/// Bytes that a picture may have, unpacked, where no limit of memory was named.
const MOST_BYTES: u64 = 256 << 20;
/// A picture may be so many times as large as its file, by the bits of its pixels: the packing of PNG reaches 1032.
const MOST_RATIO: u64 = 1100;
/// What a picture may have, however small its file.
const ALWAYS_ALLOWED: u64 = 1 << 20;
/// Where no size is common to half of the pictures, they get this one.
const COMMON_SIDE: usize = 64;
/// Pictures in a block of a stream.
const BLOCK: usize = 512;

struct ImagesReader {
    name: String,
    files: Files,
    ids: Vec<String>,
    classes: Option<Vec<String>>,
    shape: ImageShape,
    /// Whether pixels have 16 bits.
    is_deep: bool,
    limits: Allowed,
    notes: Vec<String>,
}

/// Bytes that one picture may have, unpacked.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    most: u64,
    /// However small its file.
    always: u64,
}

impl Allowed {
    /// A limit of memory that was named is what counts: a quarter of it for one picture, since turning and resizing need room.
    fn of(ask: &Ask<'_>) -> Self {
        match ask.options.max_memory {
            Some(limit) => Allowed { most: limit / 4, always: (limit / 4).max(ALWAYS_ALLOWED) },
            None => Allowed { most: MOST_BYTES, always: ALWAYS_ALLOWED },
        }
    }

    /// Checks the size that the head of a picture promises: `bits` a pixel in its file of `bytes`, `unpacked` bytes a pixel in memory.
    ///
    /// # Errors
    /// [`Error::Input`] if it is more than is allowed.
    pub(super) fn check(&self, path: &Path, (width, height): (u32, u32), bits: u64, unpacked: u64, bytes: u64) -> Result<()> {
        let pixels = u64::from(width) * u64::from(height);
        let own = pixels.saturating_mul(bits).div_ceil(8);
        let too_large = pixels.saturating_mul(unpacked) > self.most || own > bytes.saturating_mul(MOST_RATIO).max(self.always);
        if width == 0 || height == 0 || width > MOST_SIDE || height > MOST_SIDE || too_large {
            return Err(Error::input(
                path,
                format!("a picture of {width} x {height} pixels in {bytes} bytes"),
                format!("packed data may grow up to {MOST_RATIO} times, and a picture to {}", Bytes(self.most)),
            )
            .with_hint("if it is sound, a larger --max-memory allows more: a quarter of it"));
        }
        Ok(())
    }

    /// The limits of a decoder for a file of `bytes`: what a broken head asks for is bound by the file, too; a bit may become a byte.
    fn of_decoder(&self, bytes: u64) -> Limits {
        let unpacked = bytes.saturating_mul(MOST_RATIO).max(self.always);
        let mut limits = Limits::default();
        limits.max_image_width = Some(MOST_SIDE);
        limits.max_image_height = Some(MOST_SIDE);
        limits.max_alloc = Some((2 * self.most).min(unpacked.saturating_mul(8)));
        limits
    }
}

/// What is read of a head here, before a decoder believes it.
#[derive(Default)]
pub(super) struct Look {
    /// Bits of a pixel in the file, where they can be fewer than those of the picture in memory.
    pub(super) bits: Option<u64>,
    /// Where the decoder always gives color and opacity, whether there is any.
    pub(super) has_color: Option<bool>,
    pub(super) has_opacity: Option<bool>,
    /// Whether colors were multiplied by opacity already.
    pub(super) is_premultiplied: bool,
    /// Whether more frames or pages follow the first.
    pub(super) is_followed: bool,
}

/// Opens a folder of these pictures, and tells its bytes on the disk. Reads the head of each.
///
/// # Errors
/// [`Error::Input`] if one has a broken head, or all have where such are left out.
pub(super) fn open(mut files: Files, mut notes: Vec<String>, ask: &Ask<'_>) -> Result<(Box<dyn Reader>, u64)> {
    let limits = Allowed::of(ask);
    let heads = files.keep(|path| border::guard(path, || Ok(opened(path, limits)?.0)))?;
    let bytes = heads.iter().map(|head| head.bytes).sum();
    let channels = if heads.iter().any(|head| head.has_color) { 3 } else { 1 };
    let mut sizes: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    heads.iter().for_each(|head| *sizes.entry((head.height, head.width)).or_default() += 1);
    let wanted = ask.options.preparation.as_ref().and_then(|preparation| preparation.image());
    let common = sizes.iter().max_by_key(|(_, count)| **count).filter(|(_, count)| **count * 2 >= heads.len());
    let shape = match (wanted, common) {
        (Some(shape), _) => shape,
        (None, Some((&(height, width), _))) => ImageShape { height: height as usize, width: width as usize, channels },
        (None, None) => ImageShape { height: COMMON_SIDE, width: COMMON_SIDE, channels },
    };
    let name = ask.name.clone();
    if sizes.len() > 1 || sizes.keys().any(|&(height, width)| (height as usize, width as usize) != (shape.height, shape.width)) {
        notes.push(format!("{name}: pictures of {} sizes are brought to {} x {} pixels", sizes.len(), shape.height, shape.width));
    }
    let is_deep = heads.iter().any(|head| head.is_deep);
    let mut tell = |is: &dyn Fn(&Head) -> bool, one: &str, several: &str| match heads.iter().filter(|head| is(head)).count() {
        0 => {}
        1 => notes.push(format!("{name}: 1 picture {one}")),
        all => notes.push(format!("{name}: {} pictures {several}", count(all as u64))),
    };
    tell(&|head| head.is_deep, "has pixels of 16 bits, which are kept", "have pixels of 16 bits, which are kept");
    if channels == 3 && shape.channels == 3 {
        tell(&|head| !head.has_color, "is grey and becomes color", "are grey and become color");
    }
    if channels == 3 && shape.channels == 1 {
        tell(&|head| head.has_color, "has color and becomes grey", "have color and become grey");
    }
    tell(&|head| head.has_opacity, "has opacity, which is laid on white", "have opacity, which is laid on white");
    tell(&|head| head.is_cmyk, "is in CMYK and becomes red, green and blue", "are in CMYK and become red, green and blue");
    tell(
        &|head| head.is_followed,
        "has several frames or pages, of which the first is read",
        "have several frames or pages: the first is read",
    );
    tell(&|head| head.turn != Orientation::NoTransforms, "is turned as its EXIF data say", "are turned as their EXIF data say");
    let classes = files.folders();
    if classes.is_some() {
        notes.push(format!("{name}: the class is the name of the folder"));
    }
    let ids = files.ids();
    Ok((Box::new(ImagesReader { name, files, ids, classes, shape, is_deep, limits, notes }), bytes))
}

/// What the head of a picture says.
struct Head {
    /// As it is shown.
    width: u32,
    height: u32,
    has_color: bool,
    has_opacity: bool,
    is_deep: bool,
    is_cmyk: bool,
    turn: Orientation,
    is_premultiplied: bool,
    is_followed: bool,
    /// Of the file.
    bytes: u64,
}

/// The head of a picture, and its decoder.
fn opened(path: &Path, limits: Allowed) -> Result<(Head, impl ImageDecoder + use<>)> {
    let bytes = std::fs::metadata(path).map_err(|error| Error::io(path, error))?.len();
    let mut reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(|error| Error::io(path, error))?;
    let format = reader.format();
    let look = match format {
        Some(ImageFormat::Gif) => gif::look(path, limits)?,
        Some(ImageFormat::Tiff) => tiff::look(path, limits)?,
        Some(ImageFormat::Png) => Look { bits: png_bits(path), ..Look::default() },
        _ => Look::default(),
    };
    reader.limits(limits.of_decoder(bytes));
    let mut decoder = reader.into_decoder().map_err(|error| broken(path, &error))?;
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let bits = look.bits.unwrap_or(u64::from(color.bits_per_pixel()));
    limits.check(path, (width, height), bits, u64::from(color.bytes_per_pixel()), bytes)?;
    if matches!(color, ColorType::Rgb32F | ColorType::Rgba32F) {
        return Err(Error::input(path, "pixels that are floating-point numbers", "pixels of 8 or 16 bits are needed")
            .with_hint("save the pictures as one .npy array"));
    }
    let turn = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let original = decoder.original_color_type();
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    let is_on_side = matches!(turn, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
    let (width, height) = if is_on_side { (height, width) } else { (width, height) };
    let head = Head {
        width,
        height,
        has_color: look.has_color.unwrap_or(color.has_color()),
        has_opacity: look.has_opacity.unwrap_or(color.has_alpha()),
        is_deep: matches!(color, ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16),
        is_cmyk: matches!(original, ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16)
            || (format == Some(ImageFormat::Jpeg) && jpeg_channels(path) == Some(4)),
        turn,
        is_premultiplied: look.is_premultiplied,
        is_followed: look.is_followed,
        bytes,
    };
    Ok((head, decoder))
}

/// The bits that a pixel of a PNG has in its file, where they can be fewer than those of the picture in memory.
fn png_bits(path: &Path) -> Option<u64> {
    let mut head = [0; 26];
    std::fs::File::open(path).ok()?.read_exact(&mut head).ok()?;
    // Depth and type of color stand behind width and height in the first chunk: grey and palette have one channel.
    let (depth, color) = (u64::from(head[24]), head[25]);
    matches!(color, 0 | 3).then_some(depth)
}

/// The channels of a JPEG, by the head of its frame.
fn jpeg_channels(path: &Path) -> Option<u8> {
    let mut file = std::io::BufReader::new(std::fs::File::open(path).ok()?);
    let mut next = |bytes: usize| -> Option<Vec<u8>> {
        let mut out = vec![0; bytes];
        file.read_exact(&mut out).ok().map(|()| out)
    };
    next(2)?;
    loop {
        let head = next(4)?;
        let (marker, length) = (head[1], usize::from(u16::from_be_bytes([head[2], head[3]])));
        let body = next(length.checked_sub(2)?)?;
        match marker {
            // Those between are tables: of Huffman codes, of arithmetic coding, and the size of the picture's tiles.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => return body.get(5).copied(),
            0xda => return None,
            _ => {}
        }
    }
}

fn broken(path: &Path, error: &image::ImageError) -> Error {
    Error::input(path, format!("this picture cannot be read ({error})"), "a whole picture file is needed")
}

impl ImagesReader {
    /// The pixels of one picture, as all are wanted: their upper 8 bits, and the lower ones where pixels have 16.
    fn picture(&self, path: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
        border::guard(path, || {
            let (head, decoder) = opened(path, self.limits)?;
            let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| broken(path, &error))?;
            picture.apply_orientation(head.turn);
            let flat = on_white(picture, head.is_premultiplied);
            let (width, height) = (self.shape.width as u32, self.shape.height as u32);
            let sized = if (flat.width(), flat.height()) == (width, height) {
                flat
            } else {
                flat.resize_exact(width, height, FilterType::Triangle)
            };
            if self.is_deep {
                let pixels = match self.shape.channels {
                    1 => sized.into_luma16().into_raw(),
                    4 => sized.into_rgba16().into_raw(),
                    _ => sized.into_rgb16().into_raw(),
                };
                return Ok(pixels.into_iter().map(u16::to_be_bytes).map(|[upper, lower]| (upper, lower)).unzip());
            }
            let pixels = match self.shape.channels {
                1 => sized.into_luma8().into_raw(),
                4 => sized.into_rgba8().into_raw(),
                _ => sized.into_rgb8().into_raw(),
            };
            Ok((pixels, Vec::new()))
        })
    }

    fn sound(&self, run: &Run) -> Result<&[usize]> {
        self.files.sound(run, |path| self.picture(path))
    }

    fn part(&self, files: &[usize]) -> Result<Observations> {
        let pictures: Vec<Result<(Vec<u8>, Vec<u8>)>> =
            files.par_iter().map(|&file| self.picture(&self.files.folder.join(&self.files.paths[file]))).collect();
        let mut pixels = Vec::with_capacity(files.len() * self.shape.len());
        let mut lower = Vec::with_capacity(if self.is_deep { pixels.capacity() } else { 0 });
        for picture in pictures {
            let (upper, below) = picture.map_err(hinted)?;
            pixels.extend(upper);
            lower.extend(below);
        }
        let column = |cells: &[String]| -> ArrayRef { Arc::new(StringArray::from_iter_values(files.iter().map(|&file| &cells[file]))) };
        let mut columns: Vec<(String, ArrayRef)> = vec![("file".to_owned(), column(&self.ids))];
        columns.extend(self.classes.as_ref().map(|classes| ("class".to_owned(), column(classes))));
        let mut metadata = Metadata::from_columns(columns, files.len())?;
        metadata.id = Some(0);
        let lower = self.is_deep.then(|| Arc::new(lower));
        Ok(Observations {
            name: self.name.clone(),
            values: Values::Images(Images { shape: self.shape, pixels: Arc::new(pixels), lower }),
            metadata,
        })
    }
}

/// A picture without opacity: it lies on white. `is_premultiplied`: colors were multiplied by opacity already.
fn on_white(picture: DynamicImage, is_premultiplied: bool) -> DynamicImage {
    let color = picture.color();
    if !color.has_alpha() {
        return picture;
    }
    if matches!(color, ColorType::La16 | ColorType::Rgba16) {
        let mut pixels = picture.into_rgba16();
        for pixel in pixels.pixels_mut() {
            let alpha = u64::from(pixel.0[3]);
            let weight = if is_premultiplied { 65535 } else { alpha };
            for channel in &mut pixel.0[..3] {
                *channel = ((u64::from(*channel) * weight + 65535 * (65535 - alpha) + 32767) / 65535).min(65535) as u16;
            }
            pixel.0[3] = 65535;
        }
        let flat = DynamicImage::ImageRgba16(pixels);
        return if color.has_color() { DynamicImage::ImageRgb16(flat.into_rgb16()) } else { DynamicImage::ImageLuma16(flat.into_luma16()) };
    }
    let mut pixels = picture.into_rgba8();
    for pixel in pixels.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        let weight = if is_premultiplied { 255 } else { alpha };
        for channel in &mut pixel.0[..3] {
            *channel = ((u32::from(*channel) * weight + 255 * (255 - alpha) + 127) / 255).min(255) as u8;
        }
        pixel.0[3] = 255;
    }
    let flat = DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(pixels).into_rgb8());
    if color.has_color() { flat } else { DynamicImage::ImageLuma8(flat.into_luma8()) }
}

impl Reader for ImagesReader {
    fn kind(&self) -> DataKind {
        DataKind::Images
    }

    fn rows(&self) -> Option<usize> {
        self.files.rows()
    }

    fn columns(&self) -> usize {
        self.shape.len()
    }

    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn notes(&self) -> Vec<String> {
        self.notes.iter().cloned().chain(self.files.told()).collect()
    }

    fn read(&self, run: &Run) -> Result<Observations> {
        let pixel = if self.is_deep { 2 } else { 1 };
        run.check_memory("the pictures", pixel * self.files.paths.len() as u64 * self.shape.len() as u64, super::HINT_MEMORY)?;
        super::concat(self.blocks(run)?, run)
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let run = run.clone();
        let files = self.sound(&run)?;
        let first = (first / BLOCK * BLOCK).min(files.len());
        let blocks = files[first..].chunks(BLOCK).map(move |files| {
            run.check()?;
            run.install(|| self.part(files))
        });
        Ok((first, Box::new(blocks)))
    }
}

#[cfg(test)]
#[path = "images_tests.rs"]
mod tests;
