//! Contributions and quality of representation: how much each row and column makes up of a dimension, and how much of it the dimension shows.
//!
//! Source: Lebart, Morineau and Warwick 1984, "Multivariate descriptive statistical analysis"; Abdi and Williams 2010, doi:10.1002/wics.101.

use std::path::Path;
use std::sync::Arc;

use latentspace_core::arrow::array::{ArrayRef, Float64Array, StringArray};

use crate::data::{Metadata, Observations, write};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::run::Run;
use crate::space::Space;

/// Contributions to dimensions, and squared cosines, of rows or columns.
#[derive(Debug, Clone)]
pub struct Parts {
    /// `[n]`.
    pub names: Vec<String>,
    /// `[n, k]`, row by row: the share of each in the sum of squares of a dimension; each dimension sums to 1.
    pub contributions: Vec<f64>,
    /// `[n, k]`, row by row: the share of its sum of squares that a dimension shows; of a column, its squared correlation with the codes.
    pub cos2: Vec<f64>,
}

/// Contributions of rows and of columns.
#[derive(Debug, Clone)]
pub struct Contributions {
    /// Number of dimensions.
    pub k: usize,
    /// Of the rows.
    pub rows: Parts,
    /// Of the columns.
    pub columns: Parts,
    /// What rides along with the rows and was not learned from (supplementary variables): of a column of numbers the squared correlation
    /// with the codes, of a level of a category the squared cosine of the mean of its rows. Without contributions.
    pub supplementary: Parts,
}

/// Contributions and squared cosines of these rows, and of the columns by these rows, in a space whose rows are a mean and a sum of its axes. Rows that
/// the space was not learned from are supplementary: their cosines mean the same. So are columns of metadata.
///
/// Cost: 2·n·d·k flops.
///
/// # Errors
/// [`Error::Input`] if the space has no loadings or does not decode; as [`Space::encode`] for the rows.
pub fn contributions(space: &Space, data: &Observations, run: &Run) -> Result<Contributions> {
    let loadings = match space.capabilities().axes {
        Some(axes) if space.method.decodes && axes.distributions()?.is_none() => axes.table(),
        _ => {
            let found = format!("a space of {}", space.method.title);
            let error = Error::input("space", found, "contributions need loadings and decoded rows");
            return Err(error.with_hint("`latent methods` lists the methods whose spaces have loadings: pca"));
        }
    };
    let rows = space.prepare(data, run)?;
    let (codes, table) = (space.codes_of(&rows, run)?, rows.table()?);
    let (n, k, d) = (codes.rows(), codes.cols(), table.cols());
    // The origin, and what a unit of each dimension adds to it.
    let units = space.decode(&Matrix::from_fn(k + 1, k, |row, axis| if row == axis + 1 { 1.0 } else { 0.0 }), run)?;
    let origin = units.row(0);
    let square = |cells: &mut dyn Iterator<Item = f64>| cells.map(|cell| cell * cell).sum::<f64>();
    let apart = |row: &[f32]| square(&mut row.iter().zip(origin).map(|(&cell, &mean)| f64::from(cell) - f64::from(mean)));
    let lengths: Vec<f64> = (0..k).map(|axis| apart(units.row(axis + 1))).collect();
    let code = |row: usize, axis: usize| f64::from(codes.row(row)[axis]);
    let sums: Vec<f64> = (0..k).map(|axis| square(&mut (0..n).map(|row| code(row, axis)))).collect();
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let spreads: Vec<f64> = (0..n).map(|row| apart(table.row(row))).collect();
    let rows = Parts {
        names: (0..n).map(|row| data.metadata.id(row)).collect(),
        contributions: (0..n * k).map(|at| share(code(at / k, at % k).powi(2), sums[at % k])).collect(),
        cos2: (0..n * k).map(|at| share(code(at / k, at % k).powi(2) * lengths[at % k], spreads[at / k]).min(1.0)).collect(),
    };
    let weight = |column: usize, axis: usize| f64::from(loadings.row(axis)[column]);
    let wholes: Vec<f64> = (0..k).map(|axis| square(&mut (0..d).map(|column| weight(column, axis)))).collect();
    let correlations = super::correlations(&codes, &table);
    let columns = Parts {
        names: space.column_names(),
        contributions: (0..d * k).map(|at| share(weight(at / k, at % k).powi(2), wholes[at % k])).collect(),
        cos2: (0..d * k).map(|at| correlations[at / k][at % k]).map(|own| if own.is_finite() { own * own } else { 0.0 }).collect(),
    };
    let supplementary = supplementary(&data.metadata, &codes, &table, origin, &lengths);
    Ok(Contributions { k, rows, columns, supplementary })
}

/// Levels of a supplementary category at most: with more it is a name, and none of its levels says much.
const LEVELS: usize = 100;

/// The squared cosines of columns of metadata but the ids; `lengths` are those of a unit of each dimension, squared.
fn supplementary(metadata: &Metadata, codes: &Matrix, table: &Matrix, origin: &[f32], lengths: &[f64]) -> Parts {
    let (n, k, d) = (codes.rows(), codes.cols(), table.cols());
    let mut parts = Parts { names: Vec::new(), contributions: Vec::new(), cos2: Vec::new() };
    for (_, name) in metadata.names().into_iter().enumerate().filter(|(at, _)| metadata.id != Some(*at)) {
        if let Some(values) = metadata.numbers(&name) {
            let known: Vec<u32> = (0..n).filter(|&row| values[row].is_finite()).map(|row| row as u32).collect();
            let own = Matrix::from_fn(known.len(), 1, |row, _| values[known[row] as usize] as f32);
            let correlations = super::correlations(&codes.select(&known), &own);
            parts.names.push(name);
            parts.cos2.extend(correlations[0].iter().map(|own| if own.is_finite() { own * own } else { 0.0 }));
            continue;
        }
        let Some(category) = metadata.labels(&name).ok().filter(|category| category.levels.len() <= LEVELS.min(n / 2)) else { continue };
        for (level, level_name) in category.levels.iter().enumerate() {
            let rows: Vec<usize> = (0..n).filter(|&row| category.level(row) == Some(level_name.as_str())).collect();
            let mean = |cell: &dyn Fn(usize) -> f32| rows.iter().map(|&row| f64::from(cell(row))).sum::<f64>() / rows.len().max(1) as f64;
            let apart: f64 = (0..d).map(|column| (mean(&|row| table.row(row)[column]) - f64::from(origin[column])).powi(2)).sum();
            let share = |axis: usize| mean(&|row| codes.row(row)[axis]).powi(2) * lengths[axis] / apart;
            parts.cos2.extend((0..k).map(share).map(|share| if share.is_finite() { share.min(1.0) } else { 0.0 }));
            parts.names.push(format!("{name}={}", category.levels[level]));
        }
    }
    parts
}

impl Contributions {
    /// Writes a table with a line for each row and column, atomically: `.csv`, `.tsv` or `.parquet`.
    ///
    /// # Errors
    /// [`Error::Input`] for another ending; [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let all_parts = [("row", &self.rows), ("column", &self.columns), ("supplementary", &self.supplementary)];
        let kinds = all_parts.iter().flat_map(|(kind, parts)| parts.names.iter().map(|_| *kind));
        let names = all_parts.iter().flat_map(|(_, parts)| parts.names.iter().map(String::as_str));
        let lines = names.clone().count();
        let mut all: Vec<(String, ArrayRef)> = vec![
            ("kind".to_owned(), Arc::new(StringArray::from_iter_values(kinds))),
            ("name".to_owned(), Arc::new(StringArray::from_iter_values(names))),
        ];
        for axis in 0..self.k {
            let cells = |of: fn(&Parts) -> &[f64]| -> ArrayRef {
                let cell = |parts: &&Parts, line: usize| of(parts).get(line * self.k + axis).copied();
                let cells = all_parts.iter().flat_map(|(_, parts)| (0..parts.names.len()).map(move |line| cell(parts, line)));
                Arc::new(cells.collect::<Float64Array>())
            };
            all.push((format!("contribution_z{axis}"), cells(|parts| &parts.contributions)));
            all.push((format!("cos2_z{axis}"), cells(|parts| &parts.cos2)));
        }
        write::figures(path, &[], &Metadata::from_columns(all, lines)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Affine, Category, Precomputed, PrepareOptions, ReadOptions, Scale, Table, Values};
    use crate::random::Random;
    use crate::registry;

    /// Contributions to `k` principal components of a csv's rows in this scale.
    fn principal_components_of(csv: &str, k: usize, scale: Scale) -> Contributions {
        let run = Run::new(0, 2).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, csv).unwrap();
        // Of categories only columns that are named are learned from; what rides along with athletes is not.
        let names = csv.lines().next().unwrap().split(',').map(|name| name.trim_matches('"').to_owned());
        let along = ["athlete", "Rank", "Points", "Competition"];
        let columns = Some(names.filter(|name| !along.contains(&name.as_str())).collect());
        let options = ReadOptions { columns, ..ReadOptions::default() };
        let data = crate::data::read::open(path.to_str().unwrap(), &options).unwrap().read(&run).unwrap();
        let params = [("n_components".to_owned(), k.into())].into_iter().collect();
        let method = registry::find("pca").unwrap().with(&params).unwrap();
        let options = PrepareOptions { scale, ..PrepareOptions::default() };
        let learned = crate::learn::learn(method.as_ref(), data.clone(), &options, &Precomputed::default(), &run).unwrap();
        contributions(&learned.space, &data, &run).unwrap()
    }

    /// The 41 decathlons of Decastar and of the Olympic Games in 2004. FactoMineR 2.7 (R 4.2): `PCA(decathlon[, 1:10])`, contributions / 100.
    #[test]
    fn the_decathlon_has_the_figures_of_factominer() {
        let found = principal_components_of(include_str!("contributions/decathlon.csv"), 5, Scale::Standard);
        let wanted_rows = [
            [0.00467151093272, 0.00835950587954, 0.01186888125360, 0.03184218571682, 0.01781161720290],
            [0.01136953399180, 0.00463534061192, 0.07959743908310, 0.00290589297405, 0.13887205173750],
            [0.01375157337037, 0.00328936296730, 0.06643819575190, 0.07954334224970, 0.02252360998380],
        ];
        let cosines_of_rows = [
            [0.111678882791, 0.1061026224817, 0.121835342511, 0.245883452356, 0.0891175533242],
            [0.124009414419, 0.0268426546623, 0.372787121123, 0.010237745926, 0.3170100676400],
            [0.159918859629, 0.0203091109464, 0.331753059229, 0.298788493926, 0.0548190497379],
        ];
        let wanted_columns = [
            [0.183437695694, 0.0201609003466, 0.024204989127713, 0.00135328581897, 0.13336184150740],
            [0.168224670665, 0.0686855905479, 0.023631912090211, 0.00980301181872, 0.00196456044812],
            [0.118435395390, 0.2060678548355, 0.000389027576648, 0.03437114859100, 0.01804173911130],
        ];
        let cosines_of_columns = [
            [0.600190812414, 0.0350221254462, 0.03400599301678, 0.00143022059584, 0.09132265962444],
            [0.550415231570, 0.1193158701823, 0.03320086752663, 0.01036031650363, 0.00134527900251],
            [0.387509426067, 0.3579668635035, 0.00054655133225, 0.03632516053033, 0.01235450546627],
        ];
        for (found, wanted) in [
            (&found.rows.contributions, wanted_rows),
            (&found.rows.cos2, cosines_of_rows),
            (&found.columns.contributions, wanted_columns),
            (&found.columns.cos2, cosines_of_columns),
        ] {
            for (found, wanted) in found.iter().zip(wanted.as_flattened()) {
                assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
            }
        }
        assert_eq!(found.columns.names[0], "100m");
        // `PCA(decathlon, quanti.sup = 11:12, quali.sup = 13)`.
        let supplementary = [
            ("Rank", [0.4495841352, 0.0026417671, 0.0034039102, 0.0260524575, 0.1225179797]),
            ("Points", [0.9142309753, 0.0002727826, 0.0044026038, 0.0556997279, 0.0129107707]),
            ("Competition=Decastar", [0.4027687728, 0.0015857011, 0.0933439927, 0.0217813497, 0.1801648381]),
            ("Competition=OlympicG", [0.4027687728, 0.0015857011, 0.0933439927, 0.0217813497, 0.1801648381]),
        ];
        assert_eq!(found.supplementary.names, supplementary.map(|(name, _)| name));
        for ((name, wanted), found) in supplementary.iter().zip(found.supplementary.cos2.chunks(5)) {
            assert!(found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6), "{name}: {found:?}");
        }
    }

    /// FactoMineR 2.7 (R 4.2): `MCA(poison[, 5:15])`, the answers of 55 children who ate at a school party, and
    /// `FAMD(wine[, c(1, 2, 16, 22, 29, 28, 30, 31)])`, 21 wines by label, soil and six judgements. Contributions / 100.
    #[test]
    fn correspondence_analysis_and_mixed_tables_have_the_figures_of_factominer() {
        let near = |found: &[f64], wanted: [f64; 3], what: &str| {
            assert!(found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6), "{what}: {found:?} {wanted:?}");
        };
        let check = |found: &Contributions, rows: &[[f64; 3]], cosines: &[[f64; 3]], columns: &[(&str, [f64; 3], [f64; 3])]| {
            for (row, (contributions, cos2)) in rows.iter().zip(cosines).enumerate() {
                near(&found.rows.contributions[3 * row..][..3], *contributions, "row");
                near(&found.rows.cos2[3 * row..][..3], *cos2, "row");
            }
            for (name, contributions, cos2) in columns {
                let at = found.columns.names.iter().position(|own| own == name);
                let at = at.unwrap_or_else(|| panic!("{name} is none of {:?}", found.columns.names));
                near(&found.columns.contributions[3 * at..][..3], *contributions, name);
                near(&found.columns.cos2[3 * at..][..3], *cos2, name);
            }
        };
        let poison = principal_components_of(include_str!("contributions/poison.csv"), 3, Scale::Mixed);
        let rows = [
            [0.0111092664, 0.0098238297, 0.0049825469],
            [0.0379211714, 0.0001435818, 0.0008800370],
            [0.0108947010, 0.0025806722, 0.0085622995],
        ];
        let columns = [
            ("Nausea=Nausea_n", [0.0151586855, 0.0081100008, 0.0467001775], [0.2562007299, 0.0528025759, 0.2527484970]),
            ("Vomiting=Vomit_y", [0.0560050024, 0.1060839380, 0.0054411825], [0.3442016481, 0.2511603912, 0.0107085496]),
            ("Mayo=Mayo_n", [0.0849733512, 0.0199614142, 0.0268363824], [0.3829748879, 0.0346572620, 0.0387313606]),
        ];
        let cosines = [
            [0.3465259126, 0.1180447167, 0.0497683175],
            [0.5558956187, 0.0008108236, 0.0041310808],
            [0.5481388783, 0.0500176790, 0.1379484860],
        ];
        check(&poison, &rows, &cosines, &columns);
        let wine = principal_components_of(include_str!("contributions/wine.csv"), 3, Scale::Mixed);
        let rows = [
            [0.0001450746, 0.0639962409, 0.0174530399],
            [0.0042113589, 0.0727804699, 0.0175808837],
            [0.0074627279, 0.1293336227, 0.0182532125],
        ];
        let cosines = [
            [0.0028682467, 0.4862727662, 0.1130188453],
            [0.0799558148, 0.5310591076, 0.1093258869],
            [0.1025355855, 0.6829496072, 0.0821430509],
        ];
        check(
            &wine,
            &rows,
            &cosines,
            &[("Plante", [0.1520052552, 0.0326095262, 0.0669215972], [0.7344160416, 0.0605519657, 0.1059020479])],
        );
        let levels =
            [("Label=Saumur", [0.0001522912, 0.0063285028, 0.2085788595]), ("Soil=Env4", [0.0286124873, 0.0162337361, 0.2785963287])];
        for (name, wanted) in levels {
            let at = wine.columns.names.iter().position(|own| own == name).unwrap();
            near(&wine.columns.contributions[3 * at..][..3], wanted, name);
        }
    }

    /// Of categories alone, PCA of mixed scaling is multiple correspondence analysis: all dimensions together have the inertia of as many levels as there
    /// are beyond one a variable (Greenacre 2017, "Correspondence analysis in practice"), and rows are decoded to their own levels.
    #[test]
    fn categories_scaled_by_their_shares_have_the_inertia_of_correspondence_analysis() {
        let (random, run, n) = (Random::new(3, "answers"), Run::new(0, 2).unwrap(), 200);
        let variable = |name: &str, levels: u32, at: u64| Category {
            name: name.to_owned(),
            codes: (0..n as u64).map(|row| random.below(at, row, u64::from(levels)) as u32).collect(),
            levels: (0..levels).map(|level| format!("l{level}")).collect(),
        };
        let categories = vec![variable("a", 3, 0), variable("b", 2, 1), variable("c", 4, 2)];
        let table = Table { numbers: Matrix::from_fn(n, 0, |_, _| 0.0), affine: Affine::default(), names: Some(Vec::new()), categories };
        let data = Observations::new("answers", Values::Table(table.clone()));
        let params = [("n_components".to_owned(), 9.into())].into_iter().collect();
        let method = registry::find("pca").unwrap().with(&params).unwrap();
        let options = PrepareOptions { scale: crate::data::Scale::Mixed, ..PrepareOptions::default() };
        let learned = crate::learn::learn(method.as_ref(), data.clone(), &options, &Precomputed::default(), &run).unwrap();
        let codes = learned.codes(&run).unwrap();
        let inertia: f64 = codes.as_slice().iter().map(|&code| f64::from(code).powi(2)).sum::<f64>() / n as f64;
        assert!((inertia - 6.0).abs() < 1e-4, "{inertia}");
        let back = learned.space.preparation.restore(&learned.space.decode(&codes, &run).unwrap()).unwrap();
        let Values::Table(back) = back.values else { panic!() };
        assert!(back.categories == table.categories);
    }

    #[test]
    fn contributions_sum_to_one_and_all_dimensions_show_everything() {
        let (random, run) = (Random::new(1, "rows"), Run::new(0, 2).unwrap());
        let numbers = Matrix::from_fn(40, 4, |row, column| ((column + 1) as f64 * random.normal(row as u64, column as u64)) as f32);
        let table = Table { numbers, affine: Affine::default(), names: None, categories: Vec::new() };
        let data = Observations::new("rows", Values::Table(table));
        for whiten in [false, true] {
            let params = [("n_components".to_owned(), 4.into()), ("whiten".to_owned(), whiten.into())].into_iter().collect();
            let method = registry::find("pca").unwrap().with(&params).unwrap();
            let learned =
                crate::learn::learn(method.as_ref(), data.clone(), &PrepareOptions::default(), &Precomputed::default(), &run).unwrap();
            let found = contributions(&learned.space, &data, &run).unwrap();
            for parts in [&found.rows, &found.columns] {
                for axis in 0..4 {
                    let sum: f64 = parts.contributions.iter().skip(axis).step_by(4).sum();
                    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
                }
                assert!(parts.cos2.chunks_exact(4).all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-5), "{:?}", parts.cos2);
            }
        }
    }
}
