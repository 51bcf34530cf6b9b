//! The real files of ../shared/data open with the right shapes. `LATENTSPACE_DATA` names another folder.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use latentspace::data::read::{ReadOptions, open};
use latentspace::data::{ImageShape, Observations, Preparation, PrepareOptions, PreparedStream, Rows, Stream, Summary, Values};
use latentspace::method::AnyMethod;
use latentspace::methods::linear::pca::Pca;
use latentspace::{Run, Space};

/// A file of the real data; none, said aloud, where they are absent.
fn file(name: &str) -> Option<String> {
    let folder = std::env::var_os("LATENTSPACE_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let folder = if folder.is_dir() { folder } else { PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data")) };
    let path = folder.join(name);
    if path.exists() {
        return Some(path.to_string_lossy().into_owned());
    }
    eprintln!("NOT TESTED: {} is not there", path.display());
    None
}

fn read(name: &str, options: &ReadOptions) -> Option<Observations> {
    let path = file(name)?;
    let source = open(&path, options).unwrap();
    Some(source.read(&Run::new(0, 2).unwrap()).unwrap())
}

fn shape(name: &str) -> Option<(&'static str, usize, usize)> {
    read(name, &ReadOptions::default()).map(|observed| (observed.values.kind().name(), observed.rows(), observed.columns()))
}

#[test]
fn pictures() {
    for name in ["fashion/train-images-idx3-ubyte.gz", "mnist/train-images-idx3-ubyte.gz"] {
        let labels = file(&name.replace("images-idx3", "labels-idx1"));
        let options = labels.map(|labels| ReadOptions::default().with_labels(&labels)).unwrap_or_default();
        let Some(observed) = read(name, &options) else { return };
        let Values::Images(images) = &observed.values else { panic!("{name}: {}", observed.values.kind()) };
        assert_eq!((observed.rows(), images.shape), (60000, ImageShape { height: 28, width: 28, channels: 1 }));
        assert_eq!(observed.metadata.names(), ["label"]);
        let classes: std::collections::BTreeSet<_> = (0..60000).filter_map(|row| observed.metadata.text(0, row)).collect();
        assert_eq!(classes.len(), 10);
    }
    // The figure of the data's own description: the mean over all pixels of the training pictures.
    let Some(observed) = read("fashion/train-images-idx3-ubyte.gz", &ReadOptions::default()) else { return };
    let Values::Images(images) = &observed.values else { panic!() };
    let mean = images.pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / images.pixels.len() as f64 / 255.0;
    assert!((mean - 0.2862).abs() < 5e-5, "{mean}");
    assert_eq!(shape("emoji/emoji32.npz"), Some(("images", 7572, 32 * 32 * 3)));
    let Some(noto) = read("emoji/noto", &ReadOptions::default()) else { return };
    let Values::Images(images) = &noto.values else { panic!() };
    assert_eq!((noto.rows(), images.shape), (1911, ImageShape { height: 64, width: 64, channels: 3 }));
    assert_eq!(noto.metadata.names(), ["file", "class"]);
    assert_eq!(images.pixels[..3], [255, 255, 255], "opacity lies on white");
    let labels = file("emoji/emoji32.parquet").map(|path| ReadOptions::default().with_labels(&format!("{path}:group")));
    let Some(emoji) = labels.and_then(|options| read("emoji/emoji32.npz", &options)) else { return };
    assert_eq!(emoji.metadata.names(), ["group"]);
}

#[test]
fn texts() {
    let Some(arxiv) = read("documents/arxiv.parquet", &ReadOptions::default()) else { return };
    assert_eq!((arxiv.values.kind().name(), arxiv.rows()), ("text", 29400));
    assert_eq!(arxiv.metadata.names(), ["id", "title", "category", "area", "categories", "date"]);
    assert_eq!(arxiv.metadata.id, Some(0));
    assert_eq!(shape("documents/sotu.parquet").map(|(kind, rows, _)| (kind, rows)), Some(("text", 12836)));
    let Some(wikipedia) = read("text/wikipedia.jsonl.zst", &ReadOptions::default()) else { return };
    let Values::Text(texts) = &wikipedia.values else { panic!() };
    assert_eq!((texts.len(), wikipedia.metadata.names()), (13503, vec!["id".to_owned(), "title".to_owned()]));
    assert_eq!(texts.iter().map(|text| text.split_whitespace().count()).sum::<usize>(), 17_704_348);
    assert_eq!(shape("wordtests/questions-words.txt"), Some(("text", 19558, 0)));
}

#[test]
fn tables() {
    let Some(prices) = read("stocks/prices.parquet", &ReadOptions::default()) else { return };
    let Values::Table(table) = &prices.values else { panic!() };
    assert_eq!((prices.rows(), table.names.as_deref().unwrap().join(" ")), (619_040, "close volume".to_owned()));
    assert_eq!(prices.metadata.names(), ["date", "ticker"]);
    assert_eq!(shape("stocks/companies.csv").map(|(kind, rows, _)| (kind, rows)), Some(("table", 505)));
    assert_eq!(shape("spectra/spex_flux.npy"), Some(("array", 1988, 640)));
    assert_eq!(shape("spectra/spex_noise.npy"), Some(("array", 1988, 640)));
    assert_eq!(shape("embeddings/wiki20k.npy"), Some(("array", 20000, 384)));
    let labels = file("spectra/spex_labels.parquet").map(|path| ReadOptions::default().with_labels(&path));
    let spex = labels.and_then(|options| read("spectra/spex_flux.npy", &options)).unwrap();
    assert_eq!((spex.metadata.columns.num_columns(), spex.metadata.id), (20, Some(0)));
    let labels = file("counts/cells.csv").map(|path| ReadOptions::default().with_labels(&format!("{path}:type")));
    let cells = labels.and_then(|options| read("counts/pbmc3k.mtx", &options)).unwrap();
    let Values::Counts(counts) = &cells.values else { panic!() };
    assert_eq!((cells.rows(), counts.cols, counts.values.len()), (2638, 2000, 514_442));
    assert_eq!(cells.metadata.names(), ["type"]);
}

#[test]
fn labels_of_other_rows_are_refused() {
    let (Some(data), Some(labels)) = (file("spectra/spex_flux.npy"), file("counts/cells.csv")) else { return };
    let error = open(&data, &ReadOptions::default().with_labels(&labels)).err().unwrap().to_string();
    assert!(error.contains("cells.csv") && error.contains("2638 rows of labels") && error.contains("1988"), "{error}");
    let error = open(&data, &ReadOptions::default().with_labels(&format!("{labels}:typ"))).err().unwrap();
    assert_eq!(error.hint(), Some("did you mean 'type'?"));
}

#[test]
fn a_summary_is_the_same_on_any_threads_and_a_stream_gives_the_space_that_memory_gives() {
    let Some(path) = file("stocks/prices.parquet") else { return };
    let source = open(&path, &ReadOptions::default()).unwrap();
    let options = PrepareOptions::default();
    let (one, two) = (Run::new(0, 1).unwrap(), Run::new(0, 2).unwrap());
    let streamed = Summary::of_source(&source, &options, &one).unwrap();
    let observed = source.read(&two).unwrap();
    let mut held = Summary::of(&observed, &options, &two).unwrap();
    held.notes.clone_from(&streamed.notes);
    assert_eq!(held, streamed);
    assert_eq!(streamed.metadata[1].distinct, Some(505));
    assert!(streamed.preparation[0].contains("standardized"), "{:?}", streamed.preparation);
    let preparation = Preparation::choose(&observed, &options, &two).unwrap();
    assert_eq!(preparation, Preparation::from_summary(&streamed, &options).unwrap());
    let stream = PreparedStream::new(&source, &preparation, &one).unwrap();
    assert_eq!((stream.rows(), stream.cols()), (619_040, 2));
    let fit = |rows: &Rows<'_>, run: &Run| {
        let (space, _) = Space::fit(&Pca::default() as &dyn AnyMethod, preparation.clone(), rows, &observed.metadata, run).unwrap();
        space.to_bytes().unwrap()
    };
    let prepared = preparation.prepare(&observed, &two).unwrap();
    assert!(fit(&Rows::stream(&stream), &one) == fit(&Rows::memory(&prepared), &two), "streamed and held give other bytes");
}
