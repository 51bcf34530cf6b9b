//! The page's files, embedded in the program and served by exact name.

use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};

/// Names and bytes.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

const MISSING: &str = "<!doctype html><meta charset=\"utf-8\"><title>latentspace</title><p>This program was built without its page: \
                       <code>make page</code> builds it, then <code>cargo build</code> again.</p>";

/// The error if the program was built without its page.
pub(crate) const NOTE: &str =
    "this program was built without its page: `make page` builds it (Node.js is needed), then build the program again";

/// Whether the program has its page.
pub(crate) fn is_built() -> bool {
    FILES.iter().any(|(name, _)| *name == "index.html")
}

/// The file of this address, if there is one of exactly this name.
pub(crate) async fn file(uri: Uri) -> Response {
    let name = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    // The page as one file is useless without its data.
    match FILES.iter().find(|(known, _)| *known == name && name != ALONE) {
        Some((_, bytes)) => {
            // Names in assets/ contain a hash of their content.
            let cache = if name.starts_with("assets/") { "max-age=31536000, immutable" } else { "no-cache" };
            ([(header::CONTENT_TYPE, kind(name)), (header::CACHE_CONTROL, cache)], *bytes).into_response()
        }
        None if name == "index.html" => Html(MISSING).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A page as one file.
const ALONE: &str = "room.html";
/// The placeholder of its data.
const PLACE: &str = "<script type=\"application/json\" id=\"latentspace-room\">null</script>";

/// The end of the content security policy of the page as one file, which asks for nothing.
const FONT_POLICY: &str = "font-src data:";

/// The page as one file with these data in it, by the capabilities that rooms need; none if the program was built without its page.
pub(crate) fn standing_alone(data: &serde_json::Value) -> Option<String> {
    let (_, page) = FILES.iter().find(|(name, _)| *name == ALONE)?;
    let page = std::str::from_utf8(page).ok()?;
    // No text of the data may close the element.
    let data = data.to_string().replace('<', "\\u003c");
    let (before, after) = page.split_once(PLACE)?;
    Some(format!("{before}{}{after}", PLACE.replace("null", &data)))
}

/// The same page, allowed to ask for files beside it.
pub(crate) fn standing_in_folder(data: &serde_json::Value) -> Option<String> {
    Some(standing_alone(data)?.replacen(FONT_POLICY, &format!("{FONT_POLICY}; connect-src 'self'"), 1))
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
