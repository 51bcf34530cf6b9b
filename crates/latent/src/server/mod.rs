//! The explorer's server: one page, one study, on this machine.

mod events;
mod page;
mod png;
mod routes;
mod security;

use std::net::{IpAddr, Ipv4Addr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use latentspace::run::Flag;
use latentspace::{Error, Result};

pub(crate) use page::{NOTE as NO_PAGE, is_built, standing_alone, standing_in_folder};

use crate::study::Study;
use security::Guard;

/// Maximum size of a request: a million selected row numbers.
const LONGEST_QUESTION: usize = 64 << 20;

/// A server that is bound to its address but does not answer yet.
pub(crate) struct Server {
    listener: TcpListener,
    guard: Guard,
}

impl Server {
    /// Binds to an address: the local one, or with `host` one that other machines reach. Port 0: any free port.
    pub(crate) fn bind(host: Option<&str>, port: u16) -> Result<Self> {
        let place = || format!("{}:{port}", host.unwrap_or("127.0.0.1"));
        let fail = |error| Error::io(place(), error);
        let own = match host {
            None => (IpAddr::V4(Ipv4Addr::LOCALHOST), port).into(),
            Some(host) => (host, port)
                .to_socket_addrs()
                .map_err(fail)?
                .next()
                .ok_or_else(|| Error::param("--host", format!("'{host}'"), "it must be a name or number of this machine"))?,
        };
        let listener = TcpListener::bind(own).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Server { listener, guard: Guard::new(address, host.map(str::to_owned)) })
    }

    /// The same server, whose page a notebook on this machine may embed.
    pub(crate) fn framed(self) -> Self {
        Server { guard: self.guard.framed(), ..self }
    }

    /// The address to open.
    pub(crate) fn url(&self) -> String {
        self.guard.url()
    }

    /// Serves until the flag is set or the study is over.
    pub(crate) fn serve(self, study: Arc<Study>, end: &Flag) -> Result<()> {
        let fail = |error| Error::io("server", error);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(fail)?;
        let app: Router = routes::routes(study.clone())
            .fallback(page::file)
            .layer(DefaultBodyLimit::max(LONGEST_QUESTION))
            .layer(from_fn_with_state(Arc::new(self.guard), security::check));
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener).map_err(fail)?;
            let ended = async {
                while !end.is_set() && !study.is_over() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::select! {
                served = axum::serve(listener, app) => served.map_err(fail),
                () = ended => Ok(()),
            }
        });
        // Streams of events never end by themselves.
        runtime.shutdown_timeout(Duration::from_millis(100));
        served
    }
}
