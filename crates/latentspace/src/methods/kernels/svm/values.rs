//! Kernel values between the rows of two classes, kept whole where memory allows, else computed row by row with a bounded cache.

use std::ops::Range;

use crate::error::Result;
use crate::linalg::Fresh;
use crate::methods::kernels::KernelKind;
use crate::methods::kernels::lens::{Lens, Seen};
use crate::parallel::*;
use crate::run::Run;

/// Rows of the kernel matrix that are computed at a time.
const BLOCK: usize = 128;
/// Bytes of the whole kernel matrix, or of all caches together, at most.
pub(super) const CACHE: u64 = 512 << 20;

/// The kernel values of all fitted rows, which lie class by class.
pub(super) struct Values<'a> {
    lens: &'a Lens,
    seen: &'a Seen,
    n: usize,
    /// `[n, n]`, where it is kept.
    whole: Option<Fresh>,
    /// `[n]`.
    diagonal: Vec<f64>,
}

impl<'a> Values<'a> {
    /// Cost of the whole matrix: n² d multiply-adds of 32 bits, n² powers of e, 4 n² bytes.
    ///
    /// # Errors
    /// As [`Lens::tile`]; [`crate::Error::Memory`]; [`crate::Error::Cancelled`].
    pub(super) fn new(lens: &'a Lens, seen: &'a Seen, n: usize, keep: bool, run: &Run) -> Result<Self> {
        let mut values = Values { lens, seen, n, whole: None, diagonal: Vec::new() };
        if keep {
            let (mut whole, blocks) = (Fresh::new(n, n)?, n.div_ceil(BLOCK));
            whole.par_chunks_mut(BLOCK * n).enumerate().try_for_each_init(Vec::new, |wide, (block, out)| {
                run.check()?;
                run.progress("kernel", block as u64, blocks as u64);
                lens.tile(seen, block * BLOCK..((block + 1) * BLOCK).min(n), seen, 0..n, wide, out)
            })?;
            values.whole = Some(whole);
        }
        let own = |row: usize| match (&values.whole, lens.kernel.kernel) {
            (_, KernelKind::Rbf) => Ok(1.0),
            (Some(whole), _) => Ok(f64::from(whole[row * (n + 1)])),
            (None, _) => {
                let mut cell = [0.0];
                lens.tile(seen, row..row + 1, seen, row..row + 1, &mut Vec::new(), &mut cell).map(|()| f64::from(cell[0]))
            }
        };
        values.diagonal = (0..n).into_par_iter().map(own).collect::<Result<_>>()?;
        Ok(values)
    }

    /// The values between the rows of two classes; of `caches` that there are at a time, each has its share of memory.
    pub(super) fn between(&'a self, classes: [Range<usize>; 2], caches: usize) -> Between<'a> {
        let m = classes[0].len() + classes[1].len();
        let most = (CACHE / caches.max(1) as u64 / (4 * m.max(1) as u64)).max(2) as usize;
        let known = if self.whole.is_some() { 0 } else { m };
        Between { values: self, classes, slot_of: vec![u32::MAX; known], slots: Vec::new(), most: most.min(m), clock: 0, wide: Vec::new() }
    }
}

/// A row of kernel values in the cache.
struct Slot {
    row: u32,
    used: u64,
    cells: Vec<f32>,
}

/// Kernel values between the rows of two classes, numbered from 0 on: first those of one, then those of the other.
pub(super) struct Between<'a> {
    values: &'a Values<'a>,
    classes: [Range<usize>; 2],
    /// The slot of each row; `u32::MAX`: none.
    slot_of: Vec<u32>,
    slots: Vec<Slot>,
    most: usize,
    clock: u64,
    wide: Vec<f64>,
}

impl Between<'_> {
    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.classes[0].len() + self.classes[1].len()
    }

    /// The place of a row among all fitted ones.
    pub(super) fn place(&self, row: u32) -> usize {
        let (row, first) = (row as usize, self.classes[0].len());
        if row < first { self.classes[0].start + row } else { self.classes[1].start + row - first }
    }

    /// The kernel value of a row with itself.
    pub(super) fn own(&self, row: u32) -> f64 {
        self.values.diagonal[self.place(row)]
    }

    /// Kernel values of a row with others, in ascending order. Bound: a product with all rows of both classes if the row is not in the
    /// cache, 4 d bytes each; else loads.
    ///
    /// # Errors
    /// As [`Lens::tile`].
    pub(super) fn with(&mut self, row: u32, others: &[u32], out: &mut Vec<f32>) -> Result<()> {
        let [first, second] = self.row(row)?;
        out.clear();
        if others.len() == first.len() + second.len() {
            out.extend_from_slice(first);
            out.extend_from_slice(second);
            return Ok(());
        }
        let split = others.partition_point(|&other| (other as usize) < first.len());
        out.extend(others[..split].iter().map(|&other| first[other as usize]));
        out.extend(others[split..].iter().map(|&other| second[other as usize - first.len()]));
        Ok(())
    }

    /// The kernel values of a row with all rows of both classes.
    fn row(&mut self, row: u32) -> Result<[&[f32]; 2]> {
        let place = self.place(row);
        if let Some(whole) = &self.values.whole {
            let cells = &whole[place * self.values.n..][..self.values.n];
            return Ok(self.classes.clone().map(|class| &cells[class]));
        }
        self.clock += 1;
        let mut slot = self.slot_of[row as usize] as usize;
        if slot == u32::MAX as usize {
            slot = self.free();
            let Values { lens, seen, .. } = self.values;
            let (first, second) = self.slots[slot].cells.split_at_mut(self.classes[0].len());
            for (class, cells) in self.classes.clone().into_iter().zip([first, second]).filter(|(class, _)| !class.is_empty()) {
                lens.tile(seen, place..place + 1, seen, class, &mut self.wide, cells)?;
            }
            self.slots[slot].row = row;
            self.slot_of[row as usize] = slot as u32;
        }
        self.slots[slot].used = self.clock;
        let (first, second) = self.slots[slot].cells.split_at(self.classes[0].len());
        Ok([first, second])
    }

    /// A slot to write to: a new one, or that of the row used longest ago.
    fn free(&mut self) -> usize {
        if self.slots.len() < self.most {
            self.slots.push(Slot { row: u32::MAX, used: 0, cells: vec![0.0; self.rows()] });
            return self.slots.len() - 1;
        }
        let slot = (0..self.slots.len()).min_by_key(|&slot| self.slots[slot].used).unwrap_or(0);
        if let Some(known) = self.slot_of.get_mut(self.slots[slot].row as usize) {
            *known = u32::MAX;
        }
        slot
    }
}
