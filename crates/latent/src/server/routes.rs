//! The routes under `/api/`, as documented in docs/http-api.md.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use latentspace::neighbors::Metric;
use latentspace::{Error, registry};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{events, png};
use crate::commands::demo::demos;
use crate::commands::methods::MethodInfo;
use crate::hints::Flags;
use crate::study::{Asked, Cells, Change, ColumnInfo, Data, Failure, Frame, Kept, Room, SearchBy, Study, TablePage, TableRow, ViewChange};

/// An error as an answer.
pub(crate) struct Refused {
    status: StatusCode,
    failure: Failure,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Refused { status, failure: Failure { error: sentence.into(), hint: None } }
    }

    fn missing(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        // Hints with flags are useless on the page.
        Refused { status, failure: Failure::new(&error, &Flags::default()) }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.failure)).into_response()
    }
}

macro_rules! refused_from {
    ($($rejection:ty)*) => {$(
        impl From<$rejection> for Refused {
            fn from(rejection: $rejection) -> Self {
                Refused::new(StatusCode::BAD_REQUEST, rejection.body_text())
            }
        }
    )*};
}
refused_from!(JsonRejection QueryRejection);

/// Extractors of axum with this server's errors.
struct Asks<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Asks<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        Ok(Asks(axum::Json::<T>::from_request(request, state).await?.0))
    }
}

/// A number in the path.
struct Path(usize);

impl<S: Send + Sync> FromRequestParts<S> for Path {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let read = axum::extract::Path::<usize>::from_request_parts(parts, state).await;
        read.map(|number| Path(number.0)).map_err(|_| Refused::missing("the address takes a whole number here, counted from 0."))
    }
}

/// Two numbers in the path.
struct Two(usize, usize);

impl<S: Send + Sync> FromRequestParts<S> for Two {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let read = axum::extract::Path::<(usize, usize)>::from_request_parts(parts, state).await;
        read.map(|numbers| Two(numbers.0.0, numbers.0.1)).map_err(|_| Refused::missing("the address takes two whole numbers here."))
    }
}

/// The query string.
struct Query<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        Ok(Query(axum::extract::Query::<T>::from_request_parts(parts, state).await?.0))
    }
}

/// The largest file that the page may send, in bytes.
const LARGEST_FILE: usize = 512 << 20;

type Answer = Result<Response, Refused>;
type Shared = State<Arc<Study>>;

/// The routes.
pub(crate) fn routes(study: Arc<Study>) -> Router {
    let api = Router::new()
        .route("/state", get(async |State(study): Shared| Json(study.desk.state())))
        .route("/events", get(events::events))
        .route("/map", get(map))
        .route("/maps", get(maps))
        .route("/maps/{id}", get(kept_map))
        .route("/maps/{id}/trust", get(kept_trust))
        .route("/maps/{id}/groups", get(kept_groups))
        .route("/maps/{id}/stability", get(kept_stability))
        .route("/maps/{id}/space", get(kept_space))
        .route("/maps/{id}/page", get(kept_page))
        .route("/maps/{id}/compare/{other}", get(compare))
        .route("/fields/{index}", get(field))
        .route("/fields/{index}/ranks", get(ranks))
        .route("/columns", get(columns))
        .route("/columns/{id}", get(column))
        .route("/columns/{id}/values", get(column_values))
        .route("/trust", get(trust))
        .route("/names", get(names))
        .route("/rows/{row}", get(row))
        .route("/rows/{row}/picture", get(picture))
        .route("/pictures", get(pictures))
        .route("/rows/{row}/values", get(values))
        .route("/rows/{row}/largest", get(largest))
        .route("/curve", get(curve))
        .route("/search", get(search))
        .route("/search/rows", get(search_rows))
        .route("/table", post(table))
        .route("/selection", get(async |State(study): Shared| Json(study.desk.selection())).post(select))
        .route("/view", get(async |State(study): Shared| Json(study.desk.view())).post(change_view))
        .route("/view/picture", post(picture_of_view))
        .route("/explain", post(explain))
        .route("/rows/save", post(save))
        .route("/annotations", get(annotations).post(annotate))
        .route("/methods", get(methods))
        .route("/fit", post(fit))
        .route("/grid", post(grid))
        .route("/stability", post(stability))
        .route("/sweep", get(sweep_offer).post(sweep))
        .route("/sweep/cost", get(sweep_cost))
        .route("/stop", post(stop))
        .route("/open", post(open).layer(DefaultBodyLimit::max(LARGEST_FILE)))
        .route("/demos", get(async || Json(demos().map(|(name, what)| json!({"name": name, "what": what})).collect::<Vec<_>>())))
        .fallback(of_room)
        .with_state(study);
    Router::new().nest("/api", api)
}

fn binary(bytes: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], bytes.into()).into_response()
}

fn bytes_of(cells: impl Iterator<Item = [u8; 4]>) -> Response {
    binary(cells.flatten().collect::<Vec<u8>>())
}

/// Runs longer work off the threads that answer.
async fn aside(work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::internal(error.to_string()).into()))
}

fn data(study: &Study) -> Result<Arc<Data>, Refused> {
    study.data().ok_or_else(|| Refused::missing("the data are not read yet."))
}

/// The data and one of their rows, if it exists.
fn data_with(study: &Study, row: usize) -> Result<Arc<Data>, Refused> {
    let data = data(study)?;
    let rows = data.observations.rows();
    if row < rows { Ok(data) } else { Err(Refused::missing(format!("row {row}: there are {rows}, counted from 0."))) }
}

async fn map(State(study): Shared) -> Response {
    match study.desk.frame() {
        Some(frame) => binary(Bytes::from_owner(FrameBytes(frame))),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// The bytes of a frame, without a copy.
struct FrameBytes(Arc<Frame>);

impl AsRef<[u8]> for FrameBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
}

#[derive(Deserialize)]
struct Start {
    /// Is subtracted from numbers.
    #[serde(default)]
    from: f64,
}

async fn field(State(study): Shared, Path(index): Path, Query(start): Query<Start>) -> Answer {
    let data = data(&study)?;
    aside(move || {
        let cells = data.fields.cells_of(index).ok_or_else(|| Refused::missing(format!("field {index}: it has no numbers.")))?;
        Ok(binary(cells.bytes(start.from)))
    })
    .await
}

async fn ranks(State(study): Shared, Path(index): Path) -> Answer {
    let data = data(&study)?;
    aside(move || {
        let ranks = data.fields.ranks(index).ok_or_else(|| Refused::missing(format!("field {index}: there is none.")))?;
        Ok(bytes_of(ranks.iter().map(|rank| rank.to_le_bytes())))
    })
    .await
}

async fn columns(State(study): Shared, Query(sought): Query<Sought>) -> Answer {
    let data = data(&study)?;
    aside(move || Ok(Json(study.columns(&data, &sought.q, sought.limit.min(1000))).into_response())).await
}

/// The id of a column, and what is asked of it.
async fn of_column(study: Arc<Study>, id: String, answer: impl FnOnce(ColumnInfo, Cells) -> Response + Send + 'static) -> Answer {
    let data = data(&study)?;
    aside(move || {
        let (info, cells) =
            study.column(&data, &id).ok_or_else(|| Refused::missing(format!("column {id}: there is none with numbers.")))?;
        Ok(answer(info, cells))
    })
    .await
}

async fn column(State(study): Shared, axum::extract::Path(id): axum::extract::Path<String>) -> Answer {
    of_column(study, id, |info, _| Json(info).into_response()).await
}

async fn column_values(State(study): Shared, axum::extract::Path(id): axum::extract::Path<String>, Query(start): Query<Start>) -> Answer {
    of_column(study, id, move |_, cells| binary(cells.bytes(start.from))).await
}

/// What only some data have: the rooms answer.
async fn of_room(State(study): Shared, method: Method, uri: Uri, Query(query): Query<HashMap<String, String>>) -> Answer {
    let nothing = || Refused::missing("there is nothing at this address.");
    let data = study.data().filter(|_| method == Method::GET).ok_or_else(nothing)?;
    aside(move || {
        let path: Vec<&str> = uri.path().trim_start_matches('/').split('/').collect();
        let answer = |rooms: &mut dyn Iterator<Item = &dyn Room>, path: &[&str]| {
            let asked = Asked { path: path.to_vec(), query: &query };
            for room in rooms {
                if let Some(told) = room.answer(&asked, study.aside())? {
                    return Ok(Json(told).into_response());
                }
            }
            Err(nothing())
        };
        match path.as_slice() {
            // A map has the rooms of its space.
            ["maps", id, path @ ..] => {
                let map = kept(&study, id.parse().map_err(|_| nothing())?)?;
                answer(&mut map.rooms.iter().map(|room| &**room), path)
            }
            path => answer(&mut data.rooms.iter().map(|room| &**room), path),
        }
    })
    .await
}

/// The map with this id, if it is still kept.
fn kept(study: &Study, id: usize) -> Result<Arc<Kept>, Refused> {
    study.kept.get(id as u64).ok_or_else(|| Refused::missing(format!("map {id}: it is not kept (any more).")))
}

async fn maps(State(study): Shared) -> Json<Vec<Value>> {
    Json(study.kept.all().iter().map(|map| json!(**map)).collect())
}

async fn kept_map(State(study): Shared, Path(id): Path) -> Answer {
    Ok(binary(Bytes::from_owner(FrameBytes(kept(&study, id)?.frame.clone()))))
}

async fn kept_trust(State(study): Shared, Path(id): Path) -> Answer {
    Ok(shares(kept(&study, id)?.trust.clone()))
}

/// The map as one HTML file.
async fn kept_page(State(study): Shared, Path(id): Path) -> Answer {
    let (data, map) = (data(&study)?, kept(&study, id)?);
    aside(move || {
        let name = format!("{}-{id}.html", map.method);
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        ];
        Ok((headers, study.page_of(&data, &map)?).into_response())
    })
    .await
}

async fn kept_groups(State(study): Shared, Path(id): Path) -> Answer {
    let groups = kept(&study, id)?.groups.clone();
    Ok(groups.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |groups| bytes_of(groups.found.of_row.iter().map(|group| group.to_le_bytes())),
    ))
}

async fn kept_stability(State(study): Shared, Path(id): Path) -> Answer {
    let again = kept(&study, id)?.stability.clone();
    let by_row = again.map(|again| bytes_of(again.found.by_seeds.iter().chain(&again.found.by_bootstrap).map(|share| share.to_le_bytes())));
    Ok(by_row.unwrap_or_else(|| StatusCode::NO_CONTENT.into_response()))
}

/// The file of the space of a map.
async fn kept_space(State(study): Shared, Path(id): Path) -> Answer {
    let map = kept(&study, id)?;
    let space =
        map.space.clone().ok_or_else(|| Refused::missing(format!("map {id}: it has no space; maps that are learned here have.")))?;
    let name = format!("attachment; filename=\"{}-{id}.latent\"", space.method.name);
    aside(move || {
        Ok(([(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::CONTENT_DISPOSITION, name)], space.to_bytes()?)
            .into_response())
    })
    .await
}

async fn compare(State(study): Shared, Two(first, second): Two) -> Answer {
    let (first, second) = (kept(&study, first)?, kept(&study, second)?);
    aside(move || Ok(Json(&*study.compare(&first, &second)?).into_response())).await
}

async fn trust(State(study): Shared) -> Response {
    shares(study.trust())
}

fn shares(trust: Option<Arc<Vec<f32>>>) -> Response {
    match trust {
        Some(trust) => bytes_of(trust.iter().map(|share| share.to_le_bytes())),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Numbers of rows, separated by commas; of at most 1,000.
fn rows_in(list: &str, count: usize) -> Result<Vec<usize>, Refused> {
    let number = |row: &str| {
        row.parse::<usize>()
            .ok()
            .filter(|&at| at < count)
            .ok_or_else(|| Refused::missing(format!("row '{row}': there are {count}, counted from 0.")))
    };
    list.split(',').filter(|row| !row.is_empty()).take(1000).map(number).collect()
}

#[derive(Deserialize)]
struct Named {
    rows: String,
    by: String,
}

async fn names(State(study): Shared, Query(asked): Query<Named>) -> Answer {
    let data = data(&study)?;
    let rows = rows_in(&asked.rows, data.observations.rows())?;
    aside(move || {
        let names: Vec<String> = rows.iter().map(|&row| study.name(&data, &asked.by, row).unwrap_or_else(|| data.fields.id(row))).collect();
        Ok(Json(json!({"names": names})).into_response())
    })
    .await
}

#[derive(Deserialize)]
struct OfRow {
    map: Option<usize>,
    k: Option<usize>,
    metric: Option<Metric>,
}

async fn row(State(study): Shared, Path(row): Path, Query(of): Query<OfRow>) -> Answer {
    let data = data_with(&study, row)?;
    let map = of.map.map(|id| kept(&study, id)).transpose()?;
    aside(move || Ok(Json(study.row(&data, row, map.as_deref(), of.k, of.metric)?).into_response())).await
}

async fn picture(State(study): Shared, Path(row): Path) -> Answer {
    let data = data_with(&study, row)?;
    let file = data.picture(row).and_then(|(shape, pixels)| png::encode(shape, pixels));
    let file = file.ok_or_else(|| Refused::missing("the rows are not images."))?;
    Ok(([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "private, max-age=3600")], file).into_response())
}

#[derive(Deserialize)]
struct Pictured {
    rows: String,
    /// The largest side of a picture in pixels; larger pictures are reduced.
    #[serde(default = "thumbnail")]
    side: usize,
}

fn thumbnail() -> usize {
    32
}

async fn pictures(State(study): Shared, Query(asked): Query<Pictured>) -> Answer {
    if !(1..=64).contains(&asked.side) {
        return Err(Refused::new(StatusCode::BAD_REQUEST, format!("side: {} was given; it is from 1 to 64.", asked.side)));
    }
    let data = data(&study)?;
    let rows = rows_in(&asked.rows, data.observations.rows())?;
    aside(move || {
        let pictures: Vec<_> = rows.iter().filter_map(|&row| data.picture(row)).collect();
        let file = pictures.first().and_then(|&(shape, _)| png::sheet(shape, pictures.iter().map(|&(_, pixels)| pixels), asked.side));
        let file = file.ok_or_else(|| Refused::missing("the rows are not images."))?;
        Ok(([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "private, max-age=3600")], file).into_response())
    })
    .await
}

async fn values(State(study): Shared, Path(row): Path) -> Answer {
    let values = data_with(&study, row)?.values(row).ok_or_else(|| Refused::missing("the columns are not numeric."))?;
    Ok(binary(values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()))
}

#[derive(Deserialize)]
struct Most {
    #[serde(default = "fifty")]
    limit: usize,
}

async fn largest(State(study): Shared, Path(row): Path, Query(most): Query<Most>) -> Answer {
    let data = data_with(&study, row)?;
    let largest = data.largest(row, most.limit.min(1000)).ok_or_else(|| Refused::missing("the columns are not numeric."))?;
    Ok(Json(largest).into_response())
}

async fn curve(State(study): Shared) -> Answer {
    let data = data(&study)?;
    let axis = data.curve.as_ref().ok_or_else(|| Refused::missing("the rows are not curves."))?;
    Ok(Json(axis).into_response())
}

#[derive(Deserialize)]
struct Sought {
    #[serde(default)]
    q: String,
    #[serde(default = "fifty")]
    limit: usize,
}

fn fifty() -> usize {
    50
}

#[derive(Deserialize)]
struct SoughtRows {
    q: String,
    #[serde(default)]
    by: SearchBy,
    #[serde(default = "fifty")]
    limit: usize,
}

async fn search(State(study): Shared, Query(sought): Query<SoughtRows>) -> Answer {
    let data = data(&study)?;
    aside(move || Ok(Json(study.search(&data, &sought.q, sought.by, sought.limit.min(1000))?).into_response())).await
}

/// The numbers of all rows that match.
async fn search_rows(State(study): Shared, Query(sought): Query<SoughtRows>) -> Answer {
    let data = data(&study)?;
    aside(move || Ok(bytes_of(study.search_rows(&data, &sought.q, sought.by)?.into_iter().map(u32::to_le_bytes)))).await
}

#[derive(Deserialize)]
#[serde(default)]
struct TableQuery {
    rows: Option<Vec<u32>>,
    sort: Option<usize>,
    descending: bool,
    offset: usize,
    limit: usize,
}

impl Default for TableQuery {
    fn default() -> Self {
        TableQuery { rows: None, sort: None, descending: false, offset: 0, limit: 100 }
    }
}

async fn table(State(study): Shared, Asks(asked): Asks<TableQuery>) -> Answer {
    let data = data(&study)?;
    aside(move || {
        let n = data.observations.rows() as u32;
        let rows = asked.rows.unwrap_or_else(|| (0..n).collect());
        if let Some(row) = rows.iter().find(|&&row| row >= n) {
            return Err(Refused::new(StatusCode::BAD_REQUEST, format!("row {row}: there are {n}, counted from 0.")));
        }
        let total = rows.len();
        let sorted = data.fields.sorted(rows, asked.sort, asked.descending);
        let told = |&row: &u32| TableRow { row, id: data.fields.id(row as usize), fields: study.cells(&data, row as usize) };
        let rows = sorted.iter().skip(asked.offset).take(asked.limit.min(10_000)).map(told).collect();
        Ok(Json(TablePage { total, rows }).into_response())
    })
    .await
}

#[derive(Deserialize)]
struct Selected {
    rows: Vec<u32>,
}

async fn select(State(study): Shared, Asks(selected): Asks<Selected>) -> Answer {
    let n = data(&study)?.observations.rows() as u32;
    if let Some(row) = selected.rows.iter().find(|&&row| row >= n) {
        return Err(Refused::new(StatusCode::BAD_REQUEST, format!("row {row}: there are {n}, counted from 0.")));
    }
    Ok(Json(json!({"version": study.desk.select(selected.rows, false)})).into_response())
}

async fn change_view(State(study): Shared, Asks(change): Asks<ViewChange>) -> Answer {
    Ok(Json(json!({"version": study.desk.change_view(change, false)?})).into_response())
}

/// A picture of the map, from a page in a notebook.
async fn picture_of_view(State(study): Shared, png: Bytes) -> Answer {
    study.desk.keep_picture(&png)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
struct ToExplain {
    rows: Vec<u32>,
    #[serde(default)]
    against: Option<Vec<u32>>,
    #[serde(default = "fifty")]
    limit: usize,
}

async fn explain(State(study): Shared, Asks(asked): Asks<ToExplain>) -> Answer {
    let data = data(&study)?;
    aside(move || Ok(Json(study.explain(&data, &asked.rows, asked.against.as_deref(), asked.limit.min(1000))?).into_response())).await
}

#[derive(Deserialize)]
struct ToSave {
    rows: Vec<u32>,
    format: String,
}

async fn save(State(study): Shared, Asks(asked): Asks<ToSave>) -> Answer {
    let data = data(&study)?;
    let n = data.observations.rows() as u32;
    if let Some(row) = asked.rows.iter().find(|&&row| row >= n) {
        return Err(Refused::new(StatusCode::BAD_REQUEST, format!("row {row}: there are {n}, counted from 0.")));
    }
    table_file("rows", asked.format, move |format| study.file_of(&data, &asked.rows, format)).await
}

/// A table as a file of this format, csv or parquet.
async fn table_file(name: &str, format: String, write: impl FnOnce(&str) -> latentspace::Result<Vec<u8>> + Send + 'static) -> Answer {
    let kind = match format.as_str() {
        "csv" => "text/csv; charset=utf-8",
        "parquet" => "application/vnd.apache.parquet",
        other => return Err(Refused::new(StatusCode::BAD_REQUEST, format!("format: '{other}'; it is csv or parquet."))),
    };
    let name = format!("attachment; filename=\"{name}.{format}\"");
    aside(move || Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], write(&format)?).into_response()))
        .await
}

#[derive(Deserialize)]
struct FileFormat {
    format: String,
}

/// Labels and notes of all rows as a file.
async fn annotations(State(study): Shared, Query(FileFormat { format }): Query<FileFormat>) -> Answer {
    let data = data(&study)?;
    table_file("labels", format, move |format| study.annotations_file(&data, format)).await
}

/// Gives rows labels or notes.
async fn annotate(State(study): Shared, Asks(change): Asks<Change>) -> Answer {
    let data = data(&study)?;
    aside(move || Ok(Json(study.annotate(&data, &change)?).into_response())).await
}

async fn methods() -> Json<Vec<MethodInfo>> {
    Json(registry::METHODS.iter().map(MethodInfo::of).collect())
}

#[derive(Deserialize)]
struct Wanted {
    method: String,
    #[serde(default)]
    params: Map<String, Value>,
}

async fn fit(State(study): Shared, Asks(wanted): Asks<Wanted>) -> Answer {
    aside(move || begun(study.fit_again(&wanted.method, wanted.params))).await
}

#[derive(Deserialize)]
struct WantedGrid {
    method: String,
    #[serde(default)]
    params: Map<String, Value>,
    vary: String,
    values: Vec<Value>,
}

async fn grid(State(study): Shared, Asks(wanted): Asks<WantedGrid>) -> Answer {
    aside(move || begun(study.fit_grid(&wanted.method, &wanted.params, &wanted.vary, wanted.values))).await
}

#[derive(Deserialize)]
struct WantedAgain {
    map: usize,
    #[serde(default = "three")]
    runs: usize,
}

fn three() -> usize {
    3
}

async fn stability(State(study): Shared, Asks(wanted): Asks<WantedAgain>) -> Answer {
    let map = kept(&study, wanted.map)?;
    aside(move || begun(study.make_again(&map, wanted.runs))).await
}

async fn sweep_offer(State(study): Shared) -> Answer {
    let data = data(&study)?;
    let offer = study.sweep_offer(&data).ok_or_else(|| Refused::missing("there are no observations to learn from."))?;
    Ok(Json(offer).into_response())
}

#[derive(Deserialize)]
struct AskedCost {
    method: String,
    dims: String,
}

async fn sweep_cost(State(study): Shared, Query(asked): Query<AskedCost>) -> Answer {
    let data = data(&study)?;
    let number = |text: &str| {
        text.trim().parse::<u32>().map_err(|_| Error::param("dims", format!("'{text}'"), "it takes whole numbers, separated by commas"))
    };
    let dims = asked.dims.split(',').map(number).collect::<latentspace::Result<Vec<u32>>>()?;
    aside(move || Ok(Json(study.sweep_cost(&data, &asked.method, &dims)?).into_response())).await
}

#[derive(Deserialize)]
struct WantedSweep {
    method: String,
    dims: Vec<u32>,
}

async fn sweep(State(study): Shared, Asks(wanted): Asks<WantedSweep>) -> Answer {
    aside(move || begun(study.start_sweep(&wanted.method, wanted.dims))).await
}

/// The answer to a request for a fit.
fn begun(begun: latentspace::Result<bool>) -> Answer {
    match begun {
        Ok(true) => Ok(StatusCode::ACCEPTED.into_response()),
        Ok(false) => Err(Refused::new(StatusCode::CONFLICT, "a fit is under way; stop it first.")),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct FileName {
    name: String,
}

/// A file from the page.
async fn open(State(study): Shared, Query(FileName { name }): Query<FileName>, request: Request) -> Answer {
    let too_large = || Refused {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        failure: Failure {
            error: format!("{name}: it is too large for the page; a file has at most {} MB.", LARGEST_FILE >> 20),
            hint: Some("`latent explore FILE` reads files of any size".to_owned()),
        },
    };
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > LARGEST_FILE) {
        return Err(too_large());
    }
    let file = Bytes::from_request(request, &()).await.map_err(|_| too_large())?;
    aside(move || match study.open(&name, &file)? {
        true => Ok(StatusCode::ACCEPTED.into_response()),
        false => Err(Refused::new(StatusCode::CONFLICT, "there are data already; `latent explore` without data takes a file.")),
    })
    .await
}

async fn stop(State(study): Shared) -> StatusCode {
    study.stop();
    StatusCode::ACCEPTED
}
