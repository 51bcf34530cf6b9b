//! Stability of a kept map: learns it with other seeds and from bootstrap resamples.

use std::sync::Arc;
use std::time::Instant;

use latentspace::learn::StabilityTest;
use latentspace::method::AnyMethod;
use latentspace::run::{Flag, Listener, Progress};
use latentspace::{Error, Result, registry};

use super::maps::{Kept, MadeAgain};
use super::params::checked;
use super::{Data, Phase, StabilityProgress, Study, held, whole};
use crate::progress::seconds_left;

/// Maximum number of seeds, and of resamples.
const RUNS_MOST: usize = 8;

impl Study {
    /// Starts the stability test of a map; false while other work is running.
    pub(crate) fn make_again(self: &Arc<Self>, map: &Arc<Kept>, runs: usize) -> Result<bool> {
        if !map.learned {
            return Err(Error::input("the map", "it was not learned here", "only a map learned in this session can be resampled"));
        }
        if !(2..=RUNS_MOST).contains(&runs) {
            return Err(Error::param("runs", runs, format!("it is 2 to {RUNS_MOST}")));
        }
        let Some(data) = self.data() else { return Ok(false) };
        let (method, _) = checked(registry::find(&map.method)?, &map.params, data.shape())?;
        self.again(method.as_ref(), &data, runs).check(self.run.seed())?;
        let Some(before) = self.begins(Phase::Measuring) else { return Ok(false) };
        let (study, map) = (self.clone(), map.clone());
        std::thread::spawn(move || study.work_again(&map, runs, before));
        Ok(true)
    }

    fn again<'a>(&self, method: &'a dyn AnyMethod, data: &'a Data, runs: usize) -> StabilityTest<'a> {
        let k = self.desk.look(|state| state.n_neighbors).min(data.shape().rows / 3).max(1);
        StabilityTest { method, training: data.training(), runs, k }
    }

    fn work_again(self: &Arc<Self>, map: &Kept, runs: usize, before: Phase) {
        let stop = held(&self.stop).clone().unwrap_or_default();
        let done = whole(|| self.made_again(map, runs, &stop));
        self.screen.clear();
        let failed = done.as_ref().err().filter(|error| !matches!(error, Error::Cancelled)).inspect(|error| self.screen.error(error));
        let failed = failed.map(|error| self.screen.failure(error));
        let known = done.map(|found| self.kept.add(map.id, found)).is_ok();
        let mut under_way = held(&self.stop);
        *under_way = None;
        self.desk.change(|state| {
            state.again = None;
            state.message = String::new();
            state.phase = if failed.is_some() { Phase::Failed } else { before };
            state.error = failed.or(state.error.take());
            state.maps_version += u64::from(known);
        });
    }

    fn made_again(self: &Arc<Self>, map: &Kept, runs: usize, stop: &Flag) -> Result<MadeAgain> {
        let data = self.data().ok_or_else(|| Error::internal("no data"))?;
        let (method, _) = checked(registry::find(&map.method)?, &map.params, data.shape())?;
        // An unfinished map is useless here: stopping cancels it.
        let run = self.run.clone().with_switches(stop.clone(), stop.clone()).with_listener(Arc::new(ProgressListener(self.clone())));
        let again = self.again(method.as_ref(), &data, runs);
        // A stopped map differs from the finished one.
        let first = (map.phase == Phase::Done).then(|| map.frame.codes()).transpose()?;
        let (begun, had, of) = (Instant::now(), usize::from(first.is_some()), 2 * runs);
        let found = again.measure(first, &run, |at| {
            let seconds_left = seconds_left(begun, (at - had.min(at)) as u64, (of - had) as u64);
            self.desk.change(|state| state.again = Some(StabilityProgress { map: map.id, at, of, seconds_left }));
        })?;
        let found = found.stability;
        Ok(MadeAgain { sentences: found.interpret(), found })
    }
}

/// A listener for progress; the maps are not shown.
struct ProgressListener(Arc<Study>);

impl Listener for ProgressListener {
    fn progress(&self, progress: &Progress<'_>) {
        self.0.desk.change(|state| {
            if state.message != progress.stage {
                state.message = progress.stage.to_owned();
            }
        });
        self.0.screen.progress(progress);
    }
}
