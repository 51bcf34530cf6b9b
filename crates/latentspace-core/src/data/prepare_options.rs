//! What the caller decides of a preparation, described once: flags, the arguments of Python and their checks come from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::params::{self, Parameter};
use crate::text::TextOptions;

/// How columns are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Tables with named columns whose spreads differ more than tenfold: standard; everything else: none.
    #[default]
    Auto,
    /// As they are.
    None,
    /// Mean 0, standard deviation 1.
    Standard,
    /// Median 0, distance between the quartiles 1.
    Robust,
    /// From 0 to 1.
    Unit,
    /// Numbers to mean 0 and standard deviation 1; levels of categories to mean 0, divided by the root of their share.
    Mixed,
}

/// What becomes of missing cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// They are refused, with their place.
    #[default]
    Error,
    /// The column's mean.
    Mean,
    /// The column's median.
    Median,
    /// They stay missing, for methods that leave them out.
    Keep,
}

impl Missing {
    /// Whether missing cells get a value.
    pub(super) fn fills(self) -> bool {
        matches!(self, Missing::Mean | Missing::Median)
    }
}

/// Options of a preparation; what is not given is determined from the data. Flags, help, checks and Python's arguments are generated from
/// this description.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrepareOptions {
    /// Scale columns: none, standard (z-scores), robust (median and quartiles), unit (0 to 1), or mixed (z-scores, and levels of categories by the
    /// root of their share: PCA is then FAMD, of categories alone MCA).
    #[schemars(extend("unset" = "auto: standard where standard deviations differ tenfold"))]
    pub scale: Scale,
    /// Fill missing cells: mean, median, error to refuse them, or keep to learn from the others, where the method can.
    #[schemars(extend("unset" = "mean in tables, else error"))]
    pub missing: Option<Missing>,
    /// Which words of text are counted: options of their own ([`TextOptions::parameters`]).
    #[schemars(skip)]
    pub text: TextOptions,
}

impl PrepareOptions {
    /// The options, in the order of the struct, without those of text.
    pub fn parameters() -> Vec<Parameter> {
        params::describe(&schemars::schema_for!(PrepareOptions).to_value())
    }

    /// Options by their names, as flags or Python give them; those of text under `text`.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is unknown or not allowed.
    pub fn given(mut options: Map<String, Value>) -> Result<Self> {
        let text = match options.remove("text") {
            None | Some(Value::Null) => TextOptions::default(),
            Some(Value::Object(text)) => TextOptions::given(text)?,
            Some(other) => return Err(Error::param("text", other, "options of text by their names are needed")),
        };
        Ok(PrepareOptions { text, ..params::options("preparation", &Self::parameters(), options)? })
    }

    /// Checks that missing cells do not stay missing: `what` needs all cells.
    ///
    /// # Errors
    /// [`Error::Param`].
    pub fn without_missing(&self, what: &str) -> Result<()> {
        if self.missing != Some(Missing::Keep) {
            return Ok(());
        }
        let error = Error::param("missing", "keep", format!("{what} needs all cells: error, mean or median"));
        Err(error.with_hint("`latent fit` with --missing keep learns a space from the cells that are known"))
    }

    /// Whether medians or quartiles are needed.
    pub(super) fn needs_quartiles(&self) -> bool {
        self.scale == Scale::Robust || self.missing == Some(Missing::Median)
    }
}
