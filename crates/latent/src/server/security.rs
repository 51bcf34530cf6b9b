//! Access control: requests from this machine and from the page itself; with `--host`, with the token.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::routes::Refused;

/// Content security policy: own scripts and styles, own images, requests to the own server, and nothing else. The allowed embedding
/// pages are added.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ";

/// Pages that may embed this one: those of this machine, such as notebooks.
const LOCAL: &str = "'self' http://localhost:* http://127.0.0.1:* https://localhost:* https://127.0.0.1:* vscode-webview:";

/// The access rules.
pub(crate) struct Guard {
    address: SocketAddr,
    /// The name given with `--host`; none if the server only listens locally.
    host: Option<String>,
    /// The required token, if other machines can reach the server.
    token: Option<String>,
    /// Whether a notebook on this machine may embed the page.
    framed: bool,
}

impl Guard {
    /// For a server at `address`; with a `host`, a token is generated and required.
    pub(crate) fn new(address: SocketAddr, host: Option<String>) -> Self {
        let token = host.as_ref().map(|_| random_token());
        Guard { address, host, token, framed: false }
    }

    /// The same, for a page that a notebook on this machine embeds.
    pub(crate) fn framed(self) -> Self {
        Guard { framed: true, ..self }
    }

    /// The address to open.
    pub(crate) fn url(&self) -> String {
        let port = self.address.port();
        match (&self.host, &self.token) {
            (Some(host), Some(token)) => {
                let shown = match host.parse::<IpAddr>() {
                    Ok(ip) if ip.is_unspecified() => "localhost".to_owned(),
                    Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
                    _ => host.clone(),
                };
                format!("http://{shown}:{port}/?token={token}")
            }
            _ => format!("http://127.0.0.1:{port}/"),
        }
    }

    /// Whether a `Host` header is this server's own, against DNS rebinding.
    fn knows(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port.parse::<u16>().ok()),
            _ => (host, Some(80)),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        match &self.host {
            // Other machines may use any IP address and forwarded port, but no name except the given one.
            Some(own) => name.eq_ignore_ascii_case(own) || name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok(),
            None => {
                let here = name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
                here && port == Some(self.address.port())
            }
        }
    }

    fn cookie(&self) -> String {
        format!("latent-{}", self.address.port())
    }

    fn shows_token(&self, headers: &HeaderMap, token: &str) -> bool {
        let name = self.cookie();
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .any(|pair| pair.trim().split_once('=').is_some_and(|(key, value)| key == name && same(value, token)))
    }
}

/// 128 random bits: the standard library's hasher is keyed by the system.
fn random_token() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let word = |at: u64| {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(at);
        hasher.finish()
    };
    format!("{:016x}{:016x}", word(1), word(2))
}

/// Compares in constant time.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Middleware that checks access, and adds headers to every answer.
pub(crate) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match admit(&guard, &request) {
        Ok(None) => next.run(request).await,
        Ok(Some(answer)) => answer,
        Err(refused) => refused.into_response(),
    };
    let headers = response.headers_mut();
    let policy = HeaderValue::try_from(format!("{POLICY}{}", if guard.framed { LOCAL } else { "'none'" }));
    headers.extend(policy.ok().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    if !guard.framed {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// None if the request is allowed, else the answer that refuses it.
fn admit(guard: &Guard, request: &Request) -> Result<Option<Response>, Refused> {
    let text = |name| request.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("\u{fffd}"));
    let refuse = |sentence: &str| Err(Refused::new(StatusCode::FORBIDDEN, sentence));
    let host = text(header::HOST).unwrap_or_default();
    if !guard.knows(host) {
        return refuse("host: this server answers to its own address only.");
    }
    if text(header::ORIGIN).is_some_and(|origin| origin != format!("http://{host}")) {
        return refuse("origin: another site's page may not ask this server.");
    }
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    if request.uri().path().starts_with("/api/") && site.is_some_and(|site| site != "same-origin" && site != "none") {
        return refuse("origin: another site's page may not ask this server.");
    }
    let Some(token) = &guard.token else { return Ok(None) };
    if guard.shows_token(request.headers(), token) {
        return Ok(None);
    }
    let shown = request.uri().query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("token="));
    if !shown.is_some_and(|shown| same(shown, token)) {
        return refuse("token: this server asks for the token that it printed; open the whole address.");
    }
    let cookie = format!("{}={token}; HttpOnly; SameSite=Strict; Path=/", guard.cookie());
    let answer = Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, request.uri().path())
        .header(header::SET_COOKIE, cookie)
        .body(Body::empty());
    Ok(answer.ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_address_is_known() {
        let guard = Guard::new(([127, 0, 0, 1], 4000).into(), None);
        for good in ["127.0.0.1:4000", "localhost:4000", "[::1]:4000"] {
            assert!(guard.knows(good), "{good}");
        }
        for bad in ["127.0.0.1", "127.0.0.1:4001", "evil.example:4000", "localhost.evil.example:4000", "", "10.0.0.1:4000"] {
            assert!(!guard.knows(bad), "{bad}");
        }
    }

    #[test]
    fn with_a_host_numbers_pass_and_foreign_names_do_not() {
        let guard = Guard::new(([0, 0, 0, 0], 4000).into(), Some("box.lan".into()));
        assert!(guard.knows("box.lan:4000") && guard.knows("10.1.2.3:8080") && !guard.knows("evil.example:4000"));
        assert!(guard.url().contains("/?token="));
        assert_ne!(random_token(), random_token());
    }
}
