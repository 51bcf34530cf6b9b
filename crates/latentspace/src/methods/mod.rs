//! The methods: one file each, read top to bottom; a folder where one file gets too long.

pub mod map;
pub mod pca;
pub mod tsne;
pub mod umap;
