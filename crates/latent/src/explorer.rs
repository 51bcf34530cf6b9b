//! The explorer for other programs: the page of `latent explore`, of observations that they hold.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use latentspace::data::{Observations, PrepareOptions};
use latentspace::linalg::Matrix;
use latentspace::run::Flag;
use latentspace::{Result, Run};
use serde_json::{Map, Value};

use crate::commands::explore;
use crate::progress::Screen;
use crate::server::Server;
use crate::study::Study;

/// What to show, and how.
pub struct Show {
    /// What was observed.
    pub observations: Observations,
    /// Where it lies, `[n, 2 or 3]`; none: a map is made.
    pub codes: Option<Matrix>,
    /// How it becomes numbers.
    pub prepare: PrepareOptions,
    /// What makes the map, by its registry name; none: the usual.
    pub method: Option<String>,
    /// Parameters of the method.
    pub params: Map<String, Value>,
    /// The port to serve at; 0: any that is free.
    pub port: u16,
}

/// A page that is served until it is closed.
pub struct Explorer {
    url: String,
    rows: usize,
    study: Arc<Study>,
    end: Flag,
    served: Mutex<Option<JoinHandle<Result<()>>>>,
}

impl Explorer {
    /// Serves the page on this machine, on threads of its own; pages of this machine may show it within theirs. The map is made meanwhile.
    ///
    /// # Errors
    /// [`latentspace::Error::Param`] for a method or parameters that are none; [`latentspace::Error::Io`] if the port is taken.
    pub fn start(show: Show, seed: u64, threads: usize) -> Result<Self> {
        let way = explore::Way::new(show.method.as_deref(), show.params)?;
        let server = Server::bind(None, show.port)?.framed();
        let (url, run) = (server.url(), Run::new(seed, threads)?);
        let rows = show.observations.rows();
        let end = run.cancel_flag();
        let study = Study::new(&show.observations.name, run, Arc::new(Screen::new(true)))?;
        study.begin(move |_, run| match &show.codes {
            Some(codes) => explore::of_observations_and_codes(show.observations, Vec::new(), codes, &show.prepare, way, run),
            None => explore::of_observations(show.observations, Vec::new(), &show.prepare, way, run),
        });
        let served = std::thread::spawn({
            let (study, end) = (study.clone(), end.clone());
            move || server.serve(study, &end)
        });
        Ok(Explorer { url, rows, study, end, served: Mutex::new(Some(served)) })
    }

    /// The address of the page.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What `/api/state` tells.
    pub fn state(&self) -> Value {
        serde_json::to_value(self.study.desk.state()).unwrap_or_default()
    }

    /// The rows that are selected, ascending, and a number that grows with each change.
    pub fn selection(&self) -> (Vec<u32>, u64) {
        let selection = self.study.desk.selection();
        (selection.rows, selection.version)
    }

    /// Selects rows, on all pages too.
    ///
    /// # Errors
    /// [`latentspace::Error::Param`] for a row that is not there.
    pub fn select(&self, rows: Vec<u32>) -> Result<()> {
        if let Some(&row) = rows.iter().find(|&&row| row as usize >= self.rows) {
            let wanted = format!("rows are counted from 0 to {}", self.rows.saturating_sub(1));
            return Err(latentspace::Error::param("selection", row, wanted));
        }
        self.study.desk.select(rows, true);
        Ok(())
    }

    /// Whether the page is served no more.
    pub fn is_closed(&self) -> bool {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Ends the work and the server, and waits until both are gone.
    pub fn close(&self) {
        self.end.set();
        if let Some(served) = self.served.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Whether it ended well is of no use to anybody who wants it gone.
            let _ = served.join();
        }
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.close();
    }
}
