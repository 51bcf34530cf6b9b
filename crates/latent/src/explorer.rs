//! The explorer as a library: the page of `latent explore` for observations of another program.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use latentspace::data::{Affine, Observations, PrepareOptions, ReadOptions};
use latentspace::linalg::Matrix;
use latentspace::run::Flag;
use latentspace::{Result, Run, Space};
use serde_json::{Map, Value};

use crate::commands::explore;
use crate::hints::Flags;
use crate::progress::Screen;
use crate::server::Server;
use crate::study::{Study, ViewChange};

/// The content of a page.
pub enum Subject {
    /// Observations, their codes `[n, 2 or 3]` (none: a map is learned), and their preparation.
    Observations(Box<Observations>, Option<Matrix>, PrepareOptions),
    /// The fitted rows of a space.
    Space(Box<Space>),
    /// A file of data or a space, as for `latent explore`.
    File(String),
}

/// The options of a page.
pub struct Show {
    /// The content.
    pub subject: Subject,
    /// Registry name of the method of the map; none: the default.
    pub method: Option<String>,
    /// Parameters of the method.
    pub params: Map<String, Value>,
    /// The port; 0: any free port.
    pub port: u16,
}

/// A page, served until it is closed.
pub struct Explorer {
    url: String,
    study: Arc<Study>,
    end: Flag,
    served: Mutex<Option<JoinHandle<Result<()>>>>,
    /// The id of the serving process: a forked process does not have its threads.
    process: u32,
}

impl Explorer {
    /// Serves the page on this machine, on its own threads; pages of this machine may embed it. The map is learned in the background.
    ///
    /// # Errors
    /// [`latentspace::Error::Param`] for an invalid method or parameter; [`latentspace::Error::Input`] for a missing file,
    /// codes that do not fit the rows, and a space that keeps no rows; [`latentspace::Error::Io`] if the port is in use.
    pub fn start(show: Show, seed: u64, threads: usize) -> Result<Self> {
        let way = explore::MapMethod::new(show.method.as_deref(), show.params)?;
        let name = match &show.subject {
            Subject::Observations(observations, codes, _) => {
                codes.as_ref().map_or(Ok(()), |codes| explore::check_codes(observations, codes))?;
                observations.name.clone()
            }
            Subject::Space(space) => {
                explore::kept(space, "space").map_err(|error| error.with_hint("explore(X, codes=...) shows rows where it places them"))?;
                space.method.name.to_owned()
            }
            Subject::File(name) => {
                explore::check_file(name)?;
                name.clone()
            }
        };
        let server = Server::bind(None, show.port)?.framed();
        let (url, run) = (server.url(), Run::new(seed, threads)?);
        let end = run.cancel_flag();
        let study = Study::new(&name, run, Arc::new(Screen::new(true, Flags::default())))?;
        study.begin(move |study, run| match show.subject {
            Subject::Observations(observations, Some(codes), prepare) => {
                explore::of_observations_and_codes(*observations, (&codes, &Affine::default()), &prepare, way, run)
            }
            Subject::Observations(observations, None, prepare) => explore::of_observations(*observations, &prepare, way, run),
            Subject::Space(space) => explore::of_space(*space, &name, way),
            Subject::File(name) => explore::subject(study, run, &[name], &ReadOptions::default(), &PrepareOptions::default(), way),
        });
        let served = std::thread::spawn({
            let (study, end) = (study.clone(), end.clone());
            move || server.serve(study, &end)
        });
        Ok(Explorer { url, study, end, served: Mutex::new(Some(served)), process: std::process::id() })
    }

    /// The address of the page.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The object of `/api/state`.
    pub fn state(&self) -> Value {
        serde_json::to_value(self.study.desk.state()).unwrap_or_default()
    }

    /// The selected rows, ascending, and a version that increases with each change.
    pub fn selection(&self) -> (Vec<u32>, u64) {
        let selection = self.study.desk.selection();
        (selection.rows, selection.version)
    }

    /// Selects rows, on all pages.
    ///
    /// # Errors
    /// [`latentspace::Error::Param`] for a row that does not exist.
    pub fn select(&self, rows: Vec<u32>) -> Result<()> {
        let known = self.study.desk.state().rows;
        if let Some(&row) = rows.iter().find(|&&row| row as usize >= known) {
            let wanted = match known {
                0 => "the rows are still being read".to_owned(),
                rows => format!("rows are counted from 0 to {}", rows - 1),
            };
            return Err(latentspace::Error::param("selection", row, wanted));
        }
        self.study.desk.select(rows, true);
        Ok(())
    }

    /// What the page shows, `{"version", "place", "sets"}` as in docs/http-api.md.
    pub fn view(&self) -> Value {
        serde_json::to_value(self.study.desk.view()).unwrap_or_default()
    }

    /// The version of the view, which increases with each change.
    pub fn view_version(&self) -> u64 {
        self.study.desk.look_view(|view| view.version)
    }

    /// Shows another address or other named sets of rows, on all pages.
    ///
    /// # Errors
    /// [`latentspace::Error::Param`] for a row that does not exist.
    pub fn set_view(&self, place: Option<String>, sets: Option<std::collections::BTreeMap<String, Vec<u32>>>) -> Result<()> {
        self.study.desk.change_view(ViewChange { place, sets }, true).map(|_| ())
    }

    /// The map as PNG, as a page in a notebook last drew it.
    pub fn picture(&self) -> Option<Arc<Vec<u8>>> {
        self.study.desk.look_view(|view| view.picture.clone())
    }

    /// Whether the page is closed.
    pub fn is_closed(&self) -> bool {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Stops the work and the server, and waits for both. Does nothing in a process forked from the serving one.
    pub fn close(&self) {
        if self.process != std::process::id() {
            std::mem::forget(self.served.lock().unwrap_or_else(PoisonError::into_inner).take());
            return;
        }
        self.end.set();
        self.study.stop();
        if let Some(served) = self.served.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The result of the closed server is ignored.
            let _ = served.join();
        }
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.close();
    }
}
