//! Parallel loops over slices and ranges, on the threads of the current pool.
//!
//! Names and semantics are those of rayon's indexed iterators, and rayon's pool does the work. Only the compiled code differs: rayon
//! compiles its splitting and work stealing for each closure, a fifth of all code of this library; here they are compiled once,
//! for closures over a range of pieces. Of several errors the first by index is returned, whichever occurred first.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::iter::ParallelIterator as _;

/// Calls `work` with ranges that cover `0..n`, each index once, on as many threads as are free.
fn ranges(n: usize, work: &(dyn Fn(Range<usize>) + Sync)) {
    let halves = |range: Range<usize>| {
        let middle = range.start + range.len() / 2;
        if range.len() < 2 { (range, None) } else { (range.start..middle, Some(middle..range.end)) }
    };
    if n > 0 {
        rayon::iter::split(0..n, halves).for_each(work);
    }
}

/// An indexed sequence of pieces that can be processed in parallel.
pub trait Pieces: Sized + Sync {
    /// A piece.
    type Item;

    /// Number of pieces.
    fn count(&self) -> usize;

    /// The piece `at`.
    ///
    /// # Safety
    /// `at` must be below the count, and each index may be requested once: the piece may be a mutable slice.
    unsafe fn piece(&self, at: usize) -> Self::Item;

    /// Each piece with its index.
    fn enumerate(self) -> Enumerate<Self> {
        Enumerate(self)
    }

    /// Pairs of pieces, as many as the shorter has.
    fn zip<P: Pieces>(self, other: P) -> Zip<Self, P> {
        Zip(self, other)
    }

    /// The result of `f` for each piece.
    fn map<R, F: Fn(Self::Item) -> R + Sync>(self, f: F) -> Map<Self, F> {
        Map(self, f)
    }

    /// The result of `f` for each piece, with scratch space that pieces reuse.
    fn map_init<T, R, I: Fn() -> T + Sync, F: Fn(&mut T, Self::Item) -> R + Sync>(self, init: I, f: F) -> MapInit<Self, I, F> {
        MapInit(self, init, f)
    }

    /// Calls `f` for each piece.
    fn for_each(self, f: impl Fn(Self::Item) + Sync) {
        // SAFETY: each index is below the count, and comes once.
        ranges(self.count(), &|range| range.for_each(|at| f(unsafe { self.piece(at) })));
    }

    /// Calls `f` for each piece, with scratch space that pieces reuse.
    fn for_each_init<T>(self, init: impl Fn() -> T + Sync, f: impl Fn(&mut T, Self::Item) + Sync) {
        ranges(self.count(), &|range| {
            let mut room = init();
            // SAFETY: each index is below the count, and comes once.
            range.for_each(|at| f(&mut room, unsafe { self.piece(at) }));
        });
    }

    /// Calls `f` for each piece.
    ///
    /// # Errors
    /// The first error by index.
    fn try_for_each<E: Send>(self, f: impl Fn(Self::Item) -> Result<(), E> + Sync) -> Result<(), E> {
        self.map(f).collect()
    }

    /// Calls `f` for each piece, with scratch space that pieces reuse.
    ///
    /// # Errors
    /// The first error by index.
    fn try_for_each_init<T, E: Send>(
        self,
        init: impl Fn() -> T + Sync,
        f: impl Fn(&mut T, Self::Item) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        self.map_init(init, f).collect()
    }
}

/// An indexed sequence of values computed from pieces.
pub trait Made<R>: Sized + Sync {
    /// Number of pieces.
    fn count(&self) -> usize;

    /// Computes the values of a range, one after another.
    ///
    /// # Safety
    /// The range must end at the count at most, and each index may be requested once.
    unsafe fn over(&self, range: Range<usize>, each: impl FnMut(usize, R));

    /// Reduces all values with `both`, which must be associative and commutative. None if there are none.
    fn reduce(self, both: impl Fn(R, R) -> R + Sync) -> Option<R>
    where
        R: Send,
    {
        let all = Mutex::new(None);
        ranges(self.count(), &|range| {
            let mut some = None;
            let mut add = |_, value| {
                some = Some(match some.take() {
                    Some(some) => both(some, value),
                    None => value,
                });
            };
            // SAFETY: each index is below the count, and comes once.
            unsafe { self.over(range, &mut add) };
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            *all = match (all.take(), some) {
                (Some(all), Some(some)) => Some(both(all, some)),
                (all, some) => all.or(some),
            };
        });
        all.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Collects all values in order; for results, the first error by index.
    fn collect<C: Collected<R>>(self) -> C {
        C::collected(&self)
    }
}

/// A collection that values can be collected into.
pub trait Collected<R>: Sized {
    /// Collects all values in order.
    fn collected(made: &impl Made<R>) -> Self;
}

impl<R: Send> Collected<R> for Vec<R> {
    fn collected(made: &impl Made<R>) -> Self {
        let n = made.count();
        let mut all = Vec::<R>::with_capacity(n);
        let start = Start(all.as_mut_ptr(), PhantomData);
        // SAFETY: each index is below the count, for which there is room, and comes once. A panic leaves the length at 0.
        ranges(n, &|range| unsafe { made.over(range, |at, value| start.of(at).write(value)) });
        // SAFETY: all were written.
        unsafe { all.set_len(n) };
        all
    }
}

impl<T: Send, E: Send> Collected<Result<T, E>> for Result<Vec<T>, E> {
    fn collected(made: &impl Made<Result<T, E>>) -> Self {
        Vec::collected(made).into_iter().collect()
    }
}

impl<E: Send> Collected<Result<(), E>> for Result<(), E> {
    fn collected(made: &impl Made<Result<(), E>>) -> Self {
        let first: Mutex<Option<(usize, E)>> = Mutex::new(None);
        let keep = |at, result| {
            if let Err(error) = result {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|first| at < first.0) {
                    *first = Some((at, error));
                }
            }
        };
        // SAFETY: each index is below the count, and comes once.
        ranges(made.count(), &|range| unsafe { made.over(range, keep) });
        first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// See [`Pieces::map`].
pub struct Map<P, F>(P, F);

impl<P: Pieces, R, F: Fn(P::Item) -> R + Sync> Made<R> for Map<P, F> {
    fn count(&self) -> usize {
        self.0.count()
    }

    unsafe fn over(&self, range: Range<usize>, mut each: impl FnMut(usize, R)) {
        // SAFETY: as the caller holds.
        range.for_each(|at| each(at, (self.1)(unsafe { self.0.piece(at) })));
    }
}

/// See [`Pieces::map_init`].
pub struct MapInit<P, I, F>(P, I, F);

impl<P: Pieces, T, R, I: Fn() -> T + Sync, F: Fn(&mut T, P::Item) -> R + Sync> Made<R> for MapInit<P, I, F> {
    fn count(&self) -> usize {
        self.0.count()
    }

    unsafe fn over(&self, range: Range<usize>, mut each: impl FnMut(usize, R)) {
        let mut room = (self.1)();
        // SAFETY: as the caller holds.
        range.for_each(|at| each(at, (self.2)(&mut room, unsafe { self.0.piece(at) })));
    }
}

/// See [`Pieces::enumerate`].
pub struct Enumerate<P>(P);

impl<P: Pieces> Pieces for Enumerate<P> {
    type Item = (usize, P::Item);

    fn count(&self) -> usize {
        self.0.count()
    }

    unsafe fn piece(&self, at: usize) -> Self::Item {
        // SAFETY: as the caller holds.
        (at, unsafe { self.0.piece(at) })
    }
}

/// See [`Pieces::zip`].
pub struct Zip<A, B>(A, B);

impl<A: Pieces, B: Pieces> Pieces for Zip<A, B> {
    type Item = (A::Item, B::Item);

    fn count(&self) -> usize {
        self.0.count().min(self.1.count())
    }

    unsafe fn piece(&self, at: usize) -> Self::Item {
        // SAFETY: as the caller holds, and the count of neither is less.
        unsafe { (self.0.piece(at), self.1.piece(at)) }
    }
}

/// The integers of a range.
pub struct Numbers(Range<usize>);

impl Pieces for Numbers {
    type Item = usize;

    fn count(&self) -> usize {
        self.0.len()
    }

    unsafe fn piece(&self, at: usize) -> usize {
        self.0.start + at
    }
}

/// Parallel loops over a range.
pub trait ParallelRange {
    /// Each integer.
    fn into_par_iter(self) -> Numbers;
}

impl ParallelRange for Range<usize> {
    fn into_par_iter(self) -> Numbers {
        Numbers(self)
    }
}

/// Items of a slice.
pub struct Items<'a, T>(&'a [T]);

impl<'a, T: Sync> Pieces for Items<'a, T> {
    type Item = &'a T;

    fn count(&self) -> usize {
        self.0.len()
    }

    unsafe fn piece(&self, at: usize) -> &'a T {
        &self.0[at]
    }
}

/// Chunks of a slice, the last of which may be shorter.
pub struct Chunks<'a, T> {
    items: &'a [T],
    size: usize,
}

impl<'a, T: Sync> Pieces for Chunks<'a, T> {
    type Item = &'a [T];

    fn count(&self) -> usize {
        self.items.len().div_ceil(self.size)
    }

    unsafe fn piece(&self, at: usize) -> &'a [T] {
        let from = at * self.size;
        &self.items[from..(from + self.size).min(self.items.len())]
    }
}

/// A pointer to items that threads write to, each to a different one.
struct Start<'a, T>(*mut T, PhantomData<&'a mut [T]>);

// SAFETY: each item is written by a single thread.
unsafe impl<T: Send> Sync for Start<'_, T> {}

impl<T> Start<'_, T> {
    /// Pointer to item `at`.
    ///
    /// # Safety
    /// `at` must be within the allocation.
    unsafe fn of(&self, at: usize) -> *mut T {
        // SAFETY: as the caller holds.
        unsafe { self.0.add(at) }
    }
}

/// Mutable items of a slice.
pub struct ItemsMut<'a, T> {
    start: Start<'a, T>,
    len: usize,
}

impl<'a, T: Send + 'a> Pieces for ItemsMut<'a, T> {
    type Item = &'a mut T;

    fn count(&self) -> usize {
        self.len
    }

    unsafe fn piece(&self, at: usize) -> &'a mut T {
        // SAFETY: within the borrowed slice, and each item is requested once.
        unsafe { &mut *self.start.of(at) }
    }
}

/// Mutable chunks of a slice; the last may be shorter.
pub struct ChunksMut<'a, T> {
    start: Start<'a, T>,
    len: usize,
    size: usize,
}

impl<'a, T: Send + 'a> Pieces for ChunksMut<'a, T> {
    type Item = &'a mut [T];

    fn count(&self) -> usize {
        self.len.div_ceil(self.size)
    }

    unsafe fn piece(&self, at: usize) -> &'a mut [T] {
        let from = at * self.size;
        // SAFETY: within the borrowed slice; chunks do not overlap, and each is requested once.
        unsafe { std::slice::from_raw_parts_mut(self.start.of(from), self.size.min(self.len - from)) }
    }
}

/// Parallel loops over a slice.
pub trait ParallelSlice<T> {
    /// Each item.
    fn par_iter(&self) -> Items<'_, T>;
    /// Chunks of `size` items.
    fn par_chunks(&self, size: usize) -> Chunks<'_, T>;
    /// Each item, mutable.
    fn par_iter_mut(&mut self) -> ItemsMut<'_, T>;
    /// Mutable chunks of `size` items.
    fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T>;
    /// Sorts; not stable.
    fn par_sort_unstable(&mut self)
    where
        T: Ord + Send;
    /// Sorts by a key; stable.
    fn par_sort_by_key<K: Ord>(&mut self, key: impl Fn(&T) -> K + Sync)
    where
        T: Send;
}

impl<T> ParallelSlice<T> for [T] {
    fn par_iter(&self) -> Items<'_, T> {
        Items(self)
    }

    fn par_chunks(&self, size: usize) -> Chunks<'_, T> {
        assert!(size > 0, "chunks of no items");
        Chunks { items: self, size }
    }

    fn par_iter_mut(&mut self) -> ItemsMut<'_, T> {
        ItemsMut { len: self.len(), start: Start(self.as_mut_ptr(), PhantomData) }
    }

    fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T> {
        assert!(size > 0, "chunks of no items");
        ChunksMut { len: self.len(), start: Start(self.as_mut_ptr(), PhantomData), size }
    }

    fn par_sort_unstable(&mut self)
    where
        T: Ord + Send,
    {
        rayon::slice::ParallelSliceMut::par_sort_unstable(self);
    }

    fn par_sort_by_key<K: Ord>(&mut self, key: impl Fn(&T) -> K + Sync)
    where
        T: Send,
    {
        rayon::slice::ParallelSliceMut::par_sort_by_key(self, key);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_piece_is_worked_on_once_and_collected_in_order() {
        for n in [0, 1, 2, 7, 64, 1000] {
            let numbers: Vec<u32> = (0..n as u32).collect();
            let doubled: Vec<u32> = numbers.par_iter().map(|number| 2 * number).collect();
            assert_eq!(doubled, numbers.iter().map(|number| 2 * number).collect::<Vec<_>>());
            let mut out = vec![0; n];
            out.par_chunks_mut(3).zip(numbers.par_chunks(3)).enumerate().for_each(|(chunk, (out, numbers))| {
                assert_eq!(numbers[0] as usize, 3 * chunk);
                out.iter_mut().zip(numbers).for_each(|(out, number)| *out += number + 1);
            });
            out.par_iter_mut().for_each(|out| *out -= 1);
            assert_eq!(out, numbers);
            let rooms = AtomicUsize::new(0);
            let init = || rooms.fetch_add(1, Ordering::Relaxed);
            let text: Vec<String> = (0..n).into_par_iter().map_init(init, |_, at| at.to_string()).collect();
            assert_eq!(text, (0..n).map(|at| at.to_string()).collect::<Vec<_>>());
            assert!(rooms.into_inner() <= n);
        }
    }

    #[test]
    fn the_first_error_by_index_is_told() {
        for _ in 0..20 {
            let odd = |at: usize| if at % 7 == 6 { Err(at) } else { Ok(at) };
            assert_eq!((0..500).into_par_iter().map(odd).collect::<Result<Vec<usize>, usize>>(), Err(6));
            assert_eq!((0..500).into_par_iter().try_for_each(|at| odd(at).map(drop)), Err(6));
            assert_eq!((0..6).into_par_iter().try_for_each(|at| odd(at).map(drop)), Ok(()));
        }
    }

    #[test]
    fn a_panic_comes_to_the_caller() {
        let broken = |at: usize| if at == 40 { panic!("broken") } else { vec![at] };
        assert!(catch_unwind(AssertUnwindSafe(|| (0..50).into_par_iter().map(broken).collect::<Vec<_>>())).is_err());
    }
}
