//! Apache Parquet. Plain columns of numbers are decoded side by side, straight into the rows of the table.
//!
//! Bound: memory traffic. Sixteen columns at a time, which fill a cache line of a row, are decoded in steps of a few thousand rows.

use std::sync::Arc;

use crate::arrow::array::{ArrayRef, Float32Array, NullArray, RecordBatch};
use crate::arrow::datatypes::{DataType, Schema};
use crate::parallel::*;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{DataType as Physical, FloatType};
use parquet::errors::ParquetError;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::statistics::Statistics;

use super::arrow::shared;
use super::bytes::{File, MOST_RATIO};
use super::columns::{Affines, Role, Roles};
use super::fields::{Kind, fields_of, is_label};
use super::{Ask, Blocks, Reader, below, stream_rows};
use crate::border;
use crate::data::affine::Line;
use crate::data::{Affine, DataKind, Metadata, Observations};
use crate::error::{Bytes, Error, Result};
use crate::linalg::Fresh;
use crate::run::Run;

/// Columns that one thread decodes together, at least: their cells of a row fill a cache line; and at most.
const TOGETHER: std::ops::RangeInclusive<usize> = 16..=64;
/// Cells that are decoded before they are written into the table: they stay in the second cache.
const STEP: usize = 1 << 16;
/// Rows of the head.
const HEAD: usize = 1024;

struct ParquetReader {
    name: String,
    file: File,
    whole: Arc<super::bytes::Bytes>,
    bytes: bytes::Bytes,
    meta: ArrowReaderMetadata,
    roles: Roles,
    /// Columns of numbers that are decoded straight into the table.
    fast: Vec<Leaf>,
    /// For each field, whether it goes through Arrow.
    slow: Vec<bool>,
    affines: Affines,
}

/// A plain column of numbers.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    /// Among the columns of the file.
    column: usize,
    /// In the table.
    place: usize,
    /// Whether its whole numbers have no sign.
    unsigned: bool,
}

fn broken(file: &File, error: &ParquetError) -> Error {
    file.wrong(format!("this is not a whole Parquet file ({})", super::excerpt(&error.to_string())), "a whole file is needed")
}

/// Opens a Parquet file.
///
/// # Errors
/// [`Error::Input`] for what is no whole one, or promises more than its bytes can hold.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let whole = file.bytes()?;
    let bytes = shared(&whole);
    let meta = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new()).map_err(|error| broken(file, &error))?;
    check(file, &meta)?;
    let ranges = ranges(&meta);
    // Columns of numbers whose range is known need not be looked at, unless their values decide what becomes of them.
    let asked_for = |name: &String| [&ask.options.dates, &ask.options.id].contains(&&Some(name.clone()));
    let fields = meta.schema().fields();
    let looked: Vec<bool> =
        ranges.iter().zip(fields).map(|(range, field)| range.is_none() || is_label(field.name()) || asked_for(field.name())).collect();
    let head = head(file, &bytes, &meta, &looked)?;
    let mut fields = fields_of(&head.schema(), &head);
    for (field, _) in fields.iter_mut().zip(&looked).filter(|(_, looked)| !**looked) {
        (field.example, field.classes) = (None, false);
    }
    let mut roles = Roles::choose(file, fields, true, ask)?;
    roles.find_dates(file, ask, |column| Ok(Arc::clone(head.column(column))))?;
    let (_, mut learned) = roles.numbers(head.columns(), head.num_rows(), &Affine::default()).map_err(|error| file.own(error))?;
    for (role, range) in roles.roles.iter().zip(&ranges) {
        if let (Role::Number(place), Some(range)) = (*role, *range) {
            learned[place] = range;
        }
    }
    let affines = Affines::new(ask.affine(), &learned);
    let mut fast = Vec::new();
    let mut slow: Vec<bool> = roles.roles.iter().map(|role| *role != Role::Nothing).collect();
    let columns = meta.parquet_schema();
    for column in 0..columns.num_columns() {
        let root = columns.get_column_root_idx(column);
        let (Some(&Role::Number(place)), Some(Kind::Number)) = (roles.roles.get(root), roles.fields.get(root).map(|field| field.kind))
        else {
            continue;
        };
        let described = columns.column(column);
        let arrow = meta.schema().field(root).data_type();
        let plain = arrow.is_integer() || matches!(arrow, DataType::Float32 | DataType::Float64);
        if plain && described.max_rep_level() == 0 && described.max_def_level() <= 1 {
            fast.push(Leaf { column, place, unsigned: arrow.is_unsigned_integer() });
            slow[root] = false;
        }
    }
    fast.sort_by_key(|leaf| leaf.place);
    Ok(Box::new(ParquetReader { name: ask.name.clone(), file: file.clone(), whole, bytes, meta, roles, fast, slow, affines }))
}

/// The least and the greatest value of each field that is a plain column of numbers, where the footer tells; columns of 32 bits need none.
fn ranges(meta: &ArrowReaderMetadata) -> Vec<Option<(f64, f64)>> {
    let columns = meta.parquet_schema();
    let mut ranges = vec![None; meta.schema().fields().len()];
    for column in 0..columns.num_columns() {
        let root = columns.get_column_root_idx(column);
        let kind = meta.schema().field(root).data_type();
        if kind == &DataType::Float32 {
            ranges[root] = Some((f64::INFINITY, f64::NEG_INFINITY));
        } else if kind == &DataType::Float64 || kind.is_integer() {
            let unsigned = kind.is_unsigned_integer();
            let short = |value: i32| if unsigned { f64::from(value as u32) } else { f64::from(value) };
            let long = |value: i64| if unsigned { value as u64 as f64 } else { value as f64 };
            let groups = meta.metadata().row_groups().iter().map(|group| match group.column(column).statistics()? {
                Statistics::Double(values) => Some((*values.min_opt()?, *values.max_opt()?)),
                Statistics::Int32(values) => Some((short(*values.min_opt()?), short(*values.max_opt()?))),
                Statistics::Int64(values) => Some((long(*values.min_opt()?), long(*values.max_opt()?))),
                _ => None,
            });
            let finite = |range: &(f64, f64)| range.0.is_finite() && range.1.is_finite();
            let groups: Option<Vec<(f64, f64)>> = groups.map(|range| range.filter(finite)).collect();
            ranges[root] =
                groups.map(|groups| groups.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |a, b| (a.0.min(b.0), a.1.max(b.1))));
        }
    }
    ranges
}

/// The first rows; of columns of numbers that need not be looked at, nothing but zeros.
fn head(file: &File, bytes: &bytes::Bytes, meta: &ArrowReaderMetadata, looked: &[bool]) -> Result<RecordBatch> {
    let unreadable =
        |error: &dyn std::fmt::Display| file.wrong(format!("its first rows cannot be read ({error})"), "a whole file is needed");
    let rows = usize::try_from(meta.metadata().file_metadata().num_rows()).unwrap_or(0).min(HEAD);
    if rows == 0 {
        return Err(file.wrong("no rows", "at least one is needed"));
    }
    let unknown = looked.iter().enumerate().filter(|(_, looked)| **looked).map(|(root, _)| root);
    let mask = ProjectionMask::roots(meta.parquet_schema(), unknown);
    let mut read = Vec::new();
    if looked.contains(&true) {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), meta.clone());
        let mut reader =
            builder.with_projection(mask).with_batch_size(rows).with_limit(rows).build().map_err(|error| unreadable(&error))?;
        let batch = reader.next().transpose().map_err(|error| unreadable(&error))?;
        read = batch.filter(|batch| batch.num_rows() == rows).ok_or_else(|| unreadable(&"they are missing"))?.columns().to_vec();
    }
    let mut read = read.into_iter();
    let columns = looked
        .iter()
        .zip(meta.schema().fields())
        .map(|(looked, field)| match looked {
            true => read.next().ok_or_else(|| unreadable(&"a column is missing")),
            false => {
                crate::arrow::compute::cast(&Float32Array::from(vec![0.0; rows]), field.data_type()).map_err(|error| unreadable(&error))
            }
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    let schema = Arc::new(Schema::new(meta.schema().fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect::<Vec<_>>()));
    RecordBatch::try_new(schema, columns).map_err(|error| unreadable(&error))
}

/// Refuses a footer that promises more than the file can hold.
fn check(file: &File, meta: &ArrowReaderMetadata) -> Result<()> {
    let allowed = file.len.saturating_mul(MOST_RATIO).min(file.limit).max(1 << 20);
    // Columns of numbers may hold very many equal ones in few bits, which is checked before a table is made of them.
    let plain = meta.schema().fields().iter().all(|field| matches!(field.data_type(), DataType::Boolean) || field.data_type().is_numeric());
    let most = if plain { file.limit } else { allowed };
    let footer = meta.metadata();
    let mut rows = 0_u64;
    let mut unpacked = 0_u64;
    for group in footer.row_groups() {
        let count = u64::try_from(group.num_rows()).unwrap_or(u64::MAX);
        rows = rows.saturating_add(count);
        for column in group.columns() {
            unpacked = unpacked.saturating_add(u64::try_from(column.uncompressed_size()).unwrap_or(u64::MAX));
            let (start, length) = (column.data_page_offset(), column.compressed_size());
            if start < 0 || length < 0 || start.saturating_add(length) as u64 > file.len.saturating_add(length as u64) {
                return Err(file.wrong("its footer points behind the end of the file", "a whole file is needed"));
            }
        }
    }
    let table = rows.saturating_mul(4 * meta.parquet_schema().num_columns().max(1) as u64);
    if unpacked > allowed || table > most || i64::try_from(rows).ok() != Some(footer.file_metadata().num_rows()) {
        return Err(file.wrong(
            format!("its footer promises {rows} rows, {} of numbers", Bytes(table.max(unpacked))),
            format!("packed data of {} may grow up to {MOST_RATIO} times, and to {}", Bytes(file.len), Bytes(file.limit)),
        ));
    }
    Ok(())
}

/// The cells of a table, to be written by several threads, each its own columns.
struct Cells<'a> {
    start: *mut f32,
    rows: usize,
    cols: usize,
    table: std::marker::PhantomData<&'a mut [f32]>,
}

// SAFETY: threads share it only to call `Cells::write`, whose callers own different columns.
unsafe impl Sync for Cells<'_> {}
// SAFETY: as above; a pointer may go to another thread.
unsafe impl Send for Cells<'_> {}

impl<'a> Cells<'a> {
    fn new(table: &'a mut [f32], cols: usize) -> Self {
        Cells { start: table.as_mut_ptr(), rows: table.len() / cols.max(1), cols, table: std::marker::PhantomData }
    }

    /// Writes columns of `len` cells from `row` on; `columns` holds for each its place and its cells.
    ///
    /// # Safety
    /// No other thread writes these columns at the same time.
    unsafe fn write(&self, row: usize, len: usize, columns: &[(usize, &[f32])]) {
        assert!(row + len <= self.rows);
        for &(place, cells) in columns {
            assert!(place < self.cols && cells.len() == len);
        }
        for at in 0..len {
            // SAFETY: row + at < rows, so the row lies within the table.
            let out = unsafe { self.start.add((row + at) * self.cols) };
            for (place, cells) in columns {
                // SAFETY: place < cols and at < len = cells.len(), both asserted above.
                unsafe { *out.add(*place) = *cells.get_unchecked(at) };
            }
        }
    }
}

/// A column on its way: its reader and the cells of the step.
struct Column {
    leaf: Leaf,
    reader: ColumnReader,
    most: i16,
    line: Line,
    cells: Vec<f32>,
    levels: Vec<i16>,
}

impl Column {
    /// Passes over the next `rows` cells: whole pages of them are not even unpacked.
    fn skip(&mut self, rows: usize) -> std::result::Result<(), ParquetError> {
        let skipped = match &mut self.reader {
            ColumnReader::FloatColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::DoubleColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::Int32ColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::Int64ColumnReader(reader) => reader.skip_records(rows),
            _ => Err(ParquetError::General("a column of numbers of another type".to_owned())),
        }?;
        if skipped == rows {
            return Ok(());
        }
        Err(ParquetError::General(format!("{skipped} cells where {rows} were promised")))
    }

    /// Decodes the next `rows` cells.
    fn step(&mut self, rows: usize) -> std::result::Result<(), ParquetError> {
        let Column { leaf, reader, most, line, cells, levels } = self;
        let most = *most;
        match reader {
            ColumnReader::FloatColumnReader(reader) => floats(reader, rows, most, levels, cells),
            ColumnReader::DoubleColumnReader(reader) => decode(reader, rows, most, levels, cells, |value| line.cell(value)),
            ColumnReader::Int32ColumnReader(reader) if leaf.unsigned => {
                decode(reader, rows, most, levels, cells, |value| line.cell(f64::from(value as u32)))
            }
            ColumnReader::Int32ColumnReader(reader) => decode(reader, rows, most, levels, cells, |value| line.cell(f64::from(value))),
            ColumnReader::Int64ColumnReader(reader) if leaf.unsigned => {
                decode(reader, rows, most, levels, cells, |value| line.cell(value as u64 as f64))
            }
            ColumnReader::Int64ColumnReader(reader) => decode(reader, rows, most, levels, cells, |value| line.cell(value as f64)),
            _ => Err(ParquetError::General("a column of numbers of another type".to_owned())),
        }
    }
}

/// The next `rows` cells of a column of 32 bits, which are decoded where they are wanted; a missing one is NaN.
fn floats(
    reader: &mut ColumnReaderImpl<FloatType>,
    rows: usize,
    most: i16,
    levels: &mut Vec<i16>,
    cells: &mut Vec<f32>,
) -> std::result::Result<(), ParquetError> {
    levels.clear();
    cells.clear();
    let (read, mut present, _) = reader.read_records(rows, Some(levels), None, cells)?;
    if read != rows {
        return Err(ParquetError::General(format!("{read} cells where {rows} were promised")));
    }
    if present < rows {
        cells.resize(rows, f32::NAN);
        // From the last to the first, so that no cell is overwritten before it has moved.
        for (at, level) in levels.iter().enumerate().rev() {
            cells[at] = if *level == most && present > 0 {
                present -= 1;
                cells[present]
            } else {
                f32::NAN
            };
        }
    }
    Ok(())
}

/// The next `rows` cells of a column; a missing one is NaN.
fn decode<T: Physical>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    most: i16,
    levels: &mut Vec<i16>,
    cells: &mut Vec<f32>,
    number: impl Fn(T::T) -> f32,
) -> std::result::Result<(), ParquetError> {
    levels.clear();
    cells.clear();
    let mut values: Vec<T::T> = Vec::with_capacity(rows);
    let (read, present, _) = reader.read_records(rows, Some(levels), None, &mut values)?;
    if read != rows {
        return Err(ParquetError::General(format!("{read} cells where {rows} were promised")));
    }
    if present == rows {
        cells.extend(values.into_iter().map(number));
    } else {
        let mut values = values.into_iter();
        cells.extend(levels.iter().map(|&level| if level == most { values.next().map_or(f32::NAN, &number) } else { f32::NAN }));
        cells.resize(rows, f32::NAN);
    }
    Ok(())
}

/// A row group on its way: columns that are decoded together, and those that go through Arrow.
struct Group {
    /// Rows of the groups before it.
    before: usize,
    rows: usize,
    done: usize,
    together: Vec<Vec<Column>>,
    slow: Option<ParquetRecordBatchReader>,
}

impl ParquetReader {
    /// Columns that are decoded together: as many as share the work evenly among the threads.
    fn together(&self, run: &Run) -> usize {
        let tasks = self.fast.len().div_ceil(*TOGETHER.end()).next_multiple_of(run.threads());
        self.fast.len().div_ceil(tasks.max(1)).clamp(*TOGETHER.start(), *TOGETHER.end())
    }

    fn rows_of(&self, group: usize) -> usize {
        usize::try_from(self.meta.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    /// The readers of one row group's plain columns.
    fn columns(&self, group: usize, leaves: &[Leaf], affine: &Affine) -> Result<Vec<Column>> {
        let chunk = Arc::new(self.bytes.clone());
        let meta = self.meta.metadata().row_group(group);
        leaves
            .iter()
            .map(|leaf| {
                let pages = SerializedPageReader::new(Arc::clone(&chunk), meta.column(leaf.column), self.rows_of(group), None)
                    .map_err(|error| broken(&self.file, &error))?;
                let described = self.meta.parquet_schema().column(leaf.column);
                Ok(Column {
                    leaf: *leaf,
                    most: described.max_def_level(),
                    reader: get_column_reader(described, Box::new(pages)),
                    line: affine.line(leaf.place),
                    cells: Vec::new(),
                    levels: Vec::new(),
                })
            })
            .collect()
    }

    /// Decodes rows `from..to` of what `columns` reads into the table.
    fn fill(&self, columns: &mut [Column], cells: &Cells<'_>, from: usize, to: usize, run: &Run) -> Result<()> {
        let step = STEP / columns.len().max(1);
        for at in (from..to).step_by(step) {
            run.check()?;
            let rows = step.min(to - at);
            for column in columns.iter_mut() {
                column.step(rows).map_err(|error| {
                    let name = self.meta.parquet_schema().column(column.leaf.column).name().to_owned();
                    broken(&self.file, &error).at_column(name)
                })?;
            }
            let decoded: Vec<(usize, &[f32])> = columns.iter().map(|column| (column.leaf.place, column.cells.as_slice())).collect();
            // SAFETY: each place of the table belongs to one leaf, and each leaf to one call of this function at a time.
            unsafe { cells.write(at, rows, &decoded) };
        }
        Ok(())
    }

    /// Decodes all plain columns and keeps nothing: so little of so few bytes lies in memory that a table is made only of cells that are there.
    fn verify(&self, run: &Run) -> Result<()> {
        for group in 0..self.meta.metadata().num_row_groups() {
            for leaf in &self.fast {
                for column in &mut self.columns(group, std::slice::from_ref(leaf), &Affine::default())? {
                    let rows = self.rows_of(group);
                    for at in (0..rows).step_by(STEP) {
                        run.check()?;
                        column.step(STEP.min(rows - at)).map_err(|error| broken(&self.file, &error))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The readers of one row group from row `first` on.
    fn group(&self, group: usize, first: usize, affine: &Affine, run: &Run) -> Result<Group> {
        let before = (0..group).map(|group| self.rows_of(group)).sum();
        let mut together = Vec::new();
        for leaves in self.fast.chunks(self.together(run)) {
            let mut columns = self.columns(group, leaves, affine)?;
            if first > 0 {
                columns.iter_mut().try_for_each(|column| column.skip(first)).map_err(|error| broken(&self.file, &error))?;
            }
            together.push(columns);
        }
        let slow = self.slow(group, first, stream_rows(self.roles.numbers))?;
        Ok(Group { before, rows: self.rows_of(group), done: first, together, slow })
    }

    /// The reader of the columns of a row group that go through Arrow, from row `first` on, if there are any.
    fn slow(&self, group: usize, first: usize, batch: usize) -> Result<Option<ParquetRecordBatchReader>> {
        if !self.slow.contains(&true) {
            return Ok(None);
        }
        let roots = self.slow.iter().enumerate().filter(|(_, slow)| **slow).map(|(root, _)| root);
        let mask = ProjectionMask::roots(self.meta.parquet_schema(), roots);
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.meta.clone())
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_offset(first)
            .with_batch_size(batch)
            .build()
            .map(Some)
            .map_err(|error| broken(&self.file, &error))
    }

    /// A column for each field: those of a batch where they went through Arrow, nothing elsewhere.
    fn spread(&self, batch: Option<&RecordBatch>, rows: usize) -> Vec<ArrayRef> {
        let mut read = batch.map(|batch| batch.columns().to_vec()).unwrap_or_default().into_iter();
        let nothing: ArrayRef = Arc::new(NullArray::new(rows));
        self.slow
            .iter()
            .map(|slow| if *slow { read.next().unwrap_or_else(|| Arc::clone(&nothing)) } else { Arc::clone(&nothing) })
            .collect()
    }

    /// Observations of a block whose plain numbers are in `numbers` already.
    fn finish(&self, mut numbers: Fresh, batch: Option<&RecordBatch>, rows: usize, affine: &Affine) -> Result<Observations> {
        let columns = self.spread(batch, rows);
        self.roles.fill(&columns, &mut numbers, affine, &|field| self.slow[field])?;
        let numbers = numbers.matrix(rows, self.roles.numbers)?;
        self.roles.observations(&self.name, numbers, &columns, rows, affine)
    }

    fn unreadable(&self, error: &impl std::fmt::Display) -> Error {
        self.file.wrong(format!("its rows cannot be read ({})", super::excerpt(&error.to_string())), "a whole file is needed")
    }

    /// The next block of a row group.
    fn block(&self, group: &mut Group, affine: &Affine, run: &Run) -> Result<Observations> {
        let rows = stream_rows(self.roles.numbers).min(group.rows - group.done);
        let mut numbers = Fresh::new(rows, self.roles.numbers)?;
        let cells = Cells::new(&mut numbers, self.roles.numbers);
        group
            .together
            .par_iter_mut()
            .map(|columns| border::guard(&self.file.path, || self.fill(columns, &cells, 0, rows, run)))
            .collect::<Result<Vec<()>>>()?;
        let batch = match &mut group.slow {
            Some(reader) => {
                let batch = reader.next().transpose().map_err(|error| self.unreadable(&error))?;
                let batch = batch.filter(|batch| batch.num_rows() == rows);
                Some(batch.ok_or_else(|| self.file.wrong("columns of different lengths", "a whole file is needed"))?)
            }
            None => None,
        };
        let above = group.before + group.done;
        group.done += rows;
        self.finish(numbers, batch.as_ref(), rows, affine).map_err(|error| below(error, above))
    }
}

impl Reader for ParquetReader {
    fn kind(&self) -> DataKind {
        self.roles.kind()
    }

    fn rows(&self) -> Option<usize> {
        usize::try_from(self.meta.metadata().file_metadata().num_rows()).ok()
    }

    fn working_bytes(&self) -> u64 {
        /// Pages of the mapped file that lie in memory while a block is decoded, at most.
        const MAPPED: u64 = 32 << 20;
        /// A page, and a dictionary, at most, as writers make them.
        const PAGE: u64 = 1 << 20;
        let size = |bytes: i64| u64::try_from(bytes).unwrap_or(0);
        let column = |column: &parquet::file::metadata::ColumnChunkMetaData| {
            let packed = column.compression() != parquet::basic::Compression::UNCOMPRESSED;
            let pages = u64::from(packed) + u64::from(column.dictionary_page_offset().is_some());
            (pages * PAGE).min(2 * size(column.uncompressed_size()))
        };
        let group = |group: &parquet::file::metadata::RowGroupMetaData| {
            let mapped: u64 = group.columns().iter().map(|column| size(column.compressed_size())).sum();
            mapped.min(MAPPED) + group.columns().iter().map(column).sum::<u64>()
        };
        self.meta.metadata().row_groups().iter().map(group).max().unwrap_or(0)
    }

    fn columns(&self) -> usize {
        self.roles.columns()
    }

    fn names(&self) -> Option<Vec<String>> {
        self.roles.names.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.roles.notes.clone()
    }

    fn warnings(&self) -> Vec<String> {
        self.roles.warnings.clone()
    }

    fn rate(&self) -> f64 {
        130e6
    }

    fn read(&self, run: &Run) -> Result<Observations> {
        let rows = Reader::rows(self).unwrap_or(0);
        let cols = self.roles.numbers;
        let bytes = rows as u64 * cols as u64 * 4;
        run.check_memory("the table", bytes, super::HINT_MEMORY)?;
        if bytes > self.file.len.saturating_mul(MOST_RATIO).max(1 << 20) {
            self.verify(run)?;
        }
        let affine = self.affines.get();
        let groups = self.meta.metadata().num_row_groups();
        let starts: Vec<usize> = (0..groups)
            .scan(0, |at, group| {
                let start = *at;
                *at += self.rows_of(group);
                Some(start)
            })
            .collect();
        let mut numbers = Fresh::new(rows, cols)?;
        let cells = Cells::new(&mut numbers, cols);
        let together = self.together(run);
        let tasks: Vec<(usize, &[Leaf])> =
            (0..groups).flat_map(|group| self.fast.chunks(together).map(move |leaves| (group, leaves))).collect();
        let batches = run.install(|| {
            let fast = || {
                let decode = |&(group, leaves): &(usize, &[Leaf])| {
                    border::guard(&self.file.path, || {
                        let mut columns = self.columns(group, leaves, &affine)?;
                        self.fill(&mut columns, &cells, starts[group], starts[group] + self.rows_of(group), run)
                    })
                };
                tasks.par_iter().map(decode).collect::<Result<Vec<()>>>()
            };
            let slow = || {
                let read = |group: usize| {
                    border::guard(&self.file.path, || match self.slow(group, 0, 1 << 16)? {
                        Some(reader) => {
                            reader.map(|batch| batch.map_err(|error| self.unreadable(&error))).collect::<Result<Vec<RecordBatch>>>()
                        }
                        None => Ok(Vec::new()),
                    })
                };
                (0..groups).into_par_iter().map(read).collect::<Result<Vec<Vec<RecordBatch>>>>()
            };
            let (fast, slow) = rayon::join(fast, slow);
            fast.and(slow)
        })?;
        let batches: Vec<RecordBatch> = batches.into_iter().flatten().collect();
        let whole = match batches.first() {
            Some(first) => Some(crate::arrow::compute::concat_batches(&first.schema(), &batches).map_err(|error| self.unreadable(&error))?),
            None => None,
        };
        drop(batches);
        if whole.as_ref().is_some_and(|whole| whole.num_rows() != rows) {
            return Err(self.file.wrong("columns of different lengths", "a whole file is needed"));
        }
        run.install(|| self.finish(numbers, whole.as_ref(), rows, &affine))
    }

    fn labels(&self, run: &Run) -> Result<Metadata> {
        Ok(self.read(run)?.metadata)
    }

    fn affine(&self) -> Option<Affine> {
        Some(self.affines.get())
    }

    fn hold(&self, affine: &Affine) {
        self.affines.hold(affine);
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let run = run.clone();
        let affine = self.affines.get();
        let groups = self.meta.metadata().num_row_groups();
        let (mut next, mut before) = (0, 0);
        while next + 1 < groups && before + self.rows_of(next) <= first {
            before += self.rows_of(next);
            next += 1;
        }
        // Within its row group, a block begins where it would had all been read.
        let block = stream_rows(self.roles.numbers);
        let mut skipped = first.saturating_sub(before) / block * block;
        before += skipped;
        let mut group: Option<Group> = None;
        let blocks = std::iter::from_fn(move || {
            let step = || -> Result<Option<Observations>> {
                run.check()?;
                // What was decoded is copied; the pages at hand come again.
                self.whole.forget(0..self.whole.len());
                while group.as_ref().is_none_or(|group| group.done == group.rows) {
                    if next == groups {
                        return Ok(None);
                    }
                    group = Some(self.group(next, std::mem::take(&mut skipped), &affine, &run)?);
                    next += 1;
                }
                match &mut group {
                    Some(group) => run.install(|| self.block(group, &affine, &run)).map(Some),
                    None => Ok(None),
                }
            };
            let mut step = step;
            step().transpose()
        });
        Ok((before, Box::new(blocks)))
    }
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
