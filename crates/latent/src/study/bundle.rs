//! A kept map that needs no `latent explore`: as one HTML file, or as a folder for any web server. Coordinates, columns, ids, pictures, neighbors and
//! trust, compressed.
//!
//! The bytes: the length of a JSON header (u32, little-endian), the header ([`Header`]), then its sections. Numbers are little-endian. All of it is
//! deflated (RFC 1951); in one HTML file, then written in Base64 (RFC 4648).

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use latentspace::data::Values;
use latentspace::neighbors::Neighbors;
use latentspace::schemars::{self, JsonSchema};
use latentspace::{Error, Result, registry};
use serde::Serialize;
use serde_json::json;

use super::columns::{Cells, ColumnInfo, ColumnType};
use super::curve::CurveAxis;
use super::maps::Kept;
use super::rows::NeighborSearch;
use super::state::{Phase, State};
use super::{Data, Study, held};
use crate::commands::methods::MethodInfo;
use crate::server::{standing_alone, standing_in_folder};

/// How much is taken along.
struct Extent {
    /// Maximum number of columns with numbers or categories.
    columns: usize,
    /// Maximum number of neighbors over all rows.
    neighbors: usize,
    /// Whether the distances of neighbors are.
    distances: bool,
    /// Maximum length of all texts together, in bytes; longer ones are cut to equal lengths.
    text: usize,
    /// Maximum number of bytes of all pictures, which are left out beyond.
    pictures: usize,
}

/// In one file: 5 neighbors each for 60,000 rows.
const FILE: Extent = Extent { columns: 24, neighbors: 300_000, distances: false, text: 4 << 20, pictures: 16 << 20 };
/// In a folder.
const FOLDER: Extent = Extent { columns: 1000, neighbors: 15_000_000, distances: true, text: 256 << 20, pictures: 256 << 20 };

/// The files of a folder: the page, and the map.
pub(crate) const MAP_FOLDER: [&str; 2] = ["index.html", "map.bin"];
/// Coordinates are divided into so many steps over the width of the map.
const STEPS: f64 = 65_535.0;
/// The number of kept neighbors of a row that was not measured.
const UNKNOWN: u8 = 255;

/// How the cells of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub(crate) enum Coding {
    U8,
    U16,
    U32,
    F32,
    /// Of times, which need their seconds.
    F64,
}

/// A column of the file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct BundleColumn {
    pub(crate) info: ColumnInfo,
    pub(crate) coding: Coding,
    /// The value of the code 0 of a whole number; the largest code is a missing cell.
    pub(crate) offset: f64,
}

/// A column of texts.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct BundleText {
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) cells: Vec<Option<String>>,
}

/// The shape of pictures: 1 channel is grey, 3 are RGB, 4 RGBA.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct PictureShape {
    width: usize,
    height: usize,
    channels: usize,
}

/// The header. Sections: the coordinates, dimension by dimension, u16 (0 to 65535 over the radius on both sides of the center); the number of kept
/// neighbors of each row, u8 (255: not measured), if `trust`; the cells of each column; the pixels of all pictures, u8, if `pictures`; the distances of
/// the neighbors, f32, if `distances`; the neighbors, as differences of positions in the order of the rows along a Z-order curve through the
/// map, zigzag and LEB128.
#[derive(Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Bundle {
    pub(crate) state: State,
    #[serde(serialize_with = "kept")]
    #[schemars(with = "Kept")]
    pub(crate) map: Arc<Kept>,
    /// The method of the map, if it was learned.
    pub(crate) methods: Vec<MethodInfo>,
    pub(crate) dims: usize,
    pub(crate) center: [f64; 3],
    pub(crate) radius: f64,
    pub(crate) trust: bool,
    /// The shape of the pictures; null without them.
    pub(crate) pictures: Option<PictureShape>,
    pub(crate) distances: bool,
    pub(crate) columns: Vec<BundleColumn>,
    pub(crate) texts: Vec<BundleText>,
    /// Null if rows have no id but their number.
    pub(crate) ids: Option<Vec<String>>,
    /// The x axis of curves, if all of their columns are in the file.
    pub(crate) axis: Option<CurveAxis>,
    /// How the nearest neighbors of each row in the data were searched; `k` of them are in the file, at most those that were measured.
    pub(crate) search: NeighborSearch,
}

fn kept<S: serde::Serializer>(map: &Arc<Kept>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    map.as_ref().serialize(serializer)
}

impl Study {
    /// A kept map as one HTML file. Some 24 bytes a row, and the page (0.4 MB).
    ///
    /// # Errors
    /// [`Error::Internal`] if the program was built without its page.
    pub(crate) fn page_of(&self, data: &Data, map: &Arc<Kept>) -> Result<String> {
        let bytes = self.bundle(data, map, &FILE)?;
        standing_alone(&json!({"map": STANDARD.encode(bytes)})).ok_or_else(|| Error::internal(crate::server::NO_PAGE))
    }

    /// A kept map as the files of a folder that any web server can serve: with all neighbors and their distances, up to 1,000 columns, whole texts,
    /// and pictures.
    ///
    /// # Errors
    /// As [`Study::page_of`].
    pub(crate) fn folder_of(&self, data: &Data, map: &Arc<Kept>) -> Result<[(&'static str, Vec<u8>); 2]> {
        let bytes = self.bundle(data, map, &FOLDER)?;
        let [page, file] = MAP_FOLDER;
        let html = standing_in_folder(&json!({"map": {"file": file}})).ok_or_else(|| Error::internal(crate::server::NO_PAGE))?;
        Ok([(page, html.into_bytes()), (file, bytes)])
    }

    /// Waits until the map is made and measured.
    ///
    /// # Errors
    /// The error that ended the work; [`Error::Cancelled`].
    pub(crate) fn measured_map(&self) -> Result<(Arc<Data>, Arc<Kept>)> {
        loop {
            self.run.check()?;
            let (phase, failure, map) = self.desk.look(|state| (state.phase, state.error.clone(), state.map_id));
            if self.is_over() {
                return Err(self.end().unwrap_or(Error::Cancelled));
            }
            match (phase, map.and_then(|id| self.kept.get(id)), self.data()) {
                (Phase::Done | Phase::Stopped, Some(map), Some(data)) => return Ok((data, map)),
                (Phase::Failed, ..) if self.data().is_some() => {
                    return Err(Error::input(
                        self.desk.look(|state| state.name.clone()),
                        failure.map_or_else(String::new, |failure| failure.error),
                        "a map that can be learned",
                    ));
                }
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// The compressed bytes of the file.
    fn bundle(&self, data: &Data, map: &Arc<Kept>, extent: &Extent) -> Result<Vec<u8>> {
        let frame = &map.frame;
        let (n, dims, places) = (frame.rows, frame.dims, frame.codes()?);
        let (center, radius) = frame.extent();
        let step = |value: f32| ((f64::from(value) / radius * 0.5 + 0.5) * STEPS).round().clamp(0.0, STEPS) as u16;
        let steps: Vec<Vec<u16>> = (0..dims).map(|dim| (0..n).map(|row| step(places.row(row)[dim])).collect()).collect();
        let mut sections: Vec<u8> = steps.iter().flatten().flat_map(|step| step.to_le_bytes()).collect();

        let k = self.desk.look(|state| state.n_neighbors);
        if let Some(trust) = &map.trust {
            sections.extend(trust.iter().map(|&share| if share.is_nan() { UNKNOWN } else { (share * k as f32).round() as u8 }));
        }
        let mut columns = Vec::new();
        let ids = self.ids_of_columns(data, extent);
        let observed = ids.iter().filter(|id| id.starts_with("observed:")).count();
        for id in ids {
            let Some((info, cells)) = self.column(data, &id) else { continue };
            let (coding, offset) = write(&cells, info.column.kind == ColumnType::Date, &mut sections);
            columns.push(BundleColumn { info, coding, offset });
        }
        let pictures = match &data.observations.values {
            Values::Images(images) if images.pixels.len() <= extent.pictures => Some(images),
            _ => None,
        };
        if let Some(images) = pictures {
            sections.extend_from_slice(&images.pixels);
        }
        let pictures = pictures.map(|images| images.shape);
        let near = held(&self.near).clone().filter(|(metric, near)| *metric == map.metric && near.rows() == n);
        let neighbors = near.as_ref().map_or(0, |(_, near)| near.k.min(extent.neighbors / n.max(1)));
        let distances = extent.distances && neighbors > 0;
        if let Some((_, near)) = near.filter(|_| neighbors > 0) {
            if distances {
                let all = (0..n).flat_map(|row| near.row(row).1[..neighbors].iter());
                sections.extend(all.flat_map(|distance| distance.to_le_bytes()));
            }
            sections.extend(write_neighbors(&near, neighbors, &curve(&steps)));
        }
        let axis = data.curve.clone().filter(|_| observed == data.observations.columns());
        let state = State {
            phase: Phase::Done,
            curve: axis.is_some(),
            can: Vec::new(),
            grid: None,
            again: None,
            map_id: Some(map.id),
            maps_version: 1,
            trust_version: u64::from(map.trust.is_some()),
            method: map.method.clone(),
            title: map.title.clone(),
            params: map.params.clone(),
            seed: map.seed,
            seconds: map.seconds,
            axes: map.axes.clone(),
            measures: map.measures.clone(),
            estimated: map.estimated.clone(),
            sentences: map.sentences.clone(),
            warnings: map.warnings.clone(),
            ..self.desk.state()
        };
        let state =
            State { picture: state.picture.filter(|_| pictures.is_some()), annotations: Arc::default(), search_by_meaning: false, ..state };
        let pictures = pictures.map(|shape| PictureShape { width: shape.width, height: shape.height, channels: shape.channels });
        let trust = map.trust.is_some();
        let search = NeighborSearch { k: neighbors, metric: map.metric, columns: data.points.cols(), metrics: Vec::new() };
        let (texts, ids) = (data.fields.texts(extent.text), data.fields.ids());
        let methods = registry::METHODS.iter().filter(|entry| entry.info.name == map.method).map(MethodInfo::of).collect();
        let header = Bundle {
            state,
            map: map.clone(),
            methods,
            dims,
            center,
            radius,
            trust,
            pictures,
            distances,
            columns,
            texts,
            ids,
            axis,
            search,
        };
        let header = serde_json::to_vec(&header).map_err(|error| Error::internal(error.to_string()))?;
        let mut out = DeflateEncoder::new(Vec::new(), Compression::best());
        let all = [&(header.len() as u32).to_le_bytes()[..], &header, &sections];
        all.iter().try_for_each(|part| out.write_all(part)).and_then(|()| out.finish()).map_err(|error| Error::internal(error.to_string()))
    }

    /// The columns that a file holds: metadata, derived, and observed ones of tables.
    fn ids_of_columns(&self, data: &Data, extent: &Extent) -> Vec<String> {
        let all = self.columns(data, "", usize::MAX).columns.into_iter().filter(|column| column.kind != ColumnType::Id);
        let is_of_table = matches!(data.observations.values, Values::Table(_));
        let wanted = all.map(|column| column.id).filter(|id| id != "derived:kept" && (is_of_table || !id.starts_with("observed:")));
        wanted.take(extent.columns).collect()
    }
}

/// Appends cells in the fewest bytes that lose nothing of what the page shows: whole numbers by their difference from the least.
fn write(cells: &Cells, are_times: bool, out: &mut Vec<u8>) -> (Coding, f64) {
    match cells {
        Cells::Codes(codes, categories) => {
            let coding = coding(categories.len() as f64 - 1.0);
            codes.iter().for_each(|&code| put(coding, code, out));
            (coding, 0.0)
        }
        Cells::Numbers(values) => {
            let known = || values.iter().filter(|value| value.is_finite());
            let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
            if known().all(|value| value.fract() == 0.0) && high - low < f64::from(u16::MAX) {
                let coding = coding(high - low);
                let code = |value: f64| if value.is_finite() { (value - low) as u32 } else { u32::MAX };
                values.iter().for_each(|&value| put(coding, code(value), out));
                return (coding, low);
            }
            if are_times {
                out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                return (Coding::F64, 0.0);
            }
            out.extend(values.iter().flat_map(|&value| (value as f32).to_le_bytes()));
            (Coding::F32, 0.0)
        }
    }
}

/// The narrowest coding of codes up to this one, and a missing cell.
fn coding(most: f64) -> Coding {
    match most {
        most if most < f64::from(u8::MAX) => Coding::U8,
        most if most < f64::from(u16::MAX) => Coding::U16,
        _ => Coding::U32,
    }
}

/// Appends a code; one that does not fit, a missing cell, is the largest that does.
fn put(coding: Coding, code: u32, out: &mut Vec<u8>) {
    match coding {
        Coding::U8 => out.push(u8::try_from(code).unwrap_or(u8::MAX)),
        Coding::U16 => out.extend(u16::try_from(code).unwrap_or(u16::MAX).to_le_bytes()),
        Coding::U32 | Coding::F32 | Coding::F64 => out.extend(code.to_le_bytes()),
    }
}

/// Rows in their order along a Z-order curve (Morton 1966), in which rows that are near on the map are mostly near; ties by row.
fn curve(steps: &[Vec<u16>]) -> Vec<u32> {
    // 16 bits of two coordinates, 10 of three.
    let bits = if steps.len() > 2 { 10 } else { 16 };
    let key = |row: usize| {
        let bit = |at: u32| steps.iter().enumerate().map(move |(dim, steps)| u64::from(steps[row] >> (15 - at) & 1) << dim);
        (0..bits).fold(0_u64, |key, at| key << steps.len() | bit(at).sum::<u64>())
    };
    let mut order: Vec<(u64, u32)> = (0..steps.first().map_or(0, Vec::len)).map(|row| (key(row), row as u32)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, row)| row).collect()
}

fn write_neighbors(near: &Neighbors, k: usize, order: &[u32]) -> Vec<u8> {
    let mut position = vec![0_i64; order.len()];
    order.iter().enumerate().for_each(|(at, &row)| position[row as usize] = at as i64);
    let mut out = Vec::new();
    for &row in order {
        for &other in &near.row(row as usize).0[..k] {
            let difference = position[other as usize] - position[row as usize];
            let mut code = (difference << 1 ^ difference >> 63) as u64;
            while code >= 0x80 {
                out.push(code as u8 | 0x80);
                code >>= 7;
            }
            out.push(code as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_take_few_bytes_and_come_back() {
        let mut out = Vec::new();
        assert_eq!(write(&Cells::Numbers(vec![1990.0, f64::NAN, 2020.0]), false, &mut out), (Coding::U8, 1990.0));
        assert_eq!(out, [0, 255, 30]);
        out.clear();
        assert_eq!(write(&Cells::Numbers(vec![0.0, 300.0]), false, &mut out), (Coding::U16, 0.0));
        assert_eq!(out, [0, 0, 44, 1]);
        out.clear();
        assert_eq!(write(&Cells::Numbers(vec![0.5, f64::NAN]), false, &mut out).0, Coding::F32);
        assert_eq!(out.len(), 8);
        out.clear();
        assert_eq!(write(&Cells::Numbers(vec![19_000.000_011_574]), true, &mut out).0, Coding::F64);
        assert_eq!(out, 19_000.000_011_574_f64.to_le_bytes());
        out.clear();
        // 255 categories and a missing cell need more than a byte.
        let category = |at: usize| super::super::Category { label: at.to_string(), count: 1 };
        assert_eq!(write(&Cells::Codes(vec![0, u32::MAX], (0..256).map(category).collect()), false, &mut out).0, Coding::U16);
        assert_eq!(out, [0, 0, 255, 255]);
    }

    #[test]
    fn rows_along_the_curve_are_near() {
        let steps = vec![vec![0, 65535, 1, 65534], vec![0, 65535, 1, 65534]];
        assert_eq!(curve(&steps), [0, 2, 3, 1]);
        assert_eq!(curve(&[vec![7, 7], vec![1, 1], vec![2, 2]]), [0, 1]);
    }

    #[test]
    fn neighbors_are_differences_along_the_curve() {
        let recall = latentspace::measure::Measure::exact(1.0, None);
        let near = Neighbors { k: 1, indices: vec![1, 0, 0], distances: vec![0.0; 3], algorithm: "exact", recall };
        assert_eq!(write_neighbors(&near, 1, &[0, 2, 1]), [4, 1, 3]);
        // A difference of -200 takes two bytes.
        let far = Neighbors { indices: (0..201).map(|row| if row == 200 { 0 } else { row }).collect(), distances: vec![0.0; 201], ..near };
        let order: Vec<u32> = (0..201).collect();
        assert_eq!(write_neighbors(&far, 1, &order)[200..], [0x8f, 0x03]);
    }
}
