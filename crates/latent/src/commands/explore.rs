//! `latent explore`: a map of data in the browser, live during the fit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use latentspace::data::{Affine, Metadata, Observations, Precomputed, Preparation, PrepareOptions, ReadOptions, Values, read};
use latentspace::learn;
use latentspace::linalg::{Matrix, OwnedRows, SparseMatrix};
use latentspace::method::{Entry, Shape};
use latentspace::neighbors::Metric;
use latentspace::params::Role;
use latentspace::{Codes, Error, Result, Run, Space, registry};
use serde_json::{Map, json};

use crate::commands::demo;
use crate::context::Context;
use crate::output::{self, count};
use crate::server::{self, Server};
use crate::study::axes::{AxesRoom, Documents};
use crate::study::loadings::LoadingsRoom;
use crate::study::{EncodeText, MAP_FOLDER, Phase, Room, Start, Study, Subject};
use crate::{inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("explore")
        .about("Explore data or a space in the browser: a map, its measures, each row and its neighbors")
        .arg(Arg::new("data").value_name("DATA_OR_SPACE").num_args(1..=2).help(
            "Data; a space; a space and data; or data and codes. Codes of 2 or 3 dimensions are shown as a map [default: asks for a file, and lists the demos]",
        ))
        .arg(
            Arg::new("map")
                .long("map")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["method", "set"])
                .help("Show DATA as a map: its 2 or 3 columns of numbers are coordinates, not data to learn from"),
        )
        .args(server_args())
        .args(inputs::reading_args())
}

/// The flags of commands that serve the page.
pub(crate) fn server_args() -> Vec<Arg> {
    let port = |text: &str| text.parse::<u16>().map_err(|_| "it must be a whole number from 0 to 65535".to_owned());
    vec![
        Arg::new("method")
            .long("method")
            .value_name("METHOD")
            .help(format!("Method that makes the map [default: {}]", registry::default_map().info.name)),
        Arg::new("set")
            .long("set")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .help("Set a parameter of the method: --set perplexity=50 (`latent methods METHOD` lists them)"),
        Arg::new("port").long("port").value_name("N").value_parser(port).help("The port to serve at [default: any that is free]"),
        Arg::new("host")
            .long("host")
            .value_name("H")
            .help("Serve other machines too, under this host name or address, to holders of the token"),
        Arg::new("annotations")
            .long("annotations")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Keep labels and notes that are given on the page in this .csv or .parquet file, and take up those it holds"),
        Arg::new("no-open").long("no-open").action(ArgAction::SetTrue).help("Do not open the browser"),
        Arg::new("save")
            .long("save")
            .value_name("FILE_OR_FOLDER")
            .value_parser(value_parser!(PathBuf))
            .help("Write the measured map as one .html file that opens without a server, or as a folder for any web server, and stop"),
    ]
}

/// The method of the map.
#[derive(Clone)]
pub(crate) struct MapMethod {
    method: &'static Entry,
    params: Map<String, serde_json::Value>,
    /// Whether the method was given; if not, codes of 2 or 3 dimensions are shown as a map.
    asked: bool,
    /// Whether the data were said to be a map.
    is_map: bool,
}

impl MapMethod {
    /// This method (none: the default) with these parameters.
    pub(crate) fn new(name: Option<&str>, params: Map<String, serde_json::Value>) -> Result<Self> {
        let method = name.map_or(Ok(registry::default_map()), registry::find)?;
        method.with(&params)?;
        Ok(MapMethod { method, asked: name.is_some() || !params.is_empty(), is_map: false, params })
    }
}

/// The given method and parameters.
pub(crate) fn way(matches: &ArgMatches) -> Result<MapMethod> {
    let name = matches.get_one::<String>("method");
    let method = name.map_or(Ok(registry::default_map()), |name| registry::find(name))?;
    let parameters = method.parameters();
    let mut params = Map::new();
    for given in matches.get_many::<String>("set").into_iter().flatten() {
        let (name, value) = given
            .split_once('=')
            .ok_or_else(|| Error::param("--set", format!("'{given}'"), "it must be NAME=VALUE, such as perplexity=50"))?;
        let name = name.replace('-', "_");
        let value = match parameters.iter().find(|parameter| parameter.name == name) {
            Some(parameter) => parameter.parse(value)?,
            None => json!(value),
        };
        params.insert(name, value);
    }
    MapMethod::new(name.map(String::as_str), params)
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let names: Vec<String> = matches.get_many::<String>("data").into_iter().flatten().cloned().collect();
    let way = MapMethod { is_map: matches.get_flag("map"), ..way(matches)? };
    let mut read = inputs::read_options(matches)?;
    read.wants_text = way.asked && way.method.info.wants_text();
    let prepare = inputs::prepare_options(matches)?;
    if names.is_empty() {
        if let Some(path) = matches.get_one::<PathBuf>("save") {
            return Err(Error::param("--save", format!("'{}'", path.display()), "it takes data to make a map of"));
        }
        if !context.json {
            demo::offer()?;
        }
        let read_file = move |study: &Study, run: &Run, file: &Path| {
            subject(study, run, &[file.to_string_lossy().into_owned()], &read, &prepare, way.clone())
        };
        return serve_study(matches, context, "latentspace", |study| study.wait(read_file));
    }
    names.iter().try_for_each(|name| check_file(name))?;
    let title = names.last().map(String::as_str).unwrap_or_default().to_owned();
    serve(matches, context, &title, move |study, run| subject(study, run, &names, &read, &prepare, way))
}

/// Refuses a missing file.
pub(crate) fn check_file(name: &str) -> Result<()> {
    if name != "-" && !name.contains(['*', '?', '[']) && !Path::new(name).exists() {
        // The reader's error suggests the nearest name.
        read::open(name, &ReadOptions::default())?;
        inputs::space(Path::new(name))?;
    }
    Ok(())
}

/// Serves a study of what `find` reads, until it is interrupted.
pub(crate) fn serve(
    matches: &ArgMatches,
    context: &Context,
    name: &str,
    find: impl FnOnce(&Study, &Run) -> Result<Subject> + Send + 'static,
) -> Result<()> {
    if let Some(path) = matches.get_one::<PathBuf>("save") {
        return save(path, context, name, find);
    }
    serve_study(matches, context, name, |study| study.begin(find))
}

/// Serves a study that `begin` starts, until it is interrupted.
fn serve_study(matches: &ArgMatches, context: &Context, name: &str, begin: impl FnOnce(&Arc<Study>)) -> Result<()> {
    let annotations = matches.get_one::<PathBuf>("annotations");
    annotations.map_or(Ok(()), |file| outputs::check_ending("--annotations", file, &["csv", "parquet"]))?;
    let host = matches.get_one::<String>("host").map(String::as_str);
    let server = Server::bind(host, matches.get_one::<u16>("port").copied().unwrap_or(0))?;
    let url = server.url();
    if context.json {
        output::json(&json!({"url": url}))?;
    } else {
        output::text(&format!("Open {url} (Ctrl-C stops the server)."))?;
    }
    if !server::is_built() {
        context.run.note(server::NO_PAGE);
    }
    let study = Study::new(name, context.run.clone(), context.screen.clone())?;
    if let Some(file) = annotations {
        study.annotate_in(file.clone());
    }
    begin(&study);
    if !matches.get_flag("no-open") {
        open(&url);
    }
    server.serve(study.clone(), &context.run.cancel_flag())?;
    match study.end() {
        Some(error) => Err(error),
        None => context.run.check(),
    }
}

/// Writes the map of what `find` reads as one HTML file, or without that ending as a folder.
fn save(path: &Path, context: &Context, name: &str, find: impl FnOnce(&Study, &Run) -> Result<Subject> + Send + 'static) -> Result<()> {
    let is_folder = path.extension().is_none() && !outputs::is_standard(path);
    if is_folder {
        outputs::check_folder("--save", path, &MAP_FOLDER)?;
    } else {
        outputs::check("--save", path, &["html"], context)?;
    }
    let study = Study::new(name, context.run.clone(), context.screen.clone())?;
    study.begin(find);
    let (data, map) = study.measured_map()?;
    let files: Vec<(PathBuf, Vec<u8>)> = match is_folder {
        true => study.folder_of(&data, &map)?.into_iter().map(|(name, bytes)| (path.join(name), bytes)).collect(),
        false => vec![(path.to_owned(), study.page_of(&data, &map)?.into_bytes())],
    };
    if is_folder {
        std::fs::create_dir_all(path).map_err(|error| Error::io(path, error))?;
    }
    files.iter().try_for_each(|(file, bytes)| outputs::lines(file, |out| out.write_all(bytes)))?;
    context.screen.clear();
    let (rows, bytes) = (map.frame.rows, files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
    if context.json {
        let files: Vec<&PathBuf> = files.iter().map(|(file, _)| file).collect();
        return output::json(&json!({"rows": rows, "bytes": bytes, "files": files}));
    }
    output::text(&format!(
        "Wrote {}: {} rows, {} MB. {}",
        path.display(),
        count(rows as u64),
        bytes.div_ceil(100_000) as f64 / 10.0,
        if is_folder { "Any web server can serve it." } else { "It opens in a browser without a server." }
    ))
}

/// Opens the browser, where there is a screen; the address is printed in any case.
fn open(url: &str) {
    let has_screen = !cfg!(target_os = "linux") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if !has_screen {
        return;
    }
    let (program, before): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        _ => ("xdg-open", &[]),
    };
    let quiet = std::process::Stdio::null;
    // If no browser opens, the user has the printed address.
    let _ = std::process::Command::new(program).args(before).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
}

/// Finds the subject of the study.
pub(crate) fn subject(
    study: &Study,
    run: &Run,
    names: &[String],
    read: &ReadOptions,
    prepare: &PrepareOptions,
    way: MapMethod,
) -> Result<Subject> {
    let (spaces, others): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| inputs::is_space(name));
    if way.is_map && (!spaces.is_empty() || others.len() != 1) {
        return Err(Error::param("--map", names.join(" "), "it takes one table or array"));
    }
    match (spaces.as_slice(), others.as_slice()) {
        ([space], []) => of_space(inputs::space(Path::new(space))?, space, way),
        ([space], [data]) => of_space_and_data(study, run, space, data, read, way),
        ([], [data]) => of_data(study, run, data, read, prepare, way),
        ([], [data, codes]) => of_data_and_codes(study, run, data, codes, read, prepare, way),
        _ => Err(Error::input(names.join(" "), "two spaces", "only one can be shown")),
    }
}

/// Reads data and reports how.
fn observe(study: &Study, run: &Run, data: &str, options: &ReadOptions) -> Result<Observations> {
    let mut opened = read::open(data, options)?;
    // A table with the columns z0, z1, … holds codes; its other columns are metadata.
    let names = opened.names().unwrap_or_default();
    let axes = names.iter().filter(|name| is_dimension(name)).count();
    if data != "-" && axes >= 2 && axes < names.len() && options.columns.is_none() {
        let axes = (0..axes).map(|axis| format!("z{axis}")).collect();
        opened = read::open(data, &ReadOptions { columns: Some(axes), ..options.clone() })?;
    }
    study.phase(Phase::Reading, format!("reading {}", opened.name()));
    opened.tell(run);
    let observations = opened.read(run)?;
    study.phase(Phase::Preparing, format!("preparing {} rows", count(observations.rows() as u64)));
    Ok(observations)
}

fn of_data(study: &Study, run: &Run, data: &str, read: &ReadOptions, prepare: &PrepareOptions, way: MapMethod) -> Result<Subject> {
    of_observations(observe(study, run, data, read)?, prepare, way, run)
}

/// Whether a column of this name is a dimension of codes: z0, z1, …
fn is_dimension(name: &str) -> bool {
    name.strip_prefix('z').is_some_and(|rest| rest.parse::<u32>().is_ok())
}

/// Observations that are a map: with the names of its axes, if its columns have names that mean something.
fn as_map(observations: &Observations) -> Result<(Matrix, Affine, Vec<String>)> {
    let wrong = |found: String, wanted: &str| {
        Error::input(&observations.name, found, wanted)
            .with_hint("`--columns A,B` chooses the coordinates; without `--map` a map is learned")
    };
    let (numbers, affine) = inputs::coordinates(observations)?;
    if !(2..=3).contains(&numbers.cols()) {
        return Err(wrong(format!("{} columns of numbers", count(numbers.cols() as u64)), "a map has 2 or 3"));
    }
    if let Some(row) = (0..numbers.rows()).find(|&row| numbers.row(row).iter().any(|value| !value.is_finite())) {
        return Err(wrong(format!("row {} has a coordinate that is missing or infinite", row + 1), "each row of a map has coordinates"));
    }
    if !affine.has_one_scale(numbers.cols()) {
        return Err(wrong("columns whose ranges differ more than a picture can show".to_owned(), "coordinates have one unit"));
    }
    let axes = match &observations.values {
        Values::Table(table) => table.names.clone().filter(|names| !names.iter().all(|name| is_dimension(name))),
        _ => None,
    };
    Ok((numbers.clone(), affine.clone(), axes.unwrap_or_default()))
}

/// Observations to learn a map from, or that are a map: unnamed columns and those of codes, or any that are said to be.
pub(crate) fn of_observations(observations: Observations, prepare: &PrepareOptions, way: MapMethod, run: &Run) -> Result<Subject> {
    let map = match way.is_map {
        true => Some(as_map(&observations)?),
        // Named columns are data, though there are only two or three of them.
        false => as_map(&observations).ok().filter(|(_, _, axes)| !way.asked && axes.is_empty()),
    };
    if let Some((codes, affine, axes)) = map {
        let start = Start::Map {
            title: given(&codes),
            codes: codes.clone(),
            affine,
            axes,
            method: String::new(),
            params: Map::new(),
            measure: false,
            measures: BTreeMap::new(),
        };
        let prepared = OwnedRows::Dense(codes);
        return Ok(Subject { observations, prepared, preparation: None, start, notes: Vec::new(), rooms: Vec::new(), encode_text: None });
    }
    if let (Values::Text(_), Some(usual)) = (&observations.values, registry::default_for_text())
        && (!way.asked || way.method.info.wants_text())
    {
        return of_documents(observations, prepare, usual, way, run);
    }
    let (preparation, prepared) = Preparation::choose_and_prepare(&observations, prepare, run)?;
    preparation.told.iter().for_each(|sentence| run.note(sentence));
    let notes = preparation.told.clone();
    let start = fit(way, prepared.shape());
    Ok(Subject { observations, prepared, preparation: Some(preparation), start, notes, rooms: Vec::new(), encode_text: None })
}

/// Documents: learn axes over words, then a map of the documents' proportions.
fn of_documents(observations: Observations, prepare: &PrepareOptions, usual: &'static Entry, way: MapMethod, run: &Run) -> Result<Subject> {
    let (method, params) = if way.asked { (way.method, way.params.clone()) } else { (usual, Map::new()) };
    let method = method.with(&params)?;
    let learned = learn::learn(method.as_ref(), observations.clone(), prepare, &Precomputed::default(), run)?;
    let shares = match learned.placed {
        Some(codes) => codes,
        None => learned.space.encode_prepared(&learned.rows, run)?,
    };
    let map = MapMethod { method: registry::default_map(), params: Map::new(), asked: false, is_map: false };
    of_shares(learned.space, observations, learned.rows, shares, map)
}

/// Documents with their proportions of axes, and a map of these.
fn of_shares(space: Space, mut observations: Observations, rows: OwnedRows, shares: Matrix, mut way: MapMethod) -> Result<Subject> {
    let texts = match &observations.values {
        Values::Text(texts) => Some(texts.clone()),
        _ => None,
    };
    let counts = match rows {
        OwnedRows::Sparse(counts) => counts,
        rows => SparseMatrix::of(&rows.table()?),
    };
    let documents = Documents { shares: shares.clone(), counts: Some(counts), texts, metadata: observations.metadata.clone() };
    let space = Arc::new(space);
    let encode_text = text_encoder(&space);
    let room = AxesRoom::new(space, documents)?;
    observations.metadata = room.column()?;
    by_shares(&mut way);
    let shape = Shape::new(shares.rows(), shares.cols());
    Ok(Subject {
        observations,
        prepared: OwnedRows::Dense(shares),
        preparation: None,
        start: fit(way, shape),
        notes: Vec::new(),
        rooms: vec![Box::new(room)],
        encode_text,
    })
}

/// Encodes texts in a space of texts, to search by their meaning.
fn text_encoder(space: &Arc<Space>) -> Option<Box<EncodeText>> {
    if !space.preparation.is_text() {
        return None;
    }
    let space = space.clone();
    Some(Box::new(move |sought, run| {
        let text = Observations::new("query", Values::Text(Arc::new(vec![sought.to_owned()])));
        let row = space.preparation.prepare(&text, run)?;
        if row.sparse().is_none_or(|row| row.row(0).0.is_empty()) {
            return Err(Error::param("q", format!("'{sought}'"), "it needs at least one word that the space knows"));
        }
        space.codes_of(&row, run).map(OwnedRows::Dense)
    }))
}

/// The default metric of proportions: Hellinger.
fn by_shares(way: &mut MapMethod) {
    if let Some(metric) = way.method.parameter_of(Role::Metric) {
        way.params.entry(metric.name).or_insert_with(|| json!(Metric::Hellinger));
    }
}

/// A map by the method that was asked for, or by the default for rows of this shape.
fn fit(way: MapMethod, shape: Shape) -> Start {
    let method = if way.asked { way.method } else { registry::default_map_of(shape) };
    let params = if method.info.name == way.method.info.name { way.params } else { Map::new() };
    Start::Fit { method, params }
}

/// The title of a map that was not learned here.
fn given(codes: &Matrix) -> String {
    format!("{} rows at the coordinates given", count(codes.rows() as u64))
}

/// Codes as a map if they have 2 or 3 dimensions; else points that need one.
fn map_or_fit(codes: &Matrix, affine: &Affine, space: Option<&Space>, measure: bool, way: MapMethod) -> Start {
    if !(2..=3).contains(&codes.cols()) {
        return fit(way, Shape::new(codes.rows(), codes.cols()));
    }
    let title = match space {
        Some(space) => format!("{} of {} x {}", space.method.title, count(codes.rows() as u64), count(space.model.columns() as u64)),
        None => given(codes),
    };
    Start::Map {
        codes: codes.clone(),
        affine: affine.clone(),
        title,
        axes: Vec::new(),
        method: space.map(|space| space.method.name.to_owned()).unwrap_or_default(),
        params: space.and_then(|space| space.params.as_object().cloned()).unwrap_or_default(),
        measure,
        measures: space.map(|space| space.measures.clone()).unwrap_or_default(),
    }
}

/// Coordinates of the rows that a space keeps.
pub(crate) fn kept(space: &Space, name: &str) -> Result<Matrix> {
    space.capabilities().kept.map(|kept| kept.codes.clone()).ok_or_else(|| {
        Error::input(name, "this space keeps no rows", "the data that it was learned from is needed, too")
            .with_hint(format!("`latent explore {name} DATA`"))
    })
}

/// The rows that a space keeps.
pub(crate) fn of_space(space: Space, name: &str, way: MapMethod) -> Result<Subject> {
    let codes = kept(&space, name)?;
    let title = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let space = Arc::new(space);
    if is_of_words(&space)? {
        let encode_text = text_encoder(&space);
        let room = AxesRoom::of_space(space)?;
        let mut observations = Observations::from_matrix(title, codes.clone());
        observations.metadata = room.column()?;
        let mut way = way;
        by_shares(&mut way);
        let shape = Shape::new(codes.rows(), codes.cols());
        return Ok(Subject {
            observations,
            prepared: OwnedRows::Dense(codes),
            preparation: None,
            start: fit(way, shape),
            notes: Vec::new(),
            rooms: vec![Box::new(room)],
            encode_text,
        });
    }
    let mut observations = Observations::from_matrix(title, codes.clone());
    observations.metadata = space.capabilities().kept.map(|kept| kept.metadata()).unwrap_or_else(|| Metadata::none(codes.rows()));
    let start = map_or_fit(&codes, &Affine::default(), Some(&space), false, way);
    let rooms = rooms_of(&space, &codes, None);
    let prepared = OwnedRows::Dense(codes);
    Ok(Subject { observations, prepared, preparation: None, start, notes: Vec::new(), rooms, encode_text: None })
}

/// Whether axes are shown as distributions over words, with documents.
fn is_of_words(space: &Space) -> Result<bool> {
    Ok(!LoadingsRoom::suits(space) && space.distributions()?.is_some())
}

/// The rooms of a space with rows of these codes; `observed` are the same rows, if they are known.
fn rooms_of(space: &Arc<Space>, codes: &Matrix, observed: Option<&Observations>) -> Vec<Box<dyn Room>> {
    LoadingsRoom::of(space, codes, observed).map(|room| Box::new(room) as Box<dyn Room>).into_iter().collect()
}

fn of_space_and_data(study: &Study, run: &Run, name: &str, data: &str, read: &ReadOptions, way: MapMethod) -> Result<Subject> {
    let space = inputs::space(Path::new(name))?;
    let options = ReadOptions { preparation: Some(space.preparation.clone()), ..read.clone() };
    of_space_and_observations(space, observe(study, run, data, &options)?, way, run)
}

/// Observations at their codes in a space, with the rooms of the space.
pub(crate) fn of_space_and_observations(space: Space, observations: Observations, way: MapMethod, run: &Run) -> Result<Subject> {
    let prepared = space.prepare(&observations, run)?;
    let codes = space.codes_of(&prepared, run)?;
    if is_of_words(&space)? {
        return of_shares(space, observations, prepared, codes, way);
    }
    let space = Arc::new(space);
    let rooms = rooms_of(&space, &codes, Some(&observations));
    let start = map_or_fit(&codes, &Affine::default(), Some(&space), true, way);
    // Of a map the neighbors are those of the data; of a space with more dimensions, those in the space.
    let prepared = if matches!(start, Start::Map { .. }) { prepared } else { OwnedRows::Dense(codes) };
    let notes = space.preparation.told.clone();
    Ok(Subject { observations, prepared, preparation: None, start, notes, rooms, encode_text: None })
}

fn of_data_and_codes(
    study: &Study,
    run: &Run,
    data: &str,
    codes: &str,
    read: &ReadOptions,
    prepare: &PrepareOptions,
    way: MapMethod,
) -> Result<Subject> {
    let observations = observe(study, run, data, read)?;
    let found = Codes::open(Path::new(codes), &ReadOptions::default(), run)?;
    of_observations_and_codes(observations, (&found.values, &found.affine), prepare, way, run).map_err(|error| match error {
        Error::Input(input) if input.file == Path::new("codes") => Error::Input(latentspace::error::Input { file: codes.into(), ..input }),
        other => other,
    })
}

/// Refuses codes with another number of rows.
pub(crate) fn check_codes(observations: &Observations, codes: &Matrix) -> Result<()> {
    if codes.rows() == observations.rows() {
        return Ok(());
    }
    let wanted = format!("{} has {}", observations.name, count(observations.rows() as u64));
    Err(Error::input("codes", format!("{} rows", count(codes.rows() as u64)), wanted))
}

/// Observations, and their codes with the offset of each dimension.
pub(crate) fn of_observations_and_codes(
    observations: Observations,
    (codes, affine): (&Matrix, &Affine),
    prepare: &PrepareOptions,
    way: MapMethod,
    run: &Run,
) -> Result<Subject> {
    check_codes(&observations, codes)?;
    let start = map_or_fit(codes, affine, None, true, way);
    let (preparation, prepared) = if matches!(start, Start::Map { .. }) {
        let (preparation, prepared) = Preparation::choose_and_prepare(&observations, prepare, run)?;
        (Some(preparation), prepared)
    } else {
        (None, OwnedRows::Dense(codes.clone()))
    };
    let notes = preparation.as_ref().map(|preparation| preparation.told.clone()).unwrap_or_default();
    Ok(Subject { observations, prepared, preparation, start, notes, rooms: Vec::new(), encode_text: None })
}
