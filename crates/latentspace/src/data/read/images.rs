//! A folder of images (`.png`, `.jpg`): the name of a subfolder is the class, the name of the file the id.
//!
//! Opacity is laid on white. Pictures of different sizes are brought to a common one, and it is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::parallel::*;
use arrow::array::{ArrayRef, StringArray};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use super::bytes::MOST_RATIO;
use super::{Ask, Blocks, Reader, texts};
use crate::border;
use crate::data::{ImageShape, Images, Metadata, Observations, Values};
use crate::error::{Error, Result};
use crate::run::Run;

/// Pixels along one side at most.
const MOST_SIDE: u32 = 1 << 14;
/// Bytes that a picture may have, unpacked.
const MOST_BYTES: u64 = 256 << 20;
/// Where no size is common to half of the pictures, they get this one.
const COMMON_SIDE: usize = 64;
/// Pictures in a block of a stream.
const BLOCK: usize = 512;

struct ImagesReader {
    name: String,
    folder: PathBuf,
    /// Paths below the folder, sorted.
    files: Vec<PathBuf>,
    shape: ImageShape,
    notes: Vec<String>,
}

/// Opens a folder of images, or of texts where it has no image, and tells its bytes on the disk. Reads the head of each picture.
///
/// # Errors
/// [`Error::Input`] if there is none, or one has a broken head.
pub(super) fn open(folder: &Path, ask: &Ask<'_>) -> Result<(Box<dyn Reader>, u64)> {
    let (mut files, mut others) = (Vec::new(), Vec::new());
    walk(folder, Path::new(""), 0, &mut files, &mut others)?;
    files.sort();
    if files.is_empty() {
        let (mut documents, left_out): (Vec<PathBuf>, Vec<PathBuf>) =
            others.into_iter().partition(|file| file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("txt")));
        if !documents.is_empty() {
            documents.sort();
            return texts::open(folder, documents, left_out.len(), ask);
        }
        let others = left_out.len();
        let found = if others == 0 { "an empty folder".to_owned() } else { format!("{others} files, and no image and no text") };
        return Err(Error::input(folder, found, "a folder of .png, .jpg or .txt files is needed, or of folders of them")
            .with_hint("several files of another kind are named by a quoted pattern: 'folder/*.parquet'"));
    }
    let heads: Vec<Result<(u32, u32, bool, u64)>> = files
        .iter()
        .map(|file| {
            let path = folder.join(file);
            border::guard(&path, || head(&path))
        })
        .collect();
    let heads = heads.into_iter().collect::<Result<Vec<_>>>()?;
    let bytes = heads.iter().map(|head| head.3).sum();
    let channels = if heads.iter().any(|head| head.2) { 3 } else { 1 };
    let mut notes = Vec::new();
    let mut sizes: std::collections::BTreeMap<(u32, u32), usize> = std::collections::BTreeMap::new();
    heads.iter().for_each(|head| *sizes.entry((head.1, head.0)).or_default() += 1);
    let wanted = ask.options.preparation.as_ref().and_then(|preparation| preparation.image);
    let common = sizes.iter().max_by_key(|(_, count)| **count).filter(|(_, count)| **count * 2 >= files.len());
    let shape = match (wanted, common) {
        (Some(shape), _) => shape,
        (None, Some((&(height, width), _))) => ImageShape { height: height as usize, width: width as usize, channels },
        (None, None) => ImageShape { height: COMMON_SIDE, width: COMMON_SIDE, channels },
    };
    let name = ask.name.clone();
    if sizes.len() > 1 || sizes.keys().any(|&(height, width)| (height as usize, width as usize) != (shape.height, shape.width)) {
        notes.push(format!("{name}: pictures of {} sizes are brought to {} x {} pixels", sizes.len(), shape.height, shape.width));
    }
    if !others.is_empty() {
        notes.push(format!("{name}: {} files that are no images are left out", others.len()));
    }
    if files.iter().any(|file| file.parent().is_some_and(|parent| !parent.as_os_str().is_empty())) {
        notes.push(format!("{name}: the class is the name of the folder"));
    }
    Ok((Box::new(ImagesReader { name, folder: folder.to_path_buf(), files, shape, notes }), bytes))
}

/// The images below a folder, three levels deep, and all other files.
fn walk(root: &Path, below: &Path, depth: usize, files: &mut Vec<PathBuf>, others: &mut Vec<PathBuf>) -> Result<()> {
    let folder = root.join(below);
    for entry in std::fs::read_dir(&folder).map_err(|error| Error::io(&folder, error))? {
        let entry = entry.map_err(|error| Error::io(&folder, error))?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let path = below.join(&name);
        let is_folder = std::fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
        if is_folder {
            if depth < 3 {
                walk(root, &path, depth + 1, files, others)?;
            }
        } else if path.extension().is_some_and(|ending| ["png", "jpg", "jpeg"].iter().any(|known| ending.eq_ignore_ascii_case(known))) {
            files.push(path);
        } else {
            others.push(path);
        }
    }
    Ok(())
}

/// Width, height, whether there is color, bytes of the file.
fn head(path: &Path) -> Result<(u32, u32, bool, u64)> {
    let len = std::fs::metadata(path).map_err(|error| Error::io(path, error))?.len();
    let decoder = decoder(path)?;
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let bytes = u64::from(width) * u64::from(height) * u64::from(color.bytes_per_pixel());
    if width == 0 || height == 0 || bytes > MOST_BYTES.min(len.saturating_mul(MOST_RATIO).max(1 << 20)) {
        return Err(Error::input(
            path,
            format!("a picture of {width} x {height} pixels in {len} bytes"),
            format!("packed data may grow up to {MOST_RATIO} times, and a picture to {}", crate::error::Bytes(MOST_BYTES)),
        ));
    }
    Ok((width, height, color.has_color(), len))
}

fn decoder(path: &Path) -> Result<impl ImageDecoder + use<>> {
    let mut reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(|error| Error::io(path, error))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(2 * MOST_BYTES);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &image::ImageError) -> Error {
    Error::input(path, format!("this picture cannot be read ({error})"), "a whole .png or .jpg file is needed")
}

impl ImagesReader {
    /// The pixels of one picture, as all are wanted.
    fn picture(&self, file: &Path) -> Result<Vec<u8>> {
        let path = self.folder.join(file);
        border::guard(&path, || {
            head(&path)?;
            let picture = DynamicImage::from_decoder(decoder(&path)?).map_err(|error| broken(&path, &error))?;
            let flat = on_white(picture);
            let (width, height) = (self.shape.width as u32, self.shape.height as u32);
            let sized = if (flat.width(), flat.height()) == (width, height) {
                flat
            } else {
                flat.resize_exact(width, height, FilterType::Triangle)
            };
            Ok(match self.shape.channels {
                1 => sized.into_luma8().into_raw(),
                4 => sized.into_rgba8().into_raw(),
                _ => sized.into_rgb8().into_raw(),
            })
        })
    }

    fn part(&self, files: &[PathBuf]) -> Result<Observations> {
        let pictures: Vec<Result<Vec<u8>>> = files.par_iter().map(|file| self.picture(file)).collect();
        let mut pixels = Vec::with_capacity(files.len() * self.shape.len());
        for picture in pictures {
            pixels.extend(picture?);
        }
        let stem = |file: &PathBuf| file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let class = |file: &PathBuf| file.parent().map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default();
        let mut columns: Vec<(String, ArrayRef)> =
            vec![("file".to_owned(), Arc::new(StringArray::from_iter_values(files.iter().map(stem))))];
        if self.files.iter().any(|file| !class(file).is_empty()) {
            columns.push(("class".to_owned(), Arc::new(StringArray::from_iter_values(files.iter().map(class)))));
        }
        let mut metadata = Metadata::from_columns(columns, files.len())?;
        metadata.id = Some(0);
        Ok(Observations {
            name: self.name.clone(),
            values: Values::Images(Images { shape: self.shape, pixels: Arc::new(pixels) }),
            metadata,
        })
    }
}

/// A picture without opacity: it lies on white.
fn on_white(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return picture;
    }
    let gray = !picture.color().has_color();
    let mut pixels = picture.into_rgba8();
    for pixel in pixels.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        for channel in &mut pixel.0[..3] {
            *channel = ((u32::from(*channel) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
        pixel.0[3] = 255;
    }
    let flat = DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(pixels).into_rgb8());
    if gray { DynamicImage::ImageLuma8(flat.into_luma8()) } else { flat }
}

impl Reader for ImagesReader {
    fn kind(&self) -> &'static str {
        "images"
    }

    fn rows(&self) -> Option<usize> {
        Some(self.files.len())
    }

    fn columns(&self) -> usize {
        self.shape.len()
    }

    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn read(&self, run: &Run) -> Result<Observations> {
        run.check_memory("the pictures", self.files.len() as u64 * self.shape.len() as u64, super::HINT_MEMORY)?;
        super::concat(self.blocks(run)?, run)
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let run = run.clone();
        let first = (first / BLOCK * BLOCK).min(self.files.len());
        let blocks = self.files[first..].chunks(BLOCK).map(move |files| {
            run.check()?;
            run.install(|| self.part(files))
        });
        Ok((first, Box::new(blocks)))
    }
}
