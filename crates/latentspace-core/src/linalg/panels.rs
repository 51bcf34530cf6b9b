//! Scores of rows with a whole table (inner products, or negative differences), compared with bounds while they are in registers.
//!
//! A product of which only a few cells are needed (the nearest rows) is not stored: each tile of 12 rows by 32 columns is compared with
//! the rows' bounds at once, and returned only if a cell reaches its bound. The sums run over the depth in order, each in its
//! own lane, so a score has the same bits at any position of a tile, and with all instructions that fuse multiply-adds. Limited by
//! multiply-adds; for differences by two additions and a bit operation per cell. A tile is computed at once in 24 registers of 512 bits, or in
//! quarters of 6 x 16, each in 12 registers of 256 bits; quarters without rows are skipped.

use super::{Instructions, MatrixView};
use crate::parallel::*;

/// Rows of a tile.
pub(crate) const TILE_ROWS: usize = 12;
/// Columns of a tile: rows of the table in a panel.
pub(crate) const TILE_COLS: usize = 32;
/// Rows and columns of a quarter.
const HALF_ROWS: usize = TILE_ROWS / 2;
const HALF_COLS: usize = TILE_COLS / 2;

/// The operation that the score of two rows sums over their cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// x·y.
    Product,
    /// -|x - y|.
    Difference,
    /// -1 where x and y are not equal.
    Unequal,
    /// x·y for sets, whose cells are 0 and 1; the score is the Jaccard similarity minus 1.
    Overlap,
}

const PRODUCT: u8 = 0;
const DIFFERENCE: u8 = 1;
const UNEQUAL: u8 = 2;
const OVERLAP: u8 = 3;

/// A table packed for tiles: panels of 32 rows, each depth by depth, with a name and a score offset per row.
pub(crate) struct Panels {
    depth: usize,
    agreement: Agreement,
    instructions: Instructions,
    names: Vec<u32>,
    offsets: Vec<f32>,
    data: Vec<f32>,
}

/// The name of padding in a panel.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Scores of up to 12 rows with 32 rows of a table, and a mask of those that reach their bound.
pub(crate) struct Tile {
    scores: [[f32; TILE_COLS]; TILE_ROWS],
    /// One bit per column.
    hits: [u32; TILE_ROWS],
}

impl Panels {
    /// Packs the rows `names` of `table`, 32 per panel; [`NOBODY`] is padding. `offset(row)` is added to each score of
    /// a row, except for sets, where it must be the size; padding has a score of minus infinity, below any finite bound. Runs on the
    /// calling thread's pool.
    pub(crate) fn new(table: MatrixView<'_>, names: Vec<u32>, agreement: Agreement, offset: impl Fn(usize) -> f32 + Sync) -> Self {
        Panels::with(Instructions::best(), table, names, agreement, offset)
    }

    /// The same with these instructions.
    fn with(
        instructions: Instructions,
        table: MatrixView<'_>,
        mut names: Vec<u32>,
        agreement: Agreement,
        offset: impl Fn(usize) -> f32 + Sync,
    ) -> Self {
        let depth = table.cols();
        names.resize(names.len().next_multiple_of(TILE_COLS), NOBODY);
        let mut data = vec![0.0; names.len() * depth];
        let mut offsets = vec![if agreement == Agreement::Overlap { f32::NAN } else { f32::NEG_INFINITY }; names.len()];
        if depth > 0 {
            let places = names.par_chunks(TILE_COLS).zip(offsets.par_chunks_mut(TILE_COLS));
            data.par_chunks_mut(TILE_COLS * depth).zip(places).for_each(|(panel, (names, offsets))| {
                for (column, &name) in names.iter().enumerate().filter(|(_, name)| **name != NOBODY) {
                    offsets[column] = offset(name as usize);
                    for (cell, &value) in panel[column..].iter_mut().step_by(TILE_COLS).zip(table.row(name as usize)) {
                        *cell = value;
                    }
                }
            });
        }
        Panels { depth, agreement, instructions, names, offsets, data }
    }

    /// Panels of all rows of `table`, in order.
    pub(crate) fn all(table: MatrixView<'_>, agreement: Agreement, offset: impl Fn(usize) -> f32 + Sync) -> Self {
        Panels::new(table, (0..table.rows() as u32).collect(), agreement, offset)
    }

    /// Number of panels.
    pub(crate) fn count(&self) -> usize {
        self.names.len() / TILE_COLS
    }

    /// Bytes of a panel.
    pub(crate) fn panel_bytes(&self) -> usize {
        4 * TILE_COLS * self.depth
    }

    /// The names of a panel's rows.
    pub(crate) fn names(&self, panel: usize) -> &[u32] {
        &self.names[panel * TILE_COLS..][..TILE_COLS]
    }

    /// Computes scores of the first `count` rows (1 to 12; the others are repetitions of one of them) with the rows of panel `panel`. Returns
    /// whether one reaches the bound of its row; only then is the tile filled.
    pub(crate) fn score(&self, rows: &[&[f32]; TILE_ROWS], count: usize, panel: usize, bounds: &[f32; TILE_ROWS], tile: &mut Tile) -> bool {
        assert!(rows.iter().all(|row| row.len() == self.depth));
        let data = &self.data[panel * TILE_COLS * self.depth..][..TILE_COLS * self.depth];
        let places = panel * TILE_COLS..(panel + 1) * TILE_COLS;
        let task = Task {
            rows,
            has_lower: count > HALF_ROWS,
            has_right: self.names[places.start + HALF_COLS] != NOBODY,
            data,
            offsets: &self.offsets[places],
            bounds,
        };
        match self.agreement {
            Agreement::Product => score::<PRODUCT>(&task, self.instructions, tile),
            Agreement::Difference => score::<DIFFERENCE>(&task, self.instructions, tile),
            Agreement::Unequal => score::<UNEQUAL>(&task, self.instructions, tile),
            Agreement::Overlap => score::<OVERLAP>(&task, self.instructions, tile),
        }
    }
}

/// A tile to be computed.
struct Task<'a> {
    rows: &'a [&'a [f32]; TILE_ROWS],
    /// Whether there are more than 6 rows.
    has_lower: bool,
    /// Whether the panel has more than 16 rows: padding comes last.
    has_right: bool,
    /// `[depth, 32]`.
    data: &'a [f32],
    /// `[32]`.
    offsets: &'a [f32],
    bounds: &'a [f32; TILE_ROWS],
}

/// Computes a tile; returns whether a score reaches its bound.
fn score<const AGREEMENT: u8>(task: &Task<'_>, instructions: Instructions, tile: &mut Tile) -> bool {
    #[cfg(target_arch = "x86_64")]
    if instructions.have_avx2() {
        // SAFETY: the processor has these instructions; each row has `depth` numbers, `data` 32 times as many, `offsets` 32, as checked
        // in `Panels::score`.
        return unsafe {
            match (instructions.are_avx512(), task.has_lower, task.has_right) {
                (true, false, false) => x86::whole::<AGREEMENT, HALF_ROWS, 1>(task, tile),
                (true, false, true) => x86::whole::<AGREEMENT, HALF_ROWS, 2>(task, tile),
                (true, true, false) => x86::whole::<AGREEMENT, TILE_ROWS, 1>(task, tile),
                (true, true, true) => x86::whole::<AGREEMENT, TILE_ROWS, 2>(task, tile),
                (false, ..) => x86::quarters::<AGREEMENT>(task, tile),
            }
        };
    }
    portable::<AGREEMENT>(task, tile)
}

impl Tile {
    /// A tile to be filled.
    pub(crate) fn new() -> Self {
        Tile { scores: [[0.0; TILE_COLS]; TILE_ROWS], hits: [0; TILE_ROWS] }
    }

    /// The scores of `row`; those of padding are arbitrary.
    pub(crate) fn scores(&self, row: usize) -> &[f32; TILE_COLS] {
        &self.scores[row]
    }

    /// Whether a score of `row` reaches the bound.
    pub(crate) fn is_hit(&self, row: usize) -> bool {
        self.hits[row] != 0
    }

    /// The columns of `row` that reach the bound, ascending, with their scores.
    pub(crate) fn hits(&self, row: usize) -> impl Iterator<Item = (usize, f32)> {
        let mut left = self.hits[row];
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let column = left.trailing_zeros() as usize;
            left &= left - 1;
            Some((column, self.scores[row][column]))
        })
    }
}

/// Jaccard similarity of two sets minus 1; NaN for two empty ones.
fn share(both: f32, either: f32) -> f32 {
    // Not `max`, which would drop NaN.
    both / if either < 1.0 { 1.0 } else { either } - 1.0
}

/// The portable kernel.
fn portable<const AGREEMENT: u8>(task: &Task<'_>, tile: &mut Tile) -> bool {
    let mut any = false;
    for (r, row) in task.rows.iter().enumerate() {
        let scores = &mut tile.scores[r];
        if AGREEMENT == OVERLAP {
            scores.fill(0.0)
        } else {
            scores.copy_from_slice(task.offsets)
        }
        for (&x, column) in row.iter().zip(task.data.chunks_exact(TILE_COLS)) {
            for (score, &y) in scores.iter_mut().zip(column) {
                *score += match AGREEMENT {
                    PRODUCT | OVERLAP => x * y,
                    DIFFERENCE => -(x - y).abs(),
                    _ => -f32::from(x != y),
                };
            }
        }
        if AGREEMENT == OVERLAP {
            let size: f32 = row.iter().sum();
            scores.iter_mut().zip(task.offsets).for_each(|(both, other)| *both = share(*both, size + other - *both));
        }
        tile.hits[r] = scores.iter().enumerate().fold(0, |hits, (c, &score)| hits | (u32::from(score >= task.bounds[r]) << c));
        any |= tile.hits[r] != 0;
    }
    any
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _CMP_GE_OQ, _CMP_NEQ_OQ, _mm256_add_ps, _mm256_and_ps, _mm256_broadcast_ss, _mm256_cmp_ps, _mm256_div_ps, _mm256_fmadd_ps,
        _mm256_loadu_ps, _mm256_max_ps, _mm256_movemask_ps, _mm256_or_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm256_sub_ps, _mm512_abs_ps, _mm512_add_ps, _mm512_cmp_ps_mask, _mm512_div_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
        _mm512_mask_sub_ps, _mm512_max_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps, _mm512_sub_ps,
    };

    use super::{DIFFERENCE, HALF_COLS, HALF_ROWS, OVERLAP, PRODUCT, TILE_COLS, Task, Tile};

    /// The first `ROWS` rows and `16 * HALVES` columns of a tile.
    ///
    /// # Safety
    /// The processor has AVX-512F; each row has `depth` numbers, `data` 32 times as many, `offsets` 32.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn whole<const AGREEMENT: u8, const ROWS: usize, const HALVES: usize>(task: &Task<'_>, tile: &mut Tile) -> bool {
        let depth = task.data.len() / TILE_COLS;
        // SAFETY: every read is within what the caller promised: numbers 0..depth of each row, 32 * depth of `data`, 32 of `offsets`; every
        // write is within a row of the tile's scores.
        unsafe {
            let rows: [*const f32; ROWS] = std::array::from_fn(|row| task.rows[row].as_ptr());
            let start: [_; HALVES] = std::array::from_fn(|half| _mm512_loadu_ps(task.offsets.as_ptr().add(HALF_COLS * half)));
            let one = _mm512_set1_ps(1.0);
            let mut sums = [if AGREEMENT == OVERLAP { [_mm512_setzero_ps(); HALVES] } else { start }; ROWS];
            let mut sizes = [_mm512_setzero_ps(); ROWS];
            let mut column = task.data.as_ptr();
            for at in 0..depth {
                let columns: [_; HALVES] = std::array::from_fn(|half| _mm512_loadu_ps(column.add(HALF_COLS * half)));
                column = column.add(TILE_COLS);
                for row in 0..ROWS {
                    let cell = _mm512_set1_ps(*rows[row].add(at));
                    if AGREEMENT == OVERLAP {
                        sizes[row] = _mm512_add_ps(sizes[row], cell);
                    }
                    for half in 0..HALVES {
                        let (sum, column) = (sums[row][half], columns[half]);
                        sums[row][half] = match AGREEMENT {
                            PRODUCT | OVERLAP => _mm512_fmadd_ps(cell, column, sum),
                            DIFFERENCE => _mm512_sub_ps(sum, _mm512_abs_ps(_mm512_sub_ps(cell, column))),
                            _ => _mm512_mask_sub_ps(sum, _mm512_cmp_ps_mask::<_CMP_NEQ_OQ>(cell, column), sum, one),
                        };
                    }
                }
            }
            let mut any = 0;
            let mut hits = [0_u32; ROWS];
            for row in 0..ROWS {
                let bound = _mm512_set1_ps(task.bounds[row]);
                for half in 0..HALVES {
                    if AGREEMENT == OVERLAP {
                        let both = sums[row][half];
                        // With a NaN the instruction returns its second operand, so that padding stays padding.
                        let either = _mm512_max_ps(one, _mm512_sub_ps(_mm512_add_ps(sizes[row], start[half]), both));
                        sums[row][half] = _mm512_sub_ps(_mm512_div_ps(both, either), one);
                    }
                    hits[row] |= u32::from(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(sums[row][half], bound)) << (HALF_COLS * half);
                }
                any |= hits[row];
            }
            if any == 0 {
                return false;
            }
            tile.hits.fill(0);
            tile.hits[..ROWS].copy_from_slice(&hits);
            for (scores, sums) in tile.scores.iter_mut().zip(&sums) {
                for half in 0..HALVES {
                    _mm512_storeu_ps(scores.as_mut_ptr().add(HALF_COLS * half), sums[half]);
                }
            }
            true
        }
    }

    /// A tile in quarters.
    ///
    /// # Safety
    /// The processor has AVX2 and FMA; each row has `depth` numbers, `data` 32 times as many, `offsets` 32.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn quarters<const AGREEMENT: u8>(task: &Task<'_>, tile: &mut Tile) -> bool {
        tile.hits.fill(0);
        let mut any = false;
        for top in if task.has_lower { &[0, HALF_ROWS][..] } else { &[0][..] } {
            for left in if task.has_right { &[0, HALF_COLS][..] } else { &[0][..] } {
                // SAFETY: as promised by the caller.
                any |= unsafe { quarter::<AGREEMENT>(task, *top, *left, tile) };
            }
        }
        any
    }

    /// Six rows from `top` on with 16 columns from `left` on.
    ///
    /// # Safety
    /// As [`quarters`]; `top` is 0 or 6, `left` 0 or 16.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn quarter<const AGREEMENT: u8>(task: &Task<'_>, top: usize, left: usize, tile: &mut Tile) -> bool {
        let depth = task.data.len() / TILE_COLS;
        // SAFETY: every read is within what the caller promised: numbers 0..depth of each row, 32 * depth of `data`, 32 of `offsets`; every
        // write is within a row of the tile's scores.
        unsafe {
            let [a, b, c, d, e, f]: [*const f32; HALF_ROWS] = std::array::from_fn(|row| task.rows[top + row].as_ptr());
            let offsets = task.offsets.as_ptr().add(left);
            let start = [_mm256_loadu_ps(offsets), _mm256_loadu_ps(offsets.add(8))];
            let mut sums = [if AGREEMENT == OVERLAP { [_mm256_setzero_ps(); 2] } else { start }; HALF_ROWS];
            let mut sizes = [_mm256_setzero_ps(); HALF_ROWS];
            let column = task.data.as_ptr().wrapping_add(left);
            let (one, unsigned) = (_mm256_set1_ps(1.0), _mm256_set1_ps(f32::from_bits(0x7fff_ffff)));
            for at in 0..depth {
                let column = column.add(at * TILE_COLS);
                let (low, high) = (_mm256_loadu_ps(column), _mm256_loadu_ps(column.add(8)));
                let cells = [
                    _mm256_broadcast_ss(&*a.add(at)),
                    _mm256_broadcast_ss(&*b.add(at)),
                    _mm256_broadcast_ss(&*c.add(at)),
                    _mm256_broadcast_ss(&*d.add(at)),
                    _mm256_broadcast_ss(&*e.add(at)),
                    _mm256_broadcast_ss(&*f.add(at)),
                ];
                for ((sum, size), cell) in sums.iter_mut().zip(&mut sizes).zip(cells) {
                    if AGREEMENT == OVERLAP {
                        *size = _mm256_add_ps(*size, cell);
                    }
                    for (sum, column) in sum.iter_mut().zip([low, high]) {
                        *sum = match AGREEMENT {
                            PRODUCT | OVERLAP => _mm256_fmadd_ps(cell, column, *sum),
                            DIFFERENCE => _mm256_sub_ps(*sum, _mm256_and_ps(_mm256_sub_ps(cell, column), unsigned)),
                            _ => _mm256_sub_ps(*sum, _mm256_and_ps(_mm256_cmp_ps::<_CMP_NEQ_OQ>(cell, column), one)),
                        };
                    }
                }
            }
            if AGREEMENT == OVERLAP {
                for (sum, size) in sums.iter_mut().zip(sizes) {
                    for (both, other) in sum.iter_mut().zip(start) {
                        // With a NaN the instruction returns its second operand, so that padding stays padding.
                        let either = _mm256_max_ps(one, _mm256_sub_ps(_mm256_add_ps(size, other), *both));
                        *both = _mm256_sub_ps(_mm256_div_ps(*both, either), one);
                    }
                }
            }
            let mut reached = [[_mm256_setzero_ps(); 2]; HALF_ROWS];
            let mut any = _mm256_setzero_ps();
            for ((reached, sum), &bound) in reached.iter_mut().zip(&sums).zip(&task.bounds[top..]) {
                let bound = _mm256_set1_ps(bound);
                *reached = [_mm256_cmp_ps::<_CMP_GE_OQ>(sum[0], bound), _mm256_cmp_ps::<_CMP_GE_OQ>(sum[1], bound)];
                any = _mm256_or_ps(any, _mm256_or_ps(reached[0], reached[1]));
            }
            if _mm256_movemask_ps(any) == 0 {
                return false;
            }
            for (row, (reached, sum)) in reached.iter().zip(&sums).enumerate() {
                let hits = _mm256_movemask_ps(reached[0]) | (_mm256_movemask_ps(reached[1]) << 8);
                tile.hits[top + row] |= (hits as u32) << left;
                let scores = tile.scores[top + row].as_mut_ptr().add(left);
                _mm256_storeu_ps(scores, sum[0]);
                _mm256_storeu_ps(scores.add(8), sum[1]);
            }
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    #[test]
    fn hits_are_the_scores_that_reach_the_bound() {
        let random = Random::new(3, "panels");
        let shapes = [(1, 1), (16, 5), (37, 50), (80, 7), (100, 131)];
        let all = [Agreement::Product, Agreement::Difference, Agreement::Unequal, Agreement::Overlap];
        for (agreement, (n, depth)) in all.into_iter().flat_map(|agreement| shapes.map(|shape| (agreement, shape))) {
            let cell = |normal: f64| match agreement {
                Agreement::Unequal => normal.round() as f32,
                Agreement::Overlap => f32::from(normal > 0.3),
                _ => normal as f32,
            };
            let agree = |(a, b): (&f32, &f32)| match agreement {
                Agreement::Product => f64::from(*a) * f64::from(*b),
                Agreement::Difference => -(f64::from(*a) - f64::from(*b)).abs(),
                Agreement::Unequal => -f64::from(u8::from(a != b)),
                Agreement::Overlap => f64::from(a * b),
            };
            let size = |row: &[f32]| row.iter().sum::<f32>();
            let table = Matrix::from_fn(n, depth, |i, j| cell(random.normal(i as u64, j as u64)));
            let rows = Matrix::from_fn(TILE_ROWS, depth, |i, j| cell(random.normal(1000 + i as u64, j as u64)));
            let sets = agreement == Agreement::Overlap;
            let offset = |row: usize| if sets { size(table.row(row)) } else { row as f32 * 0.01 };
            let all = || (0..n as u32).collect();
            let panels: Vec<Panels> =
                Instructions::all().map(|these| Panels::with(these, table.view(), all(), agreement, offset)).collect();
            // Half of these lie within what scores of differences come to.
            let middle = match agreement {
                Agreement::Product => 0.0,
                Agreement::Overlap => -0.7777,
                _ => -(depth as f32),
            };
            let bounds = [0.0, 0.505, -1.005, f32::MIN, 2.005, 1e9, -0.5, 0.1, 1e9, 1e9, -3.005, 5.005].map(|bound| bound + middle);
            for (count, panel) in (1..=TILE_ROWS).flat_map(|count| (0..panels[0].count()).map(move |panel| (count, panel))) {
                let mut views = [rows.row(0); TILE_ROWS];
                let mut reach = [f32::INFINITY; TILE_ROWS];
                for row in 0..count {
                    (views[row], reach[row]) = (rows.row(row), bounds[row]);
                }
                let mut wanted = Vec::new();
                for (r, bound) in bounds.iter().enumerate().take(count) {
                    let expected = (panel * TILE_COLS..n.min((panel + 1) * TILE_COLS)).filter_map(|j| {
                        let dot: f64 = rows.row(r).iter().zip(table.row(j)).map(agree).sum();
                        let either = f64::from(size(rows.row(r)) + size(table.row(j))) - dot;
                        let score = if sets { dot / either.max(1.0) - 1.0 } else { dot + f64::from(j as f32 * 0.01) };
                        (score >= f64::from(*bound)).then_some((r, j - panel * TILE_COLS, score))
                    });
                    wanted.extend(expected);
                }
                let mut fused: Option<Vec<(usize, usize, f32)>> = None;
                for panels in &panels {
                    let mut tile = Tile::new();
                    let some = panels.score(&views, count, panel, &reach, &mut tile);
                    assert_eq!(some, !wanted.is_empty());
                    let rows = if some { count } else { 0 };
                    let hits = (0..rows).flat_map(|r| tile.hits(r).map(move |(column, score)| (r, column, score)).collect::<Vec<_>>());
                    let hits: Vec<(usize, usize, f32)> = hits.collect();
                    assert_eq!(hits.len(), wanted.len());
                    for (hit, wanted) in hits.iter().zip(&wanted) {
                        assert!((hit.0, hit.1) == (wanted.0, wanted.1) && (f64::from(hit.2) - wanted.2).abs() < 1e-4);
                    }
                    // With fused multiply-adds the bits are the same.
                    if panels.instructions.have_avx2() {
                        assert!(*fused.get_or_insert_with(|| hits.clone()) == hits, "{:?}", panels.instructions);
                    }
                }
            }
        }
    }
}
