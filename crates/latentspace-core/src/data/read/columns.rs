//! Columns with names: which are learned from, which ride along, how many digits they need, and how they become observations.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use crate::arrow::array::{Array, ArrayRef};
use crate::parallel::*;

use super::bytes::File;
use super::convert::{Dates, Source, documents, plain, text};
use super::fields::{Field, Kind, is_id, is_label};
use super::{Ask, Purpose};
use crate::data::affine::check_ranges;
use crate::data::{Affine, Category, DataKind, Metadata, Observations, Table, Values};
use crate::error::{Error, Result, nearest};
use crate::linalg::Matrix;

/// The affine maps of the columns of a source: those of the space that its rows are for, or estimates from its head that a whole pass corrects.
pub(super) struct Affines {
    /// Whether they are set, whatever the ranges of the rows.
    fixed: AtomicBool,
    /// Whether they are those from all rows.
    settled: AtomicBool,
    now: RwLock<Affine>,
}

impl Affines {
    /// Those from the ranges of the head, or those that were given.
    pub(super) fn new(given: Option<Affine>, head: &[(f64, f64)]) -> Self {
        let fixed = given.is_some();
        let now = RwLock::new(given.unwrap_or_else(|| Affine::of_ranges(head)));
        Affines { fixed: fixed.into(), settled: fixed.into(), now }
    }

    /// Sets the affine maps.
    pub(super) fn hold(&self, affine: &Affine) {
        self.fixed.store(true, Ordering::Relaxed);
        self.settled.store(true, Ordering::Relaxed);
        if let Ok(mut now) = self.now.write() {
            affine.clone_into(&mut now);
        }
    }

    /// Checks the ranges of the columns to learn from.
    ///
    /// # Errors
    /// As [`check_ranges`].
    pub(super) fn check(&self, ranges: &[(f64, f64)], name: impl Fn(usize) -> String) -> Result<()> {
        if self.fixed.load(Ordering::Relaxed) { Ok(()) } else { check_ranges(ranges, name) }
    }

    /// Whether a pass over all rows would change nothing.
    pub(super) fn settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    /// The current ones.
    pub(super) fn get(&self) -> Affine {
        self.now.read().map(|now| now.clone()).unwrap_or_default()
    }

    /// Whether the current ones lose digits of columns with these ranges; then they are replaced by better ones.
    pub(super) fn refine(&self, ranges: &[(f64, f64)]) -> bool {
        self.settled.store(true, Ordering::Relaxed);
        if self.fixed.load(Ordering::Relaxed) || self.get().suits(ranges) {
            return false;
        }
        if let Ok(mut now) = self.now.write() {
            *now = Affine::of_ranges(ranges);
        }
        true
    }
}

/// What becomes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Numbers to learn from, from this column of the table on.
    Number(usize),
    /// Categories to learn from.
    Category(usize),
    /// Running text to learn from.
    Document,
    /// It rides along.
    Metadata,
    /// It cannot be used.
    Nothing,
}

/// What becomes of each column of a file.
#[derive(Debug, Clone)]
pub(super) struct Roles {
    pub(super) fields: Vec<Field>,
    pub(super) roles: Vec<Role>,
    /// Names of the numbers to learn from; none where the file has none.
    pub(super) names: Option<Vec<String>>,
    pub(super) numbers: usize,
    pub(super) categories: usize,
    /// Columns of running text to learn from, in the order in which they are joined.
    texts: Vec<usize>,
    /// The column of ids.
    id: Option<usize>,
    /// The column of dates that was asked for, once its head was looked at.
    pub(super) dates: Option<(usize, Dates)>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// A few names, or the first of many.
fn list(names: &[String]) -> String {
    match names {
        names if names.len() <= 8 => names.join(", "),
        names => format!("{} … ({} columns)", names[..6].join(", "), names.len()),
    }
}

/// A name that ends in a number: what is before it, in lower case without `_`, `-`, `.` and spaces at its end, and the number.
fn numbered(name: &str) -> Option<(String, usize)> {
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = name[stem.len()..].parse().ok()?;
    Some((stem.trim_end_matches(['_', '-', '.', ' ']).to_lowercase(), number))
}

/// How maps of other tools name their columns, before the numbers.
const MAPS: &str = "umap tsne t-sne pc pca phate pacmap trimap mds isomap dim dimension component comp axis factor latent coord x svd";

/// The columns of a table that are coordinates, in their order: `z0`, `z1`, …; else those of a map of another tool (`UMAP_1` and `UMAP_2`), by
/// their numbers from 0 or 1 on; else `x`, `y` and `z`; else the one row of numbered columns, or of vectors, that there is; else all numbers
/// but ids and labels.
fn coordinates(fields: &[Field]) -> Vec<usize> {
    let usable = || (0..fields.len()).filter(|&index| matches!(fields[index].kind, Kind::Number | Kind::Vector(_)));
    let mut series: Vec<(String, Vec<(usize, usize)>)> = Vec::new();
    for index in usable() {
        let Some((stem, number)) = numbered(&fields[index].name) else { continue };
        match series.iter_mut().find(|(known, _)| *known == stem) {
            Some((_, places)) => places.push((number, index)),
            None => series.push((stem, vec![(number, index)])),
        }
    }
    series.iter_mut().for_each(|(_, places)| places.sort_unstable());
    let of = |places: &[(usize, usize)]| places.iter().map(|&(_, index)| index).collect::<Vec<usize>>();
    if let Some((_, places)) =
        series.iter().find(|(stem, places)| stem == "z" && places.iter().all(|&(_, at)| fields[at].name.starts_with('z')))
    {
        return of(places);
    }
    // Numbers that follow each other.
    series.retain(|(_, places)| places.len() > 1 && places[0].0 <= 1 && places.windows(2).all(|two| two[0].0 + 1 == two[1].0));
    if let Some((_, places)) = series.iter().find(|(stem, _)| MAPS.split(' ').any(|name| name == stem)) {
        return of(places);
    }
    let axis = |name: &str| usable().find(|&index| fields[index].name.trim().eq_ignore_ascii_case(name));
    if let (Some(x), Some(y)) = (axis("x"), axis("y")) {
        return [x, y].into_iter().chain(axis("z")).collect();
    }
    let vectors: Vec<usize> = usable().filter(|&index| matches!(fields[index].kind, Kind::Vector(_))).collect();
    match (vectors.as_slice(), series.as_slice()) {
        ([vector], []) => vec![*vector],
        ([], [(_, places)]) => of(places),
        _ => usable().filter(|&index| !is_id(&fields[index].name) && !is_label(&fields[index].name)).collect(),
    }
}

impl Roles {
    /// What becomes of these columns. `named`: the file gives them their names.
    ///
    /// # Errors
    /// [`Error::Input`] if no column can be learned from, or one that was asked for is not there or cannot be used.
    pub(super) fn choose(file: &File, fields: Vec<Field>, named: bool, ask: &Ask<'_>) -> Result<Self> {
        let mut roles = Roles {
            roles: fields.iter().map(|field| if field.kind == Kind::Other { Role::Nothing } else { Role::Metadata }).collect(),
            fields,
            names: named.then(Vec::new),
            numbers: 0,
            categories: 0,
            texts: Vec::new(),
            id: None,
            dates: None,
            notes: Vec::new(),
            warnings: Vec::new(),
        };
        if let Some(name) = &ask.options.id {
            roles.id = Some(roles.find(file, name)?);
        }
        if ask.purpose == Purpose::Labels {
            roles.find_id(named);
            return Ok(roles);
        }
        if ask.purpose == Purpose::Codes && named {
            for index in coordinates(&roles.fields) {
                roles.take_number(index);
            }
            if roles.numbers == 0 {
                return Err(file
                    .wrong("no coordinates", "codes are an array, or a table with the columns z0, z1, …, x and y, or other numbers")
                    .with_hint("`latent encode SPACE DATA -o CODES` writes them"));
            }
            if roles.names.iter().flatten().any(|name| name.strip_prefix('z').is_none_or(|number| number.parse::<usize>().is_err())) {
                let names = roles.names.iter().flatten().map(|name| format!("'{name}'")).collect::<Vec<_>>();
                roles.notes = vec![format!("{}: {} are taken as coordinates", ask.name, list(&names))];
            }
            roles.find_id(named);
            return Ok(roles);
        }
        let fitted = ask.fitted_columns().filter(|names| names.iter().all(|name| roles.position(|field| field.name == *name).is_some()));
        if let Some(texts) = &ask.options.text {
            if ask.options.columns.is_some() {
                return Err(Error::param("text", "columns were given, too", "either text or columns are learned from"));
            }
            roles.take_texts(file, texts)?;
        } else if let Some(chosen) = &ask.options.columns {
            roles.take_chosen(file, chosen, ask)?;
        } else if let Some(fitted) = fitted {
            roles.take_chosen(file, &fitted, ask)?;
        } else if let Some(document) = roles.document(named, ask) {
            roles.take_text(document);
        } else {
            for index in 0..roles.fields.len() {
                if !roles.is_kept_back(index, named) {
                    roles.take_number(index);
                }
            }
        }
        if !roles.learns() {
            let longest = (0..roles.fields.len())
                .filter(|&index| roles.fields[index].is_long() && roles.id != Some(index))
                .max_by(|&a, &b| roles.fields[a].length().total_cmp(&roles.fields[b].length()));
            match longest {
                Some(longest) => roles.take_text(longest),
                None => return Err(roles.nothing_to_learn(file, named)),
            }
        }
        roles.find_id(named);
        roles.tell(named, ask);
        Ok(roles)
    }

    fn learns(&self) -> bool {
        self.roles.iter().any(|role| !matches!(role, Role::Metadata | Role::Nothing))
    }

    fn position(&self, test: impl Fn(&Field) -> bool) -> Option<usize> {
        self.fields.iter().position(test)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`Error::Input`] that suggests the nearest name.
    fn find(&self, file: &File, name: &str) -> Result<usize> {
        if let Some(index) = self.position(|field| field.name == name) {
            return Ok(index);
        }
        let known: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
        let error = file.wrong(format!("no column '{name}'"), format!("there are {}", super::excerpt(&known.join(", "))));
        Err(match nearest(name, known.iter().copied()) {
            Some(near) => error.with_hint(format!("did you mean '{near}'?")),
            None => error.with_hint("`latent describe DATA` lists them"),
        })
    }

    /// The first column that holds ids, where none was named.
    fn find_id(&mut self, named: bool) {
        if self.id.is_some() || !named {
            return;
        }
        let riding = || (0..self.fields.len()).filter(|&index| self.roles[index] == Role::Metadata);
        let exact = riding().find(|&index| self.fields[index].name.eq_ignore_ascii_case("id"));
        self.id = exact.or_else(|| riding().find(|&index| is_id(&self.fields[index].name)));
    }

    /// Whether a column of numbers is not learned from: it names the rows, or is a label by its name and its values.
    fn is_kept_back(&self, index: usize, named: bool) -> bool {
        self.id == Some(index) || (named && (is_id(&self.fields[index].name) || self.is_class(index)))
    }

    /// Whether a column looks like a label: by its name, and by values that are few whole numbers or truth. Beside an `x`, `y` is a coordinate.
    fn is_class(&self, index: usize) -> bool {
        let field = &self.fields[index];
        let coordinate =
            || field.name.trim().eq_ignore_ascii_case("y") && self.position(|field| field.name.trim().eq_ignore_ascii_case("x")).is_some();
        let like_classes = match field.kind {
            Kind::Number => field.classes,
            Kind::Bool => true,
            _ => false,
        };
        like_classes && is_label(&field.name) && !coordinate()
    }

    /// The column of documents, where one is: lists of words, text by its name, or running text where text is wanted.
    fn document(&self, named: bool, ask: &Ask<'_>) -> Option<usize> {
        let free = |index: &usize| self.id != Some(*index);
        let words = (0..self.fields.len()).filter(free).find(|&index| self.fields[index].kind == Kind::Words);
        if words.is_some() {
            return words;
        }
        let numbers = |index: usize| {
            matches!(self.fields[index].kind, Kind::Number | Kind::Vector(_) | Kind::Bool) && !self.is_kept_back(index, named)
        };
        let alone = !(0..self.fields.len()).any(numbers);
        let by_name = (0..self.fields.len()).filter(free).find(|&index| self.fields[index].is_document(alone));
        let running = || (0..self.fields.len()).filter(free).filter(|&index| self.fields[index].is_running());
        let longest = || running().max_by(|&a, &b| self.fields[a].length().total_cmp(&self.fields[b].length()));
        by_name.filter(|_| named).or_else(|| if ask.wants_text() { longest() } else { None })
    }

    fn take_text(&mut self, index: usize) {
        self.roles[index] = Role::Document;
        self.texts.push(index);
    }

    fn take_texts(&mut self, file: &File, names: &[String]) -> Result<()> {
        for name in names {
            let index = self.find(file, name)?;
            if self.roles[index] == Role::Document {
                return Err(Error::param("text", format!("'{name}' twice"), "each column is named once"));
            }
            let field = &self.fields[index];
            if !matches!(field.kind, Kind::Text | Kind::Words) {
                return Err(file.wrong(format!("a column of {}", field.shown()), "text is learned from columns of text").at_column(name));
            }
            self.take_text(index);
        }
        Ok(())
    }

    fn take_number(&mut self, index: usize) {
        let field = &self.fields[index];
        let width = match field.kind {
            Kind::Number | Kind::Bool => 1,
            Kind::Vector(width) => width,
            _ => return,
        };
        if let Some(names) = &mut self.names {
            match field.kind {
                Kind::Vector(width) => names.extend((0..width).map(|at| format!("{}{at}", field.name))),
                _ => names.push(field.name.clone()),
            }
        }
        self.roles[index] = Role::Number(self.numbers);
        self.numbers += width;
    }

    fn take_chosen(&mut self, file: &File, chosen: &[String], ask: &Ask<'_>) -> Result<()> {
        let fitted = ask.options.preparation.as_ref();
        let was_number = |name: &String| fitted.and_then(|fitted| fitted.names.as_ref()).is_some_and(|names| names.contains(name));
        let was_category = |name: &String| fitted.is_some_and(|fitted| fitted.categories().iter().any(|category| category.name == *name));
        for name in chosen {
            let index = self.find(file, name)?;
            let field = &self.fields[index];
            if !matches!(self.roles[index], Role::Metadata | Role::Nothing) {
                return Err(Error::param("columns", format!("'{name}' twice"), "each column is named once"));
            }
            let number = matches!(field.kind, Kind::Number | Kind::Vector(_) | Kind::Bool);
            if was_number(name) && !number {
                let why = field.lost.clone().unwrap_or_else(|| format!("the column holds {}", field.shown()));
                return Err(file.wrong(why, "the space was learned from numbers in this column").at_column(name));
            }
            match field.kind {
                Kind::Number | Kind::Bool if was_category(name) => self.take_category(index),
                Kind::Number | Kind::Vector(_) | Kind::Bool => self.take_number(index),
                Kind::Text if chosen.len() == 1 && (field.is_document(true) || field.is_long()) => self.take_text(index),
                Kind::Words if chosen.len() == 1 => self.take_text(index),
                Kind::Text | Kind::Words | Kind::Date => self.take_category(index),
                Kind::Other => {
                    return Err(file
                        .wrong("cells that are neither numbers nor text", "such a column cannot be learned from")
                        .at_column(name));
                }
            }
        }
        if self.names.as_ref().is_some_and(Vec::is_empty) && self.categories == 0 && self.numbers > 0 {
            self.names = None;
        }
        Ok(())
    }

    fn take_category(&mut self, index: usize) {
        self.roles[index] = Role::Category(self.categories);
        self.categories += 1;
    }

    /// Why each column cannot be learned from.
    fn nothing_to_learn(&self, file: &File, named: bool) -> Error {
        let why = |index: usize| {
            let field = &self.fields[index];
            let name = &field.name;
            match field.kind {
                _ if self.id == Some(index) || (named && is_id(name)) => format!("'{name}' names the rows"),
                _ if named && self.is_class(index) => format!("'{name}' is taken for a label by its name ({})", field.shown()),
                _ => match &field.lost {
                    Some(lost) => format!("'{name}' holds text: {lost}"),
                    None => format!("'{name}' holds {}", field.shown()),
                },
            }
        };
        const MOST: usize = 12;
        let mut each: Vec<String> = (0..self.fields.len().min(MOST)).map(why).collect();
        if self.fields.len() > MOST {
            each.push(format!("and {} more", self.fields.len() - MOST));
        }
        let text = self
            .position(|field| field.kind == Kind::Text && !is_id(&field.name))
            .or_else(|| self.position(|field| field.kind == Kind::Text));
        let label = (0..self.fields.len()).find(|&index| named && self.is_class(index));
        let hint = match (text, label) {
            (_, Some(label)) => format!("--columns {} learns from it all the same", self.fields[label].name),
            (Some(text), None) => {
                let name = &self.fields[text].name;
                format!("--text {name} learns from the words of '{name}', --columns {name} from its categories")
            }
            (None, None) => "choose columns yourself: --columns A,B".to_owned(),
        };
        file.wrong(
            format!("no column to learn from: {}", each.join("; ")),
            "a column of numbers that is no id and no label, or one of running text, is needed",
        )
        .with_hint(hint)
    }

    /// Says what rides along, what is text, and what was lost.
    fn tell(&mut self, named: bool, ask: &Ask<'_>) {
        let name = &ask.name;
        let quoted = |index: usize| format!("'{}'", self.fields[index].name);
        let chosen = ask.options.columns.is_some() || ask.options.text.is_some() || ask.fitted_columns().is_some();
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        match self.texts.as_slice() {
            [] => {}
            [one] => notes.push(format!("{name}: the text is that of column {}", quoted(*one))),
            many => notes.push(format!(
                "{name}: the text is that of the columns {}, joined",
                many.iter().map(|&index| quoted(index)).collect::<Vec<_>>().join(", ")
            )),
        }
        if let Some(id) = self.id {
            notes.push(format!("{name}: {} names the rows", quoted(id)));
        }
        let mut riding = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            let is_riding = self.roles[index] == Role::Metadata && self.id != Some(index);
            let column = quoted(index);
            match &field.lost {
                _ if !is_riding => {}
                Some(lost) if field.kind == Kind::Text && !chosen => {
                    warnings.push(format!("{name}: {column} is taken for text and not learned from, since {lost}"));
                    continue;
                }
                _ if named && !chosen && self.texts.is_empty() && self.is_class(index) => {
                    warnings.push(format!(
                        "{name}: {column} is taken for a label by its name ({}), and not learned from; choose columns yourself: --columns A,B",
                        field.shown()
                    ));
                    continue;
                }
                _ if field.is_running() && !chosen && self.texts.is_empty() => {
                    warnings.push(format!(
                        "{name}: {column} is running text ('{}') and not learned from beside numbers; --text {} learns from it",
                        field.example.as_deref().unwrap_or_default(),
                        field.name
                    ));
                    continue;
                }
                _ => {}
            }
            if is_riding {
                riding.push(if riding.len() < 8 { format!("{column} ({})", field.shown()) } else { column });
            }
        }
        if !riding.is_empty() {
            notes.push(format!("{name}: {} kept as metadata, not learned from", list(&riding)));
        }
        let nothing: Vec<String> = (0..self.fields.len())
            .filter(|&index| self.roles[index] == Role::Nothing && !self.fields[index].name.is_empty())
            .map(quoted)
            .collect();
        if !nothing.is_empty() {
            warnings.push(format!("{name}: {} left out: neither numbers nor text", list(&nothing)));
        }
        self.notes.extend(notes);
        self.warnings.extend(warnings);
    }

    /// Looks at the head of the column of dates that was asked for.
    ///
    /// # Errors
    /// [`Error::Input`] if there is no such column, or it holds no dates.
    pub(super) fn find_dates(&mut self, file: &File, ask: &Ask<'_>, head: impl FnOnce(usize) -> Result<ArrayRef>) -> Result<()> {
        let Some(name) = &ask.options.dates else { return Ok(()) };
        let index = self.find(file, name)?;
        if !matches!(self.roles[index], Role::Metadata) {
            return Err(Error::param("dates", format!("'{name}'"), "this column is learned from; --columns leaves it out"));
        }
        let dates = Dates::of(&head(index)?)
            .map_err(|why| file.wrong(why, "dates such as 2010-01-31, or seconds since 1970, are needed").at_column(name))?;
        self.dates = Some((index, dates));
        Ok(())
    }

    /// The column of ids, among the fields.
    pub(super) fn id(&self) -> Option<usize> {
        self.id
    }

    /// The columns of numbers without one, as `--columns` takes them: what would leave it out.
    pub(super) fn without(&self, index: usize) -> Option<String> {
        let others =
            (0..self.fields.len()).filter(|&other| other != index && matches!(self.roles[other], Role::Number(_) | Role::Category(_)));
        let names: Vec<&str> = others.map(|other| self.fields[other].name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(","))
    }

    /// `table`, `array` or `text`.
    pub(super) fn kind(&self) -> DataKind {
        match () {
            () if self.roles.contains(&Role::Document) => DataKind::Text,
            () if self.names.is_some() => DataKind::Table,
            () => DataKind::Array,
        }
    }

    /// Columns to learn from.
    pub(super) fn columns(&self) -> usize {
        self.numbers + self.categories
    }

    /// The numbers of a block, row by row, and the range of each column of 64 bits.
    ///
    /// # Errors
    /// [`Error::Input`] for cells with another number of numbers than the first.
    pub(super) fn numbers(&self, columns: &[ArrayRef], rows: usize, affine: &Affine) -> Result<(Vec<f32>, Vec<(f64, f64)>)> {
        let mut out = vec![0.0_f32; rows * self.numbers];
        let ranges = self.fill(columns, &mut out, affine, &|_| true)?;
        Ok((out, ranges))
    }

    /// As [`Roles::numbers`], of the fields that `wanted` names, into `out`.
    ///
    /// # Errors
    /// As there.
    pub(super) fn fill(
        &self,
        columns: &[ArrayRef],
        out: &mut [f32],
        affine: &Affine,
        wanted: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<(f64, f64)>> {
        let mut sources: Vec<(usize, Source)> = Vec::new();
        for (index, ((column, role), field)) in columns.iter().zip(&self.roles).zip(&self.fields).enumerate() {
            if let (Role::Number(place), true) = (*role, wanted(index)) {
                let width = if let Kind::Vector(width) = field.kind { width } else { 1 };
                sources.push((place, Source::new(column, width).map_err(|error| error.at_column(&field.name))?));
            }
        }
        let cols = self.numbers;
        let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); cols];
        for (place, source) in &sources {
            source.ranges(&mut ranges[*place..]);
        }
        if cols > 0 && !sources.is_empty() {
            // Blocks that stay in the cache while every column is written into them.
            let block = ((1 << 15) / cols).clamp(16, 4096);
            out.par_chunks_mut(block * cols).enumerate().for_each(|(index, out)| {
                for (place, source) in &sources {
                    source.write(index * block, out, cols, *place, affine);
                }
            });
        }
        Ok(ranges)
    }

    /// Observations of a block: its numbers, and the arrays of all columns (those of numbers are not looked at).
    ///
    /// # Errors
    /// [`Error::Input`] for what cannot be shown as text.
    pub(super) fn observations(
        &self,
        name: &str,
        numbers: Matrix,
        columns: &[ArrayRef],
        rows: usize,
        affine: &Affine,
    ) -> Result<Observations> {
        let mut riding: Vec<(String, ArrayRef)> = Vec::new();
        let mut id = None;
        let mut categories: Vec<Option<Category>> = vec![None; self.categories];
        for (index, ((column, role), field)) in columns.iter().zip(&self.roles).zip(&self.fields).enumerate() {
            match *role {
                Role::Metadata => {
                    if self.id == Some(index) {
                        id = Some(riding.len());
                    }
                    let cells = match self.dates {
                        Some((dates, how)) if dates == index => how.read(column)?,
                        _ => plain(column)?,
                    };
                    riding.push((field.name.clone(), cells));
                }
                Role::Category(place) => {
                    let text = text(column)?;
                    categories[place] = Some(Category::new(&field.name, (0..rows).map(|row| text.is_valid(row).then(|| text.value(row)))));
                }
                Role::Document | Role::Number(_) | Role::Nothing => {}
            }
        }
        let mut metadata = Metadata::from_columns(riding, rows)?;
        metadata.id = id;
        let mut texts: Option<Vec<String>> = None;
        for &index in &self.texts {
            let more = documents(&columns[index])?;
            texts = Some(match texts {
                None => more,
                Some(texts) => texts.into_iter().zip(more).map(|(text, more)| joined(text, &more)).collect(),
            });
        }
        let values = match texts {
            Some(texts) => Values::Text(Arc::new(texts)),
            None => Values::Table(Table {
                numbers,
                affine: affine.clone(),
                names: self.names.clone(),
                categories: categories.into_iter().flatten().collect(),
            }),
        };
        Ok(Observations { name: name.to_owned(), values, metadata })
    }
}

/// A document of two texts.
fn joined(mut text: String, more: &str) -> String {
    if !text.is_empty() && !more.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_guess_from_the_head_is_put_right_once() {
        let affines = Affines::new(None, &[(1e7, 1e7 + 1.0)]);
        assert!(!affines.refine(&[(1e7 - 3.0, 1e7 + 1.0)]));
        assert!(affines.refine(&[(1e7, 1e9)]) || affines.get().offsets() == [1e7 + 0.5]);
        let moved = Affines::new(None, &[(0.0, 1.0)]);
        assert!(!moved.refine(&[(0.0, 1e9)]));
        assert!(moved.refine(&[(0.0, 1e-50)]) && moved.get().scales()[0] < 1e-50);
        assert!(!Affines::new(Some(Affine::default()), &[]).refine(&[(1e7, 1e7 + 1.0)]), "those of a space stay");
    }
}
