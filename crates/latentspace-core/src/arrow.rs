//! The parts of Apache Arrow that we use, by the paths that the crate `arrow` gives them. That crate also compiles kernels for
//! arithmetic, strings, sort keys and JSON, which nothing here calls: a twentieth of a build from nothing.
//!
//! Programs that make or read metadata find its types here.

/// Arrays, their builders, and batches of columns.
pub mod array {
    pub use arrow_array::array::*;
    pub use arrow_array::builder::*;
    pub use arrow_array::cast::AsArray;
    pub use arrow_array::{RecordBatch, RecordBatchOptions, RecordBatchReader};
    pub use arrow_data::ArrayData;
}

/// Bytes that arrays share.
pub mod buffer {
    pub use arrow_buffer::*;
}

/// Conversion, concatenation and selection of arrays.
pub mod compute {
    pub use arrow_cast::cast;
    pub use arrow_select::concat::{concat, concat_batches};
    pub use arrow_select::take::{take, take_record_batch};
}

/// Types of columns, and schemas.
pub mod datatypes {
    pub use arrow_array::types::*;
    pub use arrow_schema::*;
}

/// Cells as text.
pub mod display {
    pub use arrow_cast::display::{ArrayFormatter, FormatOptions, array_value_to_string};
}

pub use arrow_ipc as ipc;
pub use arrow_schema::ArrowError;
