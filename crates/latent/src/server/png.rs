//! Uncompressed PNG files of small images.

use latentspace::data::ImageShape;

/// The PNG file of pixels `[height, width, channels]`; none if they do not fit the shape.
pub(crate) fn encode(shape: ImageShape, pixels: &[u8]) -> Option<Vec<u8>> {
    let color = match shape.channels {
        1 => 0,
        2 => 4,
        3 => 2,
        4 => 6,
        _ => return None,
    };
    let line = shape.width * shape.channels;
    if pixels.len() != shape.len() || line == 0 {
        return None;
    }
    let mut header = Vec::with_capacity(13);
    header.extend(u32::try_from(shape.width).ok()?.to_be_bytes());
    header.extend(u32::try_from(shape.height).ok()?.to_be_bytes());
    header.extend([8, color, 0, 0, 0]);
    // Each line begins with its filter type: none.
    let raw: Vec<u8> = pixels.chunks_exact(line).flat_map(|line| std::iter::once(0).chain(line.iter().copied())).collect();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &header)?;
    chunk(&mut file, b"IDAT", &stored(&raw))?;
    chunk(&mut file, b"IEND", &[])?;
    Some(file)
}

/// The PNG file of many pictures of one shape, side by side in `ceil(sqrt(n))` columns, each reduced to at most `side` pixels along its
/// longer side. None without pictures, or if they do not fit the shape.
pub(crate) fn sheet<'a>(shape: ImageShape, pictures: impl ExactSizeIterator<Item = &'a [u8]>, side: usize) -> Option<Vec<u8>> {
    let count = pictures.len();
    let columns = (1..=count).find(|columns| columns * columns >= count)?;
    let longer = shape.height.max(shape.width);
    if longer == 0 || shape.channels == 0 {
        return None;
    }
    let reduced = |length: usize| if longer > side { (length * side / longer).max(1) } else { length };
    let tile = ImageShape { height: reduced(shape.height), width: reduced(shape.width), channels: shape.channels };
    let whole = ImageShape { height: tile.height * count.div_ceil(columns), width: tile.width * columns, channels: shape.channels };
    let mut pixels = vec![0; whole.len()];
    for (at, picture) in pictures.enumerate() {
        let picture = picture.get(..shape.len())?;
        let (top, left) = (at / columns * tile.height, at % columns * tile.width);
        for y in 0..tile.height {
            for x in 0..tile.width {
                let to = ((top + y) * whole.width + left + x) * shape.channels;
                mean(shape, picture, (y, tile.height), (x, tile.width), pixels.get_mut(to..to + shape.channels)?);
            }
        }
    }
    encode(whole, &pixels)
}

/// The mean of the pixels that one pixel of a reduced picture covers; `(at, of)` along each axis.
fn mean(shape: ImageShape, picture: &[u8], (y, high): (usize, usize), (x, wide): (usize, usize), out: &mut [u8]) {
    let lines = y * shape.height / high..(y + 1) * shape.height / high;
    let line = x * shape.width / wide..(x + 1) * shape.width / wide;
    let many = lines.len() * line.len();
    for (channel, out) in out.iter_mut().enumerate() {
        let pixel = |y: usize, x: usize| usize::from(picture[(y * shape.width + x) * shape.channels + channel]);
        let sum: usize = lines.clone().flat_map(|y| line.clone().map(move |x| (y, x))).map(|(y, x)| pixel(y, x)).sum();
        *out = ((sum + many / 2) / many.max(1)) as u8;
    }
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) -> Option<()> {
    file.extend(u32::try_from(body.len()).ok()?.to_be_bytes());
    let from = file.len();
    file.extend(name);
    file.extend(body);
    let sum = crc(&file[from..]);
    file.extend(sum.to_be_bytes());
    Some(())
}

/// A zlib stream of stored blocks.
fn stored(raw: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = raw.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in raw {
        a = (a + u32::from(byte)) % 65521;
        b = (b + a) % 65521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// The cyclic redundancy check of PNG, four bits at a time.
fn crc(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut at = 0;
        while at < 16 {
            let mut value = at as u32;
            let mut bit = 0;
            while bit < 4 {
                value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[at] = value;
            at += 1;
        }
        table
    };
    let step = |sum: u32, nibble: u8| sum >> 4 ^ TABLE[((sum ^ u32::from(nibble)) & 15) as usize];
    !bytes.iter().fold(!0, |sum, &byte| step(step(sum, byte & 15), byte >> 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_are_those_of_the_standards() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc(b"IEND"), 0xae42_6082);
        assert_eq!(stored(b"Wikipedia")[16..], 0x11e6_0398_u32.to_be_bytes());
    }

    #[test]
    fn a_picture_that_does_not_fit_is_none() {
        let shape = ImageShape { height: 2, width: 2, channels: 1 };
        assert!(encode(shape, &[0; 3]).is_none());
        assert_eq!(encode(shape, &[0; 4]).unwrap()[..8], *b"\x89PNG\r\n\x1a\n");
        assert!(sheet(shape, [].into_iter(), 8).is_none());
        assert!(sheet(shape, [&[0; 3][..]].into_iter(), 8).is_none());
    }

    #[test]
    fn pictures_are_reduced_to_means() {
        let shape = ImageShape { height: 2, width: 4, channels: 1 };
        let mut out = [0];
        mean(shape, &[0, 10, 20, 31, 40, 50, 60, 70], (0, 1), (1, 2), &mut out);
        assert_eq!(out, [45]); // of 20, 31, 60 and 70
    }
}
