//! The methods: one file each, read top to bottom; a folder where one file gets too long.

pub mod manifold;
pub mod map;
mod near;
pub mod pacmap;
pub mod pca;
pub mod topics;
pub mod tsne;
pub mod umap;

/// What a method cannot do that has no sparse way, as it tells it.
const TAKEN_DENSE: &str = "counts are taken as a dense table: 4 bytes a cell, zeros included";
/// What a method tells that has one.
const KEPT_SPARSE: &str = "counts of which at most one cell in twenty is not 0 are kept sparse, and all pairs of them are looked at; others are taken as a dense table: 4 bytes a cell, zeros included";
/// What a method tells that folds, and makes rows dense for that.
const DENSE_BY_CHUNKS: &str = "counts are made dense a chunk of 4,096 rows at a time: 4 bytes a cell of these, zeros included";
