//! The methods: one file each, read top to bottom; a folder where one file gets too long.

pub mod manifold;
pub mod map;
mod near;
pub mod pacmap;
pub mod pca;
pub mod tsne;
pub mod umap;

/// What a method cannot do that has no sparse way, as it tells it.
const TAKEN_DENSE: &str = "counts are taken as a dense table: 4 bytes a cell, zeros included";
