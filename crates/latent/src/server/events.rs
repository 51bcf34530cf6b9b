//! `/api/events`: the state and the versions of the map, the selection and the view, as they change, at most ten times a second each.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::study::Study;

const PAUSE: Duration = Duration::from_millis(100);
const ALIVE: Duration = Duration::from_secs(15);

pub(crate) async fn events(State(study): State<Arc<Study>>) -> Sse<impl tokio_stream::Stream<Item = Result<Event, Infallible>>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        let (mut states, mut maps) = (study.desk.state_changes(), study.desk.map_changes());
        let (mut selections, mut views) = (study.desk.selection_changes(), study.desk.view_changes());
        states.mark_changed();
        if study.desk.frame().is_some() {
            maps.mark_changed();
        }
        if *selections.borrow() > 0 {
            selections.mark_changed();
        }
        if *views.borrow() > 0 {
            views.mark_changed();
        }
        // A slow reader gets fewer events, always with the current state.
        while let Ok(place) = sender.reserve().await {
            let event = tokio::select! {
                changed = maps.changed() => match changed {
                    Ok(()) => {
                        maps.borrow_and_update();
                        let Some(frame) = study.desk.frame() else { continue };
                        Event::default().event("map").json_data(json!({"version": frame.version, "dims": frame.dims, "step": frame.step}))
                    }
                    Err(_) => break,
                },
                changed = states.changed() => match changed {
                    Ok(()) => {
                        states.borrow_and_update();
                        Event::default().event("state").json_data(study.desk.state())
                    }
                    Err(_) => break,
                },
                changed = selections.changed() => match changed {
                    Ok(()) => {
                        let version = *selections.borrow_and_update();
                        Event::default().event("selection").json_data(json!({"version": version}))
                    }
                    Err(_) => break,
                },
                changed = views.changed() => match changed {
                    Ok(()) => {
                        let version = *views.borrow_and_update();
                        Event::default().event("view").json_data(json!({"version": version}))
                    }
                    Err(_) => break,
                },
                () = sender.closed() => break,
            };
            if let Ok(event) = event {
                place.send(Ok(event));
            }
            tokio::time::sleep(PAUSE / 2).await;
        }
    });
    Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(ALIVE))
}
