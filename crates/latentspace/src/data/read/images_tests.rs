use std::io::{Cursor, Write};

use image::{DynamicImage, GrayAlphaImage, ImageBuffer, ImageFormat, Luma, RgbImage};

use super::super::{Bad, ReadOptions, Source, open};
use super::*;
use crate::data::{Preparation, PrepareOptions, Prepared};

fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn source(folder: &tempfile::TempDir) -> Source {
    open(folder.path(), &ReadOptions::default()).unwrap()
}

fn pictures(source: &Source) -> (Images, Metadata) {
    let observed = source.read(&Run::new(0, 2).unwrap()).unwrap();
    let Values::Images(images) = observed.values else { panic!("{}", observed.values.kind()) };
    (images, observed.metadata)
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A picture that is bright in its upper left corner alone.
fn corner(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageLuma8(image::GrayImage::from_fn(width, height, |x, y| Luma([if x < 4 && y < 4 { 255 } else { 10 }])))
}

/// A PNG of these chunks' bits: `depth` bits a pixel in rows that begin with a filter of 0.
fn png(width: u32, height: u32, depth: u8, color: u8, rows: &[u8], more: Option<(&[u8; 4], &[u8])>) -> Vec<u8> {
    let crc = |bytes: &[u8]| {
        !bytes
            .iter()
            .fold(!0_u32, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())))
    };
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8; 4], body: &[u8]| {
        out.extend((body.len() as u32).to_be_bytes());
        let whole = [name.as_slice(), body].concat();
        out.extend(&whole);
        out.extend(crc(&whole).to_be_bytes());
    };
    chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, 0]].concat());
    if let Some((name, body)) = more {
        chunk(name, body);
    }
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(rows).unwrap();
    chunk(b"IDAT", &packed.finish().unwrap());
    chunk(b"IEND", &[]);
    out
}

/// EXIF data that say how a picture is turned.
fn exif(turn: u8) -> Vec<u8> {
    [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..], &[turn, 0, 0, 0, 0, 0, 0, 0]].concat()
}

#[test]
fn pixels_of_16_bits_are_kept() {
    let deep = |values: [u16; 4]| DynamicImage::ImageLuma16(ImageBuffer::from_raw(2, 2, values.to_vec()).unwrap());
    let first = [0, 1, 0x1234, 65535];
    let shallow = DynamicImage::ImageLuma8(ImageBuffer::from_raw(2, 2, vec![0, 1, 128, 255]).unwrap());
    let folder = folder(&[("a.png", encoded(&deep(first), ImageFormat::Png)), ("b.png", encoded(&shallow, ImageFormat::Png))]);
    let source = source(&folder);
    assert!(source.notes().join(" ").contains("1 picture has pixels of 16 bits"), "{:?}", source.notes());
    let run = Run::new(0, 1).unwrap();
    let observed = source.read(&run).unwrap();
    let preparation = Preparation::choose(&observed, &PrepareOptions::default(), &run).unwrap();
    let Prepared::Table(table) = preparation.prepare(&observed, &run).unwrap() else { panic!() };
    for (value, pixel) in first.iter().zip(table.row(0)) {
        assert_eq!(*pixel, f32::from(*value) / 65535.0);
    }
    for (value, pixel) in [0_u8, 1, 128, 255].iter().zip(table.row(1)) {
        assert!((pixel - f32::from(*value) / 255.0).abs() < 1e-7);
    }
    let both = Observations::concat(vec![observed.clone(), observed]).unwrap();
    assert_eq!(both.rows(), 4);
}

#[test]
fn pictures_are_turned_as_their_exif_data_say() {
    let jpeg = encoded(&corner(16, 8), ImageFormat::Jpeg);
    let segment = [&b"Exif\0\0"[..], &exif(6)].concat();
    let length = (segment.len() as u16 + 2).to_be_bytes();
    let turned = [&jpeg[..2], &[0xff, 0xe1], &length, &segment, &jpeg[2..]].concat();
    let rows: Vec<u8> = (0..2).flat_map(|row| [0, if row == 0 { 255 } else { 0 }, 0, 0, 0]).collect();
    let upright = png(4, 2, 8, 0, &rows, None);
    let flipped = png(4, 2, 8, 0, &rows, Some((b"eXIf", &exif(6))));
    let jpegs = folder(&[("a.jpg", turned)]);
    let opened = source(&jpegs);
    let (images, _) = pictures(&opened);
    assert_eq!((images.shape.height, images.shape.width), (16, 8));
    // A quarter to the right: the upper left corner comes to the upper right.
    assert!(images.pixels[7] > 100 && images.pixels[0] < 100, "{:?}", &images.pixels[..8]);
    assert!(opened.notes().join(" ").contains("1 picture is turned as its EXIF data say"));
    for (bytes, shape, bright) in [(upright, (2, 4), 0), (flipped, (4, 2), 1)] {
        let pngs = folder(&[("a.png", bytes)]);
        let (images, _) = pictures(&source(&pngs));
        assert_eq!(((images.shape.height, images.shape.width), images.pixels[bright]), (shape, 255));
    }
}

#[test]
fn a_large_mask_is_no_bomb_and_memory_sets_the_bound() {
    let rows = vec![0_u8; 2048 * (1 + 2048 / 8)];
    let mask = png(2048, 2048, 1, 0, &rows, None);
    assert!(mask.len() < 1000, "{}", mask.len());
    let masks = folder(&[("a.png", mask)]);
    assert_eq!(pictures(&source(&masks)).0.shape, ImageShape { height: 2048, width: 2048, channels: 1 });
    // A PNG that promises more than its packing can hold.
    let bomb = folder(&[("a.png", png(16000, 16000, 8, 0, &[0; 100], None))]);
    let error = open(bomb.path(), &ReadOptions::default()).err().unwrap();
    assert!(error.to_string().contains("16000 x 16000") && error.hint().unwrap().contains("--max-memory"), "{error}");
    let more = ReadOptions { max_memory: Some(4 << 30), ..ReadOptions::default() };
    let error = open(bomb.path(), &more).unwrap().read(&Run::new(0, 1).unwrap()).unwrap_err();
    assert!(error.to_string().contains("this picture cannot be read"), "{error}");
    let little = ReadOptions { max_memory: Some(8 << 20), ..ReadOptions::default() };
    assert!(open(masks.path(), &little).err().unwrap().to_string().contains("2.0 MiB"));
}

#[test]
fn every_format_is_read_and_modes_are_told() {
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(6, 5, |x, y| image::Rgb([x as u8 * 40, y as u8 * 50, 9])));
    let formats = [("a.png", ImageFormat::Png), ("b.bmp", ImageFormat::Bmp), ("c.webp", ImageFormat::WebP), ("d.PPM", ImageFormat::Pnm)];
    let files: Vec<(&str, Vec<u8>)> = formats.iter().map(|(name, format)| (*name, encoded(&picture, *format))).collect();
    let (images, metadata) = pictures(&source(&folder(&files)));
    assert_eq!(metadata.rows(), 4);
    for row in images.pixels.chunks(90) {
        assert_eq!(row, &images.pixels[..90]);
    }
    let gray = DynamicImage::ImageLumaA8(GrayAlphaImage::from_pixel(6, 5, image::LumaA([0, 0])));
    let files = [
        ("a.bmp", encoded(&picture, ImageFormat::Bmp)),
        ("b.png", encoded(&gray, ImageFormat::Png)),
        ("c.heic", vec![0; 9]),
        ("d.heic", vec![0; 9]),
    ];
    let mixed = folder(&files);
    let opened = source(&mixed);
    let notes = opened.notes().join("\n");
    for words in ["2 files are of another format and left out (2 heic)", "1 picture is grey and becomes color", "which is laid on white"] {
        assert!(notes.contains(words), "'{words}' is not in {notes}");
    }
    let (images, _) = pictures(&opened);
    assert_eq!(images.pixels[90..93], [255, 255, 255], "opacity lies on white");
}

#[test]
fn a_broken_picture_is_named_or_left_out() {
    let good = encoded(&corner(8, 8), ImageFormat::Png);
    let cut = good[..good.len() - 20].to_vec();
    let folder = folder(&[("x/1.png", good.clone()), ("x/2.png", b"none".to_vec()), ("y/1.png", good), ("y/3.png", cut)]);
    let error = open(folder.path(), &ReadOptions::default()).err().unwrap();
    assert!(error.to_string().contains("2.png") && error.hint().unwrap().contains("--bad skip"), "{error}");
    let options = ReadOptions { bad: Bad::Skip, ..ReadOptions::default() };
    let opened = open(folder.path(), &options).unwrap();
    let (_, metadata) = pictures(&opened);
    assert_eq!((opened.rows(), metadata.rows()), (Some(2), 2));
    assert_eq!((metadata.id(0), metadata.id(1)), ("x/1.png".into(), "y/1.png".into()), "names that are alike are paths");
    let notes = opened.notes().join("\n");
    assert!(notes.contains("2 files cannot be read and are left out (x/2.png, y/3.png"), "{notes}");
    let (before, _) = opened.blocks_around(1, &Run::new(0, 1).unwrap()).unwrap();
    assert_eq!(before, 0);
}
