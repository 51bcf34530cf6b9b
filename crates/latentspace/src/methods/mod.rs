//! The methods: one file each, read top to bottom; a folder where one file gets too long.

pub mod kernels;
pub mod linear;
pub mod manifold;
pub mod map;
mod near;
pub mod pacmap;
pub mod topics;
pub mod tsne;
pub mod umap;

/// A limit of methods without a sparse form.
const TAKEN_DENSE: &str = "sparse counts are made dense: 4 bytes a cell, zeros included";
/// A limit of methods with a sparse form.
const KEPT_SPARSE: &str = "counts with at most one nonzero cell in twenty stay sparse, and their neighbors are found by comparing all pairs; others are made dense: 4 bytes a cell, zeros included";
