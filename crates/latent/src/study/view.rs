//! What pages and the program that serves them share of what is shown: the address, named sets of rows, and a picture of the map.

use std::collections::BTreeMap;
use std::sync::Arc;

use latentspace::{Error, Result};
use serde::{Deserialize, Serialize};

use super::state::Desk;

/// Longest address, in bytes.
const LONGEST_PLACE: usize = 64 << 10;

/// The view.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct View {
    /// Increases with each change.
    pub(crate) version: u64,
    /// The part of the page's address after #.
    pub(crate) place: String,
    /// Row numbers by the name of the set.
    pub(crate) sets: BTreeMap<String, Vec<u32>>,
    /// The map as PNG.
    #[serde(skip)]
    pub(crate) picture: Option<Arc<Vec<u8>>>,
}

/// A change of the view; what is not given stays.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ViewChange {
    pub(crate) place: Option<String>,
    pub(crate) sets: Option<BTreeMap<String, Vec<u32>>>,
}

impl Desk {
    /// Changes the view: its version. Pages are told if `tell`, that is if no page made the change.
    ///
    /// # Errors
    /// [`Error::Param`] for an address that is too long and for a row that does not exist.
    pub(crate) fn change_view(&self, change: ViewChange, tell: bool) -> Result<u64> {
        if change.place.as_ref().is_some_and(|place| place.len() > LONGEST_PLACE || place.chars().any(char::is_control)) {
            return Err(Error::param(
                "view",
                "an address that is too long or has control characters",
                format!("it has at most {LONGEST_PLACE} bytes"),
            ));
        }
        let rows = self.look(|state| state.rows);
        let mut sets = change.sets;
        for (name, set) in sets.iter_mut().flatten() {
            if let Some(row) = set.iter().find(|&&row| row as usize >= rows) {
                return Err(Error::param("sets", format!("row {row} in '{name}'"), format!("there are {rows} rows, counted from 0")));
            }
            set.sort_unstable();
            set.dedup();
        }
        Ok(self.update_view(tell, |view| {
            if let Some(place) = change.place {
                view.place = place;
            }
            if let Some(sets) = sets {
                view.sets = sets;
            }
        }))
    }

    /// Keeps a picture of the map.
    ///
    /// # Errors
    /// [`Error::Param`] if it is no PNG.
    pub(crate) fn keep_picture(&self, png: &[u8]) -> Result<()> {
        if !png.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Err(Error::param("picture", "bytes that are no PNG", "it is a picture of the map as PNG"));
        }
        self.update_view(false, |view| view.picture = Some(Arc::new(png.to_vec())));
        Ok(())
    }
}
