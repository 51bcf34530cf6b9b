//! Every bad file is refused in words, or treated as stated: no panic, no memory beyond what the file really holds.
//!
//! The table below has a line for each attack: the name of the file, what it tries, its bytes, and the words that the error must hold
//! besides the file's name (`Refused`) or that the preparation must tell (`Taken`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use latentspace::arrow::ipc::CompressionType;
use latentspace::data::read::{ReadOptions, open};
use latentspace::data::{Preparation, PrepareOptions, Summary};
use latentspace::linalg::Matrix;
use latentspace::method::AnyMethod;
use latentspace::methods::linear::pca::Pca;
use latentspace::random::Random;
use latentspace::{Error, Observations, Run, Space};

/// Counts the bytes that are held.
struct Counting;
static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
/// One test at a time, so that each sees its own bytes.
static ALONE: Mutex<()> = Mutex::new(());

/// What `work` gives, and the bytes that it held at its peak beyond those before.
fn measured<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = work();
    (result, PEAK.load(Ordering::Relaxed).saturating_sub(before))
}

/// What must come of a file.
#[derive(Clone, Copy)]
enum Outcome {
    /// An error with these words.
    Refused(&'static [&'static str]),
    /// A preparation whose sentences hold these words.
    Taken(&'static [&'static str]),
}
use Outcome::{Refused, Taken};

struct Case {
    file: &'static str,
    tries: &'static str,
    bytes: Vec<u8>,
    outcome: Outcome,
}

fn case(file: &'static str, tries: &'static str, bytes: impl Into<Vec<u8>>, outcome: Outcome) -> Case {
    Case { file, tries, bytes: bytes.into(), outcome }
}

/// A `.npy` file with this header.
fn npy(header: &str, body: &[u8]) -> Vec<u8> {
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16 + 1).to_le_bytes());
    out.extend(header.as_bytes());
    out.push(b'\n');
    out.extend(body);
    out
}

fn array(descr: &str, shape: &str, body: &[u8]) -> Vec<u8> {
    npy(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({shape}), }}"), body)
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 19).unwrap()
}

/// An Arrow file whose only column, of this many zeros, is packed; its length, where the column says it, is replaced by `promised`.
fn feather(packing: CompressionType, rows: usize, promised: Option<i64>) -> Vec<u8> {
    let zeros: latentspace::arrow::array::ArrayRef = std::sync::Arc::new(latentspace::arrow::array::Float64Array::from(vec![0.0; rows]));
    let batch = latentspace::arrow::array::RecordBatch::try_from_iter([("x", zeros)]).unwrap();
    let options = latentspace::arrow::ipc::writer::IpcWriteOptions::default().try_with_compression(Some(packing)).unwrap();
    let mut writer = latentspace::arrow::ipc::writer::FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    let mut bytes = writer.into_inner().unwrap();
    if let Some(promised) = promised {
        let length = (rows as i64 * 8).to_le_bytes();
        let place = bytes.windows(8).position(|window| window == length && window != [0; 8]).unwrap();
        bytes[place..place + 8].copy_from_slice(&promised.to_le_bytes());
    }
    bytes
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A sparse matrix as SciPy writes it, all of whose cells are 1.
fn sparse(format: &str, shape: [i64; 2], starts: &[i64], indices: &[i64]) -> Vec<u8> {
    let whole = |numbers: &[i64]| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        array("'<i8'", &format!("{},", numbers.len()), &bytes)
    };
    archive(&[
        ("indices.npy", &whole(indices)),
        ("indptr.npy", &whole(starts)),
        ("format.npy", &array("'|S3'", "", format.as_bytes())),
        ("shape.npy", &whole(&shape)),
        ("data.npy", &array("'<f4'", &format!("{},", indices.len()), &floats(&vec![1.0; indices.len()]))),
    ])
}

fn tensors(header: &str, body: &[u8]) -> Vec<u8> {
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.as_bytes());
    out.extend(body);
    out
}

/// A whole file as latentspace writes it.
fn written(name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let observed = Observations::from_matrix("t", Matrix::from_fn(200, 3, |i, j| (i * 3 + j) as f32 / 7.0));
    latentspace::data::write::observations(&observed, &path).unwrap();
    std::fs::read(path).unwrap()
}

fn cut(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
    bytes.truncate(bytes.len() - from_end);
    bytes
}

const MTX: &str = "%%MatrixMarket matrix coordinate integer general\n";

fn cases() -> Vec<Case> {
    let f4 = "'<f4'";
    vec![
        // NumPy arrays.
        case("empty.npy", "an empty file", [], Refused(&["empty"])),
        case("png.npy", "a picture under another name", b"\x89PNG\r\n\x1a\n....".to_vec(), Refused(&["not a .npy file", ".png"])),
        case("magic.npy", "nothing behind the magic", b"\x93NUMPY".to_vec(), Refused(&["header"])),
        case("version.npy", "a version from the future", b"\x93NUMPY\x09\x00v\x00{".to_vec(), Refused(&["version 9"])),
        case("length.npy", "a header of 4 GiB", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(), Refused(&["header has 4294967295 bytes"])),
        case(
            "rows.npy",
            "2^60 rows",
            array(f4, "1152921504606846976, 4", &[0; 64]),
            Refused(&["promises 1152921504606846976 x 4", "64 bytes"]),
        ),
        case("overflow.npy", "a size that overflows", array(f4, "4294967296, 4294967296, 4294967296", &[0; 64]), Refused(&["promises"])),
        case("negative.npy", "a length below 0", array(f4, "-1, 4", &[0; 64]), Refused(&["cannot be understood"])),
        case("axes.npy", "a thousand axes", array(f4, &"1, ".repeat(1000), &[0; 4]), Refused(&["cannot be understood"])),
        case("nested.npy", "parentheses 60,000 deep", npy(&"(".repeat(60_000), &[]), Refused(&["cannot be understood"])),
        case("cut.npy", "a file that was cut short", array(f4, "100, 4", &[0; 1599]), Refused(&["promises 100 x 4", "1599 bytes"])),
        case("none.npy", "no rows", array(f4, "0, 4", &[]), Refused(&["empty array (0 x 4)"])),
        case("single.npy", "a single number", array(f4, "", &[0; 4]), Refused(&["single number"])),
        case(
            "pickle.npy",
            "Python objects that would run code",
            array("'|O'", "3,", b"\x80\x04cos\nsystem\n"),
            Refused(&["pickle", "numbers"]),
        ),
        case("records.npy", "records", array("[('a', '<f4'), ('b', '<i4')]", "1,", &[0; 8]), Refused(&["several fields"])),
        case("text.npy", "text", array("'<U4'", "1,", &[0; 16]), Refused(&["text", "--labels"])),
        case("complex.npy", "complex numbers", array("'<c8'", "1,", &[0; 8]), Refused(&["complex"])),
        case(
            "nan.npy",
            "a missing cell",
            array(f4, "2, 2", &floats(&[1.0, 2.0, 3.0, f32::NAN])),
            Refused(&["row 2, column 2", "missing", "--missing mean"]),
        ),
        case(
            "inf.npy",
            "infinity",
            array(f4, "2, 2", &floats(&[1.0, f32::NEG_INFINITY, 3.0, 4.0])),
            Refused(&["row 1, column 2", "infinity"]),
        ),
        case(
            "large.npy",
            "a number beyond 32 bits",
            array("'<f8'", "2,", &[1e300_f64, 2.0].map(f64::to_le_bytes).concat()),
            Refused(&["column 1", "1e300"]),
        ),
        case("one.npy", "a single row", array(f4, "1, 3", &floats(&[1.0, 2.0, 3.0])), Taken(&["as they are"])),
        case(
            "constant.npy",
            "a constant column",
            array(f4, "3, 2", &floats(&[1.0, 2.0, 1.0, 3.0, 1.0, 4.0])),
            Taken(&["column 1 is constant"]),
        ),
        // Archives of arrays.
        case("text.npz", "text under another name", b"hello, world".to_vec(), Refused(&["not a whole .npz archive"])),
        case("none.npz", "an archive without arrays", archive(&[("readme.txt", b"hi")]), Refused(&[".npy"])),
        case(
            "cut.npz",
            "an archive that was cut short",
            cut(archive(&[("x.npy", &array(f4, "100, 4", &[1; 1600]))]), 30),
            Refused(&["not a whole .npz archive"]),
        ),
        case(
            "bomb.npz",
            "40 MiB of zeros in 40 KiB",
            archive(&[("x.npy", &array(f4, "1310720, 8", &vec![0; 40 << 20]))]),
            Refused(&["1000 times"]),
        ),
        case("pickle.npz", "Python objects in an archive", archive(&[("x.npy", &array("'|O'", "3,", b"\x80\x04"))]), Refused(&["pickle"])),
        // Sparse matrices in archives.
        case("rows.npz", "2^31 rows", sparse("csr", [1 << 31, 4], &[0, 1], &[2]), Refused(&["promises 2147483648 rows"])),
        case("cols.npz", "2^60 columns", sparse("csc", [2, 1 << 60], &[0, 1], &[1]), Refused(&["'shape'"])),
        case("starts.npz", "starts that run backwards", sparse("csr", [2, 4], &[0, 2, 1], &[1]), Refused(&["indptr, indices and data"])),
        case("beyond.npz", "a cell beyond the columns", sparse("csr", [1, 4], &[0, 1], &[4]), Refused(&["row 0, column 4"])),
        case("below.npz", "a cell before the first", sparse("csr", [1, 4], &[0, 1], &[-1]), Refused(&["'indices'"])),
        case("other.npz", "a format that is none", sparse("lil", [1, 4], &[0, 1], &[0]), Refused(&["'lil'", "csr"])),
        // Packed files.
        case("not.csv.gz", "a name that lies about packing", b"a,b\n1,2\n".repeat(9), Refused(&["packed content is broken"])),
        case("cut.csv.gz", "packed data that were cut short", cut(gzip(&b"a,b\n1,2\n".repeat(1000)), 20), Refused(&["ends too early"])),
        case("bomb.npy.gz", "50 MiB of zeros in 50 KiB", gzip(&array(f4, "1638400, 8", &vec![0; 50 << 20])), Refused(&["1000 times"])),
        case("bomb.csv.zst", "50 MiB of zeros in 2 KiB", zst(&b"1,1\n".repeat(13 << 20)), Refused(&["1000 times", "unpack"])),
        case("cut.csv.zst", "packed data that were cut short", cut(zst(&b"a,b\n1,2\n".repeat(1000)), 8), Refused(&[])),
        case("not.jsonl.zst", "a name that lies about packing", b"{\"a\":1}\n".to_vec(), Refused(&["packed content is broken"])),
        case("packed.parquet.gz", "a format that is packed twice", gzip(b"PAR1"), Refused(&["packed in itself"])),
        case(
            "zip.csv.gz",
            "an archive named as a packed table",
            archive(&[("a.csv", b"a\n1\n")]),
            Refused(&["packed content is broken", ".npz"]),
        ),
        // Tables of text.
        case("empty.csv", "an empty file", [], Refused(&["empty"])),
        case("blank.csv", "nothing but ends of lines", b"\n\n\n".to_vec(), Refused(&["no rows"])),
        case("header.csv", "a header and no rows", b"a,b\n".to_vec(), Refused(&["a header and no rows"])),
        case(
            "ragged.csv",
            "a row that is too short",
            b"a,b\n1,2\n3\n4,5\n".to_vec(),
            Refused(&["row 2", "1 fields", "2 in the first row"]),
        ),
        case(
            "stray.csv",
            "a word among numbers",
            format!("a,b\n{}7,x\n", "1,2\n".repeat(50)),
            Refused(&["row 51, column b", "'x' is no number"]),
        ),
        case("inf.csv", "infinity", b"a,b\n1,2\n3,inf\n".to_vec(), Refused(&["row 2, column b", "infinity"])),
        case(
            "missing.csv",
            "missing cells",
            b"a,b\n1,2\n,4\nNA,7\n".to_vec(),
            Taken(&["2 missing cells become the mean of the column (column a)"]),
        ),
        case("hole.csv", "a column that holds nothing", b"a,b\n1,\n2,\n".to_vec(), Taken(&["column b without any value"])),
        case("latin.csv", "bytes that are not UTF-8", b"name,x\nM\xfcller,1\n".to_vec(), Refused(&["row 1", "UTF-8"])),
        case("wide.csv", "UTF-16", b"\xff\xfea\x00,\x00b\x00\n\x00".to_vec(), Refused(&["UTF-16"])),
        case("words.csv", "no number at all", b"a,b\nx,y\nz,w\n".to_vec(), Refused(&["no column to learn from", "--columns"])),
        case("comma.csv", "decimal commas", b"a;b\n1,5;2,5\n3,5;4,5\n".to_vec(), Taken(&[])),
        case(
            "quote.csv",
            "a quote that is never closed",
            [b"a,b\n1,\"".to_vec(), b"2\n".repeat(40 << 20)].concat(),
            Refused(&["row 1", "a quote that is never closed"]),
        ),
        case("line.csv", "a line of 70 MiB", [b"a,b\n1,".to_vec(), vec![b'7'; 70 << 20]].concat(), Refused(&["64.0 MiB"])),
        case("twice.csv", "two columns of one name", b"a,a\n1,2\n3,5\n".to_vec(), Taken(&[])),
        case("constant.csv", "a constant column", b"a,b\n1,2\n1,3\n".to_vec(), Taken(&["column a is constant"])),
        case("parquet.csv", "a Parquet file under another name", b"PAR1\x15\x04\x15\x10".to_vec(), Refused(&[".parquet"])),
        // JSON Lines.
        case("deep.jsonl", "lists 100,000 deep", "[".repeat(100_000), Refused(&["row 1", "no JSON"])),
        case("deeper.jsonl", "objects 100,000 deep", "{\"a\":".repeat(100_000), Refused(&["row 1", "no JSON"])),
        case("cut.jsonl", "a line that was cut short", b"{\"a\":1}\n{\"a\":2".to_vec(), Refused(&["row 2", "no JSON"])),
        case("bare.jsonl", "bare numbers", b"1\n2\n".to_vec(), Refused(&["row 1", "one JSON object"])),
        case("far.jsonl", "a number beyond 64 bits", b"{\"a\":1e999}\n".to_vec(), Refused(&["row 1"])),
        case("nan.jsonl", "a number that JSON has not", b"{\"a\":NaN}\n".to_vec(), Refused(&["row 1", "no JSON"])),
        case("latin.jsonl", "bytes that are not UTF-8", b"{\"a\":\"\xfc\"}\n".to_vec(), Refused(&["row 1", "UTF-8"])),
        case("blank.jsonl", "blank lines", b"\n\n".to_vec(), Refused(&["no rows"])),
        // Parquet and Arrow.
        case("text.parquet", "text under another name", b"a,b\n1,2\n".to_vec(), Refused(&["not a whole Parquet file"])),
        case("magic.parquet", "nothing between the magics", b"PAR1PAR1".to_vec(), Refused(&["not a whole Parquet file"])),
        case(
            "footer.parquet",
            "a footer of garbage",
            [b"PAR1".as_slice(), &[0xa5; 200], &200_u32.to_le_bytes(), b"PAR1"].concat(),
            Refused(&["not a whole Parquet file"]),
        ),
        case(
            "length.parquet",
            "a footer longer than the file",
            [b"PAR1".as_slice(), &[0; 50], &[0xff; 4], b"PAR1"].concat(),
            Refused(&["not a whole Parquet file"]),
        ),
        case("cut.parquet", "a file that was cut short", cut(written("t.parquet"), 100), Refused(&["not a whole Parquet file"])),
        case("magic.arrow", "nothing behind the magic", b"ARROW1\0\0".to_vec(), Refused(&["cut short"])),
        case(
            "footer.arrow",
            "a footer of garbage",
            [b"ARROW1\0\0".as_slice(), &[0x5a; 64], &64_i32.to_le_bytes(), b"ARROW1"].concat(),
            Refused(&["footer"]),
        ),
        case(
            "length.arrow",
            "a footer longer than the file",
            [b"ARROW1\0\0".as_slice(), &[0; 64], &i32::MAX.to_le_bytes(), b"ARROW1"].concat(),
            Refused(&["footer"]),
        ),
        case("text.arrow", "text under another name", b"a,b\n1,2\n".to_vec(), Refused(&["Arrow"])),
        case(
            "body.arrow",
            "a stream whose first message promises 2 GiB",
            [[0xff; 4], i32::MAX.to_le_bytes()].concat(),
            Refused(&["Arrow"]),
        ),
        case(
            "far.feather",
            "a packed column that promises 1 PiB",
            feather(CompressionType::LZ4_FRAME, 10_000, Some(1 << 50)),
            Refused(&["1024.0 TiB", "1000 times", "--max-memory"]),
        ),
        case(
            "lie.feather",
            "a packed column that promises 30 MB and holds 8",
            feather(CompressionType::LZ4_FRAME, 1_000_000, Some(30_000_000)),
            Refused(&["promises 30000000 bytes and holds 8000000"]),
        ),
        case(
            "bomb.feather",
            "64 MiB of zeros in 4 KiB",
            feather(CompressionType::ZSTD, 8 << 20, None),
            Refused(&["1000 times", "write it unpacked"]),
        ),
        case(
            "less.feather",
            "a packed column that promises too little",
            feather(CompressionType::ZSTD, 1000, Some(1)),
            Refused(&["Arrow"]),
        ),
        // IDX.
        case("magic-idx3-ubyte", "other first bytes", b"\x08\x08\x08\x03".to_vec(), Refused(&["not an IDX file"])),
        case("type.idx", "an unknown type", [0, 0, 0x0f, 1, 0, 0, 0, 1, 0], Refused(&["0x0f"])),
        case("axes.idx", "no axes", [0, 0, 8, 0], Refused(&["0 axes"])),
        case("rows.idx", "2^128 numbers", [[0, 0, 8, 4].as_slice(), &[0xff; 16]].concat(), Refused(&["promises"])),
        case(
            "cut-idx3-ubyte.gz",
            "a file that was cut short",
            gzip(&[0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9, 1, 2, 3]),
            Refused(&["promises 9 x 9 x 9", "3 bytes"]),
        ),
        // Sparse tables.
        case("head.mtx", "no header", b"1 2 3\n".to_vec(), Refused(&["%%MatrixMarket"])),
        case(
            "hermitian.mtx",
            "a kind that is no table of ours",
            b"%%MatrixMarket matrix coordinate complex hermitian\n1 1 0\n".to_vec(),
            Refused(&["%%matrixmarket"]),
        ),
        case(
            "outside.mtx",
            "an index beyond the columns",
            format!("{MTX}2 2 1\n1 3 5\n"),
            Refused(&["row 3", "the cell 1, 3", "columns 1 to 2"]),
        ),
        case("zero.mtx", "an index of 0", format!("{MTX}2 2 1\n0 1 5\n"), Refused(&["the cell 0, 1"])),
        case("rows.mtx", "2^60 rows", format!("{MTX}1152921504606846976 2 1\n1 1 5\n"), Refused(&["promises 1152921504606846976 rows"])),
        case("columns.mtx", "2^40 columns", format!("{MTX}2 1099511627776 1\n1 1 5\n"), Refused(&["promises 1099511627776 columns"])),
        case("cells.mtx", "2^60 cells", format!("{MTX}2 2 1152921504606846976\n1 1 5\n"), Refused(&["promises 1152921504606846976 cells"])),
        case("few.mtx", "fewer cells than promised", format!("{MTX}2 2 3\n1 1 5\n"), Refused(&["1 cells, and 3 were promised"])),
        case("many.mtx", "more cells than promised", format!("{MTX}2 2 1\n1 1 5\n1 2 5\n"), Refused(&["row 4", "one cell more"])),
        case("word.mtx", "a word for a value", format!("{MTX}2 2 1\n1 1 x\n"), Refused(&["row 3", "'1 1 x'"])),
        case("nan.mtx", "a value that is no number", format!("{MTX}2 2 1\n2 1 nan\n"), Refused(&["row 2, column 1", "missing"])),
        case("label.svmlight", "no label", b"1:2 3:4\n".to_vec(), Refused(&["row 1", "the label '1:2'"])),
        case("colon.svmlight", "no colon", b"1 1:2\n1 3\n".to_vec(), Refused(&["row 2", "'3'"])),
        case("column.svmlight", "column 2^40", b"1 1099511627776:1\n".to_vec(), Refused(&["row 1", "1099511627776 columns"])),
        case("none.svmlight", "labels and no cell", b"1\n0\n".to_vec(), Refused(&["no cell"])),
        case("inf.svmlight", "infinity", b"1 1:inf\n".to_vec(), Refused(&["row 1, column 1", "infinity"])),
        // Text and word vectors.
        case("latin.txt", "bytes that are not UTF-8", b"fine\nM\xfcller\n".to_vec(), Refused(&["row 2", "UTF-8"])),
        case("zeros.txt", "bytes that no text has", vec![0; 100], Refused(&["zero bytes"])),
        case("signs.txt", "text without a word", b"- - -\n...\n".to_vec(), Refused(&["no word"])),
        case(
            "stop.txt",
            "text of stop words alone",
            b"the and of\nthe of it\n".to_vec(),
            Refused(&["are stop words", "--stop-words none"]),
        ),
        case("word.txt", "a word of four megabytes", vec![b'w'; 4 << 20], Taken(&["1 of 1 distinct words"])),
        case("marks.txt", "a letter under a million marks", format!("ab{}", "\u{301}".repeat(1 << 20)).into_bytes(), Taken(&["1 of 1"])),
        case("docword.cut.txt", "a bag of words that was cut short", b"2\n2\n4\n1 1 1\n".to_vec(), Refused(&["1 cells", "promises 4"])),
        case("docword.far.txt", "a word beyond the last", b"2\n2\n1\n1 3 1\n".to_vec(), Refused(&["row 4", "'1 3 1'"])),
        case("docword.wide.txt", "more words than bytes", b"1\n999999999\n1\n1 1 1\n".to_vec(), Refused(&["promises 999999999 words"])),
        case("count.bin", "2^60 words", b"1152921504606846976 300\nking ....".to_vec(), Refused(&["promises 1152921504606846976 words"])),
        case(
            "cut.bin",
            "a file that was cut short",
            [b"2 2\nking ".as_slice(), &[0; 8], b"queenqueen"].concat(),
            Refused(&["row 2", "ends within a word"]),
        ),
        case(
            "ragged.vec",
            "vectors of different lengths",
            b"king 1 2 3\nqueen 1 2\n".to_vec(),
            Refused(&["row 2", "2 numbers", "each word has 3"]),
        ),
        // Safetensors.
        case(
            "length.safetensors",
            "a header of 2^63 bytes",
            [(1_u64 << 63).to_le_bytes().as_slice(), b"{}"].concat(),
            Refused(&["give a header of 9223372036854775808 bytes"]),
        ),
        case(
            "behind.safetensors",
            "numbers behind the end",
            tensors(r#"{"x":{"dtype":"F32","shape":[4,2],"data_offsets":[0,32]}}"#, &[0; 8]),
            Refused(&["does not fit"]),
        ),
        case(
            "shape.safetensors",
            "a shape that its bytes do not fit",
            tensors(r#"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, &[0; 8]),
            Refused(&["does not fit"]),
        ),
        case(
            "overlap.safetensors",
            "two arrays in one place",
            tensors(
                r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
                &[0; 8],
            ),
            Refused(&["does not fit"]),
        ),
        case("json.safetensors", "a header that is no JSON", tensors("not json", &[]), Refused(&["does not fit"])),
        case("deep.safetensors", "a header 100,000 deep", tensors(&"{\"a\":".repeat(100_000), &[]), Refused(&["does not fit"])),
        case("none.safetensors", "no array", tensors("{}", &[]), Refused(&["no array of numbers"])),
        // Names.
        case("table.xyz", "an unknown ending", b"a,b\n1,2\n".to_vec(), Refused(&["without a known ending", ".csv"])),
        case(
            "array.dat",
            "an array under a name that tells nothing",
            array(f4, "1, 1", &[0; 4]),
            Refused(&["without a known ending", ".npy"]),
        ),
    ]
}

/// All that is done to data before a method sees them.
fn through(path: &Path, run: &Run) -> Result<(Vec<String>, usize), Error> {
    let source = open(path.to_str().unwrap(), &ReadOptions::default())?;
    let observed = source.read(run)?;
    let (preparation, _) = Preparation::choose_and_prepare(&observed, &PrepareOptions::default(), run)?;
    Ok((preparation.told, observed.rows()))
}

#[test]
fn every_bad_file_is_refused_in_words_or_treated_as_stated() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new(0, 2).unwrap();
    let mut wrong = Vec::new();
    for Case { file, tries, bytes, outcome } in cases() {
        let path = folder.path().join(file);
        std::fs::write(&path, &bytes).unwrap();
        let packed = [".gz", ".zst", ".npz"].iter().any(|ending| file.ends_with(ending));
        let size = bytes.len();
        drop(bytes);
        let (result, held) = measured(|| through(&path, &run));
        // Four times the file (unpacked as far as the ratio allows), and the buffers of two threads.
        let allowed = 4 * if packed { size.saturating_mul(1000).min(64 << 20) } else { size } + (24 << 20);
        if held > allowed {
            wrong.push(format!("{file} ({tries}): held {held} bytes, allowed are {allowed}"));
        }
        match (result, outcome) {
            (Err(error), Refused(words)) => {
                let text = format!("{error} hint: {}", error.hint().unwrap_or_default());
                if let Some(word) = words.iter().chain(&[file]).find(|word| !text.contains(**word)) {
                    wrong.push(format!("{file} ({tries}): '{word}' is not in: {text}"));
                }
                if error.exit_code() != 2 {
                    wrong.push(format!("{file} ({tries}): exit code {}: {text}", error.exit_code()));
                }
            }
            (Ok((told, _)), Taken(words)) => {
                let text = told.join("; ");
                if let Some(word) = words.iter().find(|word| !text.contains(**word)) {
                    wrong.push(format!("{file} ({tries}): '{word}' is not told: {text}"));
                }
            }
            (Ok((told, rows)), Refused(_)) => wrong.push(format!("{file} ({tries}): taken, {rows} rows: {told:?}")),
            (Err(error), Taken(_)) => wrong.push(format!("{file} ({tries}): refused: {error}")),
        }
        std::fs::remove_file(&path).unwrap();
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn names_that_lead_nowhere_suggest_what_is_near() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new(0, 1).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("prices.csv", b"a,b\n1,2\n");
    write("empty/notes.md", b"# notes");
    write("pictures/cat/1.png", b"\x89PNG\r\n\x1a\nnothing");
    let huge = {
        let mut bytes = Vec::new();
        image::DynamicImage::new_luma8(1, 1).write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        // The size stands behind the name of the first chunk; its checksum follows.
        bytes[16..24].copy_from_slice(&[0, 0, 0x3f, 0xff, 0, 0, 0x3f, 0xff]);
        let sum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&sum.to_be_bytes());
        bytes
    };
    write("huge/1.png", &huge);
    std::fs::create_dir(folder.path().join("table.csv")).unwrap();
    std::fs::create_dir(folder.path().join("bare")).unwrap();
    let refused = |name: &str| {
        let path = folder.path().join(name);
        let error = through(&path, &run).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        format!("{error} {}", error.hint().unwrap_or_default())
    };
    let holds = |text: String, words: &[&str]| words.iter().for_each(|word| assert!(text.contains(word), "'{word}' is not in: {text}"));
    holds(refused("price.csv"), &["price.csv: there is no such file", "did you mean", "prices.csv"]);
    holds(refused("nowhere/prices.csv"), &["no such file", "the folder"]);
    holds(refused("parts/*.csv"), &["no file has such a name"]);
    holds(refused("empty"), &["1 files, and no image", "quoted pattern"]);
    holds(refused("bare"), &["an empty folder"]);
    holds(refused("table.csv"), &["an empty folder"]);
    holds(refused("pictures"), &["cat", "1.png", "picture cannot be read"]);
    holds(refused("huge"), &["1.png", "16383 x 16383"]);
    assert!(through(&folder.path().join("pri*.csv"), &run).is_ok());
}

/// The checksum of a PNG chunk.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0_u32, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())))
}

#[test]
fn equal_rows_and_equal_ids_are_counted_and_told() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twice.csv");
    std::fs::write(&path, b"id,x,y\na,1,2\nb,1,2\na,3,4\n").unwrap();
    let source = open(path.to_str().unwrap(), &ReadOptions::default()).unwrap();
    let summary = Summary::of_source(&source, &PrepareOptions::default(), &Run::new(0, 1).unwrap()).unwrap();
    assert_eq!((summary.duplicate_rows, summary.duplicate_ids, summary.id.as_deref()), (Some(1), Some(1), Some("id")));
}

/// A whole space file.
fn space() -> Vec<u8> {
    let run = Run::new(0, 1).unwrap();
    let observed = Observations::from_matrix("t", Matrix::from_fn(60, 4, |i, j| ((i * (j + 1)) as f32).sin()));
    let preparation = Preparation::choose(&observed, &PrepareOptions::default(), &run).unwrap();
    let prepared = preparation.prepare(&observed, &run).unwrap();
    let rows = latentspace::data::Rows::memory(&prepared);
    let (space, _) = Space::fit(&Pca::default() as &dyn AnyMethod, preparation, &rows, &observed.metadata, &run).unwrap();
    space.to_bytes().unwrap()
}

#[test]
fn every_bad_space_is_refused_in_words() {
    let _alone = ALONE.lock();
    let whole = space();
    let length = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(whole[8..8 + length].to_vec()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(header.contains(from), "{from} is not in {header}");
        tensors(&header.replacen(from, to, 1), &whole[8 + length..])
    };
    let mut nan = whole.clone();
    nan[8 + length..8 + length + 8].fill(0xff);
    let cases: Vec<(&str, &str, Vec<u8>, &[&str])> = vec![
        ("empty.latent", "an empty file", Vec::new(), &["header of 0 bytes"]),
        ("text.latent", "text under another name", b"a,b\n1,2\n3,4\n".to_vec(), &["not a safetensors file"]),
        ("length.latent", "a header of 2^63 bytes", (1_u64 << 63).to_le_bytes().to_vec(), &["header of 9223372036854775808 bytes"]),
        ("plain.latent", "arrays that are no space", tensors("{}", &[]), &["no metadata"]),
        ("cut.latent", "a file that was cut short", cut(whole.clone(), 10), &["cannot be read"]),
        ("format.latent", "a format from the future", with("format\\\":1", "format\\\":9999"), &["format 9999", "reads formats up to"]),
        ("method.latent", "an unknown method", with("method\\\":\\\"pca", "method\\\":\\\"pcb"), &["'pcb'"]),
        ("columns.latent", "metadata that do not fit the arrays", with("columns\\\":4", "columns\\\":5"), &["fit"]),
        (
            "deep.latent",
            "metadata 100,000 deep",
            tensors(&format!("{{\"__metadata__\":{{\"latentspace\":\"{}\"}}}}", "[".repeat(100_000)), &[]),
            &["not a space file"],
        ),
        ("nan.latent", "a number that is none", nan, &["NaN"]),
        ("missing.latent", "an array that is not there", with("\"components\"", "\"compenents\""), &["'components' is missing"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (file, tries, bytes, words) in cases {
        let path = folder.path().join(file);
        std::fs::write(&path, &bytes).unwrap();
        let (result, held) = measured(|| Space::open(&path));
        let allowed = 4 * bytes.len() + (4 << 20);
        match result {
            Ok(_) => wrong.push(format!("{file} ({tries}): opened")),
            Err(error) => {
                let text = format!("{error} {}", error.hint().unwrap_or_default());
                wrong.extend(
                    words
                        .iter()
                        .chain(&[file])
                        .find(|word| !text.contains(**word))
                        .map(|word| format!("{file} ({tries}): '{word}' is not in: {text}")),
                );
                wrong.extend((error.exit_code() != 2).then(|| format!("{file} ({tries}): exit code {}", error.exit_code())));
            }
        }
        wrong.extend((held > allowed).then(|| format!("{file} ({tries}): held {held} bytes")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A whole file of each format.
fn whole_files() -> Vec<(&'static str, Vec<u8>)> {
    let text = format!("id,x,y,label\n{}", "a,1.5,2,\"u, v\"\nb,NA,3e2,w\nc,-7,1,\n".repeat(3));
    let picture = {
        let mut bytes = Vec::new();
        let pixels = image::RgbImage::from_fn(9, 7, |x, y| image::Rgb([x as u8 * 20, y as u8 * 30, 7]));
        image::DynamicImage::ImageRgb8(pixels).write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        bytes
    };
    let pictures = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let pixels = image::RgbImage::from_fn(9, 7, |x, y| image::Rgb([x as u8 * 20, y as u8 * 30, 7]));
        image::DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let jpeg = {
        let mut bytes = Vec::new();
        let pixels = image::RgbImage::from_fn(19, 17, |x, y| image::Rgb([x as u8 * 10, y as u8 * 12, 7]));
        image::DynamicImage::ImageRgb8(pixels).write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Jpeg).unwrap();
        bytes
    };
    let arrow = {
        use latentspace::arrow::array::{Float64Array, Int32Array, RecordBatch, StringArray};
        let columns: Vec<(&str, latentspace::arrow::array::ArrayRef)> = vec![
            ("a", std::sync::Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.0)]))),
            ("b", std::sync::Arc::new(Int32Array::from(vec![1, 2, 3]))),
            ("t", std::sync::Arc::new(StringArray::from(vec![Some("x"), None, Some("z")]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = latentspace::arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        let file = writer.into_inner().unwrap();
        let mut writer = latentspace::arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        (file, writer.into_inner().unwrap())
    };
    let plain = array("'<f8'", "3, 2", &[1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0].map(f64::to_le_bytes).concat());
    vec![
        ("a.npz", archive(&[("x.npy", &plain), ("y.npy", &array("'<i4'", "3,", &[1; 12]))])),
        ("a.npy", plain),
        ("a.csv.gz", gzip(text.as_bytes())),
        ("a.csv.zst", zst(text.as_bytes())),
        ("a.csv", text.into_bytes()),
        ("a.jsonl", b"{\"a\":1,\"b\":[1,2],\"t\":\"x\"}\n{\"a\":null,\"b\":[3,4],\"t\":\"y\"}\n".to_vec()),
        ("a.parquet", written("t.parquet")),
        ("a.arrow", arrow.0),
        ("b.arrow", arrow.1),
        ("c.arrow", feather(CompressionType::LZ4_FRAME, 100, None)),
        ("d.arrow", feather(CompressionType::ZSTD, 100, None)),
        ("a.idx", vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("a.mtx", format!("{MTX}3 3 3\n1 1 5\n2 3 1\n3 2 2\n").into_bytes()),
        ("a.svmlight", b"1 1:0.5 3:2\n-1 2:1\n".to_vec()),
        ("a.txt", b"one\ntwo words\n".to_vec()),
        ("a.bin", [b"2 2\nking ".as_slice(), &[1; 8], b"\nqueen ", &[2; 8], b"\n"].concat()),
        ("a.vec", b"2 2\nking 1 2\nqueen 3 4\n".to_vec()),
        ("a.safetensors", tensors(r#"{"x":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#, &[1; 16])),
        ("s.npz", sparse("csr", [3, 4], &[0, 1, 1, 3], &[2, 0, 3])),
        ("w/1.webp", pictures(image::ImageFormat::WebP)),
        ("m/1.bmp", pictures(image::ImageFormat::Bmp)),
        ("g/1.gif", pictures(image::ImageFormat::Gif)),
        ("t/1.tiff", pictures(image::ImageFormat::Tiff)),
        ("a/b/1.png", picture),
        ("c/1.jpg", jpeg),
        ("a.latent", space()),
    ]
}

#[test]
fn whole_files_are_read() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new(0, 1).unwrap();
    for (name, bytes) in whole_files() {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let result = match name {
            "a.latent" => Space::open(&path).map(|space| space.rows),
            name if name.contains('/') => through(path.parent().unwrap(), &run).map(|(_, rows)| rows),
            _ => through(&path, &run).map(|(_, rows)| rows),
        };
        assert!(result.is_ok_and(|rows| rows > 0), "{name}");
    }
}

/// A TIFF in little-endian order, with entries of long numbers; what does not fit into an entry lies behind the last.
fn tiff(entries: &[(u16, u32, u32)]) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    out.extend((entries.len() as u16).to_le_bytes());
    for (tag, count, value) in entries {
        out.extend([tag.to_le_bytes(), 4_u16.to_le_bytes()].concat());
        out.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    out.extend([0; 64]);
    out
}

/// What the head of a picture promises is compared with its file and with what is allowed before its decoder is called.
#[test]
fn heads_of_pictures_promise_no_more_than_is_allowed() {
    let _alone = ALONE.lock();
    let grey: [(u16, u32, u32); 4] = [(256, 1, 4), (257, 1, 4), (258, 1, 8), (262, 1, 1)];
    let more = |entries: &[(u16, u32, u32)]| tiff(&[&grey[..], entries].concat());
    let strip = [(273, 1, 100), (279, 1, 16)];
    let of_size = |width: u32, height: u32| tiff(&[&[(256, 1, width), (257, 1, height), (258, 1, 8), (262, 1, 1)], &strip[..]].concat());
    let screen = |width: u16, height: u16, frame: u16| {
        let mut out = b"GIF89a".to_vec();
        out.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
        out.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0]);
        out.extend([frame.to_le_bytes(), frame.to_le_bytes()].concat());
        out.extend([0, 2, 2, 0x4c, 1, 0, 0x3b]);
        out
    };
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("screen.gif", screen(65535, 65535, 1), &["65535 x 65535 pixels", "256.0 MiB", "--max-memory"]),
        ("frame.gif", screen(1, 1, 65535), &["65535 x 65535 pixels"]),
        ("around.gif", screen(600, 600, 9), &["screen of 600 x 600 pixels around a first frame of 9 x 9", "16 times"]),
        ("none.gif", screen(0, 0, 1), &["0 x 0 pixels"]),
        ("cut.gif", screen(1, 1, 1)[..20].to_vec(), &["ends too early"]),
        ("frameless.gif", [&screen(1, 1, 1)[..19], &[0x3b]].concat(), &["without a frame"]),
        ("table.gif", [&b"GIF89a\x01\0\x01\0\0\0\0\x2c"[..], &[0; 12]].concat(), &["without a table of colors"]),
        ("size.tiff", of_size(60000, 60000), &["60000 x 60000 pixels", "256.0 MiB"]),
        ("sides.tiff", of_size(u32::MAX, u32::MAX), &["4294967295 x 4294967295 pixels"]),
        ("packed.tiff", of_size(15000, 15000), &["15000 x 15000 pixels", "1100 times"]),
        ("none.tiff", of_size(0, 4), &["0 x 4 pixels"]),
        ("bits.tiff", tiff(&[(256, 1, 4), (257, 1, 4), (258, u32::MAX, 8), (262, 1, 1)]), &["4,294,967,295 values of BitsPerSample"]),
        ("width.tiff", tiff(&[(256, 1 << 28, 8)]), &["268,435,456 values of ImageWidth", "1 are needed"]),
        ("strips.tiff", more(&[(273, 1 << 28, 8), (279, 1 << 28, 8)]), &["268,435,456 values of StripOffsets"]),
        ("rows.tiff", more(&[(278, 1, 1), (273, 4, 8), (279, 4, u32::MAX)]), &["StripByteCounts", "behind the end"]),
        ("zero.tiff", more(&[(278, 1, 0)]), &["strips of 0 rows"]),
        ("long.tiff", more(&[(273, 1, 100), (279, 1, u32::MAX)]), &["strip 1 has 4,294,967,295 bytes", "whole file"]),
        ("tiles.tiff", more(&[(322, 1, 1), (323, 1, u32::MAX)]), &["tiles of 1 x 4294967295 pixels", "16 to 65536"]),
        ("listed.tiff", more(&[(322, 1, 16), (323, 1, 16), (324, 9, 8), (325, 9, 8)]), &["9 values of TileOffsets"]),
        ("twice.tiff", more(&[(256, 1, 4)]), &["entry 256 twice"]),
        ("samples.tiff", more(&[(277, 1, 65535)]), &["grey pixels of 65535 channels"]),
        ("entries.tiff", [&b"II*\0\x08\0\0\0\xff\xff"[..], &[0; 64]].concat(), &["65,535 entries"]),
        ("wide.tiff", [&b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"[..], &[0xff; 64]].concat(), &["entries in a file of 80 bytes"]),
        ("start.tiff", b"MM\0*\xff\xff\xff\xff".to_vec(), &["ends too early"]),
    ];
    let run = Run::new(0, 1).unwrap();
    let mut wrong = Vec::new();
    for (file, bytes, words) in cases {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file), bytes).unwrap();
        let (result, held) = measured(|| through(folder.path(), &run));
        wrong.extend((held > 1 << 20).then(|| format!("{file}: held {held} bytes")));
        match result {
            Ok(_) => wrong.push(format!("{file}: taken")),
            Err(error) => {
                let text = format!("{error} hint: {}", error.hint().unwrap_or_default());
                if let Some(word) = words.iter().chain(&[file]).find(|word| !text.contains(**word)) {
                    wrong.push(format!("{file}: '{word}' is not in: {text}"));
                }
            }
        }
    }
    // Each number of a whole head, changed.
    for (name, whole) in whole_files().into_iter().filter(|(name, _)| name.ends_with(".gif") || name.ends_with(".tiff")) {
        let file = Path::new(name).file_name().unwrap();
        for place in 0..whole.len().saturating_sub(4) {
            for change in [&[0xff; 4][..], &[0xff, 0x7f], &[0xff], &[0; 4], &[1]] {
                let mut bytes = whole.clone();
                bytes[place..place + change.len()].copy_from_slice(change);
                let folder = tempfile::tempdir().unwrap();
                std::fs::write(folder.path().join(file), bytes).unwrap();
                let (result, held) = measured(|| through(folder.path(), &run));
                let limit = 32 << 20;
                wrong.extend((held > limit).then(|| format!("{name}, byte {place} as {change:?}: held {held} bytes: {:?}", result.err())));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Cut anywhere, with bytes changed anywhere, a file is read or refused; nothing panics, nothing grows.
#[test]
fn broken_files_never_panic() {
    let random = Random::new(1, "broken files");
    for case in 0..300 {
        let length = 1.2 * random.uniform(0, case);
        let flips: Vec<(f64, u8)> =
            (0..random.below(1, case, 6)).map(|flip| (random.uniform(2 + flip, case), random.words(10 + flip, case)[0] as u8)).collect();
        broken(length, &flips);
    }
}

fn broken(length: f64, flips: &[(f64, u8)]) {
    let _alone = ALONE.lock();
    static FILES: std::sync::OnceLock<Vec<(&'static str, Vec<u8>)>> = std::sync::OnceLock::new();
    static RUN: std::sync::OnceLock<Run> = std::sync::OnceLock::new();
    let run = RUN.get_or_init(|| Run::new(0, 2).unwrap());
    let folder = tempfile::tempdir().unwrap();
    for (name, whole) in FILES.get_or_init(whole_files) {
        let mut bytes = whole.clone();
        bytes.truncate((length * whole.len() as f64) as usize);
        for (place, byte) in flips {
            let place = (place * bytes.len() as f64) as usize;
            if let Some(old) = bytes.get_mut(place) {
                *old = *byte;
            }
        }
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let (result, held) = measured(|| match *name {
            "a.latent" => Space::open(&path).map(|_| ()),
            name if name.contains('/') => through(path.parent().unwrap(), run).map(|_| ()),
            _ => through(&path, run).map(|_| ()),
        });
        if let Err(error) = &result {
            assert!(!matches!(error, Error::Internal(_) | Error::Cancelled), "{}: {}", name, error);
        }
        assert!(held < 64 << 20, "{} held {} bytes: {:?}", name, held, result.err());
    }
}
