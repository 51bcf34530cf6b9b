//! Linear methods: a code is a linear function of the row, or a row a linear function of its code.

pub mod pca;
