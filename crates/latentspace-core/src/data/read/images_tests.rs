use std::io::{Cursor, Write};

use image::{DynamicImage, GrayAlphaImage, ImageBuffer, ImageFormat, Luma, RgbImage};

use super::super::{Bad, ReadOptions, Source, open};
use super::*;
use crate::data::{Preparation, PrepareOptions};
use crate::linalg::OwnedRows;

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
    let OwnedRows::Dense(table) = preparation.prepare(&observed, &run).unwrap() else { panic!() };
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
    let formats = [
        ("a.png", ImageFormat::Png),
        ("b.bmp", ImageFormat::Bmp),
        ("c.webp", ImageFormat::WebP),
        ("d.PPM", ImageFormat::Pnm),
        ("e.gif", ImageFormat::Gif),
        ("f.tif", ImageFormat::Tiff),
    ];
    let files: Vec<(&str, Vec<u8>)> = formats.iter().map(|(name, format)| (*name, encoded(&picture, *format))).collect();
    let (images, metadata) = pictures(&source(&folder(&files)));
    assert_eq!(metadata.rows(), formats.len());
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

/// Codes of several bits each, the highest bit first, as bytes.
fn packed(codes: &[(u32, u32)]) -> Vec<u8> {
    let bits: Vec<u32> = codes.iter().flat_map(|&(code, bits)| (0..bits).rev().map(move |bit| code >> bit & 1)).collect();
    bits.chunks(8).map(|byte| byte.iter().enumerate().map(|(at, bit)| bit << (7 - at)).sum::<u32>() as u8).collect()
}

/// A TIFF of these entries and strips; numbers have four bytes where they are sizes or places, else two.
fn tiff(is_big_endian: bool, entries: &[(u16, &[u32])], strips: &[&[u8]]) -> Vec<u8> {
    let short = |number: u16| if is_big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let long = |number: u32| if is_big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let lengths: Vec<u32> = strips.iter().map(|strip| strip.len() as u32).collect();
    let mut all: Vec<(u16, Vec<u32>)> = entries.iter().map(|(tag, values)| (*tag, values.to_vec())).collect();
    all.extend([(273, vec![0; strips.len()]), (279, lengths.clone())]);
    all.sort();
    let size = |tag: u16| if matches!(tag, 256 | 257 | 273 | 278 | 279) { 4 } else { 2 };
    let behind = 8 + 2 + 12 * all.len() + 4;
    let lists: usize = all.iter().map(|(tag, values)| size(*tag) * values.len()).filter(|&bytes| bytes > 4).sum();
    let mut start = (behind + lists) as u32;
    for (place, length) in all.iter_mut().find(|(tag, _)| *tag == 273).unwrap().1.iter_mut().zip(&lengths) {
        *place = start;
        start += length;
    }
    let mut head = [&if is_big_endian { *b"MM\0*" } else { *b"II*\0" }[..], &long(8), &short(all.len() as u16)].concat();
    let mut outside = Vec::new();
    for (tag, values) in &all {
        let is_long = size(*tag) == 4;
        head.extend([short(*tag), short(if is_long { 4 } else { 3 })].concat());
        head.extend(long(values.len() as u32));
        let mut bytes: Vec<u8> =
            values.iter().flat_map(|&value| if is_long { long(value).to_vec() } else { short(value as u16).to_vec() }).collect();
        if bytes.len() > 4 {
            head.extend(long((behind + outside.len()) as u32));
            outside.extend(bytes);
        } else {
            bytes.resize(4, 0);
            head.extend(bytes);
        }
    }
    head.extend(long(0));
    [head, outside, strips.concat()].concat()
}

#[test]
fn tiffs_are_read_however_they_are_packed() {
    let deflated = |bytes: &[u8]| {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let grey = |is_big_endian: bool, compression: u32, predictor: u32, strips: [&[u8]; 2]| {
        let entries: [(u16, &[u32]); 7] =
            [(256, &[4]), (257, &[2]), (258, &[8]), (259, &[compression]), (262, &[1]), (278, &[1]), (317, &[predictor])];
        tiff(is_big_endian, &entries, &strips)
    };
    let pixels = [1, 2, 3, 4, 250, 250, 250, 9];
    // Clear, the pixels, end: each of nine bits.
    let lzw =
        |pixels: &[u8]| packed(&[&[(256, 9)], &pixels.iter().map(|&p| (u32::from(p), 9)).collect::<Vec<_>>()[..], &[(257, 9)]].concat());
    let differences = [1, 1, 1, 1, 250, 0, 0, 15];
    let cases = [
        ("plain", grey(false, 1, 1, [&pixels[..4], &pixels[4..]])),
        ("big endian", grey(true, 1, 1, [&pixels[..4], &pixels[4..]])),
        ("deflate", grey(false, 8, 1, [&deflated(&pixels[..4]), &deflated(&pixels[4..])])),
        ("lzw", grey(true, 5, 1, [&lzw(&pixels[..4]), &lzw(&pixels[4..])])),
        ("predictor", grey(false, 5, 2, [&lzw(&differences[..4]), &lzw(&differences[4..])])),
        // A literal run of four bytes; 250 three times, a literal run of one byte.
        ("packbits", grey(false, 32773, 1, [&[3, 1, 2, 3, 4], &[254, 250, 0, 9, 128]])),
    ];
    for (name, bytes) in cases {
        let (images, _) = pictures(&source(&folder(&[("a.tif", bytes)])));
        assert_eq!((images.shape.height, images.shape.width, images.shape.channels), (2, 4, 1), "{name}");
        assert_eq!(images.pixels.as_slice(), pixels, "{name}");
    }
    // Fax, group 4: a white line, a line that is black up to its fourth pixel; white is 0.
    let fax = packed(&[(1, 1), (0b001, 3), (0b0011_0101, 8), (0b011, 3), (1, 1), (1, 12), (1, 12)]);
    let entries: [(u16, &[u32]); 5] = [(256, &[8]), (257, &[2]), (259, &[4]), (262, &[0]), (278, &[2])];
    let (images, _) = pictures(&source(&folder(&[("a.tiff", tiff(false, &entries, &[&fax]))])));
    assert_eq!(images.pixels[..8], [255; 8]);
    assert_eq!(images.pixels[8..], [0, 0, 0, 0, 255, 255, 255, 255]);
}

#[test]
fn tiffs_keep_depth_color_opacity_and_turn() {
    let numbers: Vec<u8> = [7_u16, 300, 65535, 0, 1, 2].iter().flat_map(|number| number.to_be_bytes()).collect();
    let deep: [(u16, &[u32]); 6] = [(256, &[1]), (257, &[2]), (258, &[16, 16, 16]), (262, &[2]), (277, &[3]), (274, &[6])];
    let (images, _) = pictures(&source(&folder(&[("a.tif", tiff(true, &deep, &[&numbers]))])));
    assert_eq!((images.shape.height, images.shape.width, images.shape.channels), (1, 2, 3), "turned by a quarter");
    // A quarter to the right: what was below comes first.
    assert_eq!(images.pixels.as_slice(), [0, 0, 0, 0, 1, 255]);
    assert_eq!(images.lower.unwrap().as_slice(), [0, 1, 2, 7, 44, 255]);
    for (extra, expected) in [(1, [255, 127, 127]), (2, [191, 127, 127])] {
        let entries: [(u16, &[u32]); 6] = [(256, &[1]), (257, &[1]), (258, &[8; 4]), (262, &[2]), (277, &[4]), (338, &[extra])];
        let opened = folder(&[("a.tif", tiff(false, &entries, &[&[128, 0, 0, 128]]))]);
        let (images, _) = pictures(&source(&opened));
        assert_eq!(images.pixels.as_slice(), expected, "opacity of kind {extra}");
    }
    // The planes of a color after each other, and a second page.
    let entries: [(u16, &[u32]); 7] = [(256, &[2]), (257, &[1]), (258, &[8; 3]), (262, &[2]), (277, &[3]), (278, &[1]), (284, &[2])];
    let mut planes = tiff(false, &entries, &[&[1, 2], &[3, 4], &[5, 6]]);
    let next = 8 + 2 + 12 * 9;
    planes[next..next + 4].copy_from_slice(&100_u32.to_le_bytes());
    let opened = folder(&[("a.tif", planes)]);
    let opened = source(&opened);
    assert_eq!(pictures(&opened).0.pixels.as_slice(), [1, 3, 5, 2, 4, 6]);
    assert!(opened.notes().join(" ").contains("1 picture has several frames or pages, of which the first is read"));
}

/// A GIF of a screen of 3 x 2 pixels in these colors, and frames of 2 x 1 pixels at (1, 1), of these codes of three bits.
fn gif(colors: [[u8; 3]; 4], transparent: Option<u8>, frames: &[[u8; 2]]) -> Vec<u8> {
    let mut out = [&b"GIF89a\x03\0\x02\0\xa1\0\0"[..], &colors.concat()].concat();
    for frame in frames {
        if let Some(index) = transparent {
            out.extend([0x21, 0xf9, 4, 1, 0, 0, index, 0]);
        }
        out.extend(b"\x2c\x01\0\x01\0\x02\0\x01\0\0\x02");
        // Clear (4), two pixels, end (5), the lowest bit first.
        let code = 4 | u16::from(frame[0]) << 3 | u16::from(frame[1]) << 6 | 5 << 9;
        out.push(2);
        out.extend(code.to_le_bytes());
        out.push(0);
    }
    [out, vec![0x3b]].concat()
}

#[test]
fn gifs_are_their_first_frame_on_white() {
    let grey = [[0; 3], [50; 3], [100; 3], [200; 3]];
    let opened = folder(&[("a.gif", gif(grey, None, &[[1, 3], [0, 0]])), ("b.gif", gif(grey, Some(3), &[[1, 3]]))]);
    let opened = source(&opened);
    let (images, _) = pictures(&opened);
    assert_eq!((images.shape.height, images.shape.width, images.shape.channels), (2, 3, 1));
    assert_eq!(images.pixels.as_slice(), [255, 255, 255, 255, 50, 200, 255, 255, 255, 255, 50, 255]);
    let notes = opened.notes().join("\n");
    for words in ["1 picture has several frames", "2 pictures have opacity"] {
        assert!(notes.contains(words), "'{words}' is not in {notes}");
    }
    let colors = folder(&[("a.gif", gif([[0; 3], [50; 3], [100, 0, 0], [200; 3]], None, &[[2, 2]]))]);
    assert_eq!(pictures(&source(&colors)).0.pixels[12..], [100, 0, 0, 100, 0, 0]);
}

#[test]
fn what_is_not_read_of_a_tiff_is_named() {
    let base: [(u16, &[u32]); 2] = [(256, &[2]), (257, &[1])];
    let cases: [(&[(u16, &[u32])], &str); 7] = [
        (&[(262, &[2]), (258, &[8]), (277, &[3]), (284, &[2]), (322, &[16]), (323, &[16])], "in planes of their own"),
        (&[(262, &[3]), (258, &[8])], "colors from a palette"),
        (&[(262, &[1]), (258, &[12])], "pixels of 12 bits"),
        (&[(262, &[1]), (258, &[32]), (339, &[3])], "floating-point"),
        (&[(262, &[1]), (258, &[8]), (259, &[7])], "compressed by JPEG"),
        (&[(262, &[1]), (258, &[8, 8]), (277, &[2])], "grey pixels of 2 channels"),
        (&[(258, &[8])], "no PhotometricInterpretation"),
    ];
    for (more, words) in cases {
        let folder = folder(&[("a.tif", tiff(false, &[&base, more].concat(), &[&[1, 2]]))]);
        let error = open(folder.path(), &ReadOptions::default()).err().unwrap().to_string();
        assert!(error.contains("a.tif") && error.contains(words), "{error}");
    }
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
