//! Files over HTTP, and what their server offers to a download that has to be resumed.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use gamma_wasm::{Error, Result};
use serde::Serialize;
use ureq::Agent;
use ureq::http::{HeaderMap, StatusCode};

/// Bytes asked for to see whether a server sends parts of files.
const PROBE: &str = "bytes=0-7";
/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// What a server says beside the file.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    /// Whether it sends the part that was asked for.
    pub ranges: bool,
    /// The header by which a changed file is noticed: `etag` or `last-modified`.
    pub validator: Option<&'static str>,
    /// The file's length in bytes.
    pub length: Option<u64>,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let no = |offered: bool| if offered { "" } else { "no " };
        write!(f, "server: {}ranges, ", no(self.ranges))?;
        match self.validator {
            Some(validator) => write!(f, "{validator}, ")?,
            None => write!(f, "no validator, ")?,
        }
        write!(f, "{}length", no(self.length.is_some()))?;
        if !self.ranges || self.validator.is_none() {
            write!(f, "; a download that breaks off begins anew")?;
        }
        Ok(())
    }
}

/// Whether a target is an address, not a path.
pub fn is_url(target: &str) -> bool {
    target.starts_with("http://") || target.starts_with("https://")
}

/// The address of a file beside another; a query stays behind.
pub fn sibling(url: &str, name: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let folder = path.rsplit_once('/').map_or(path, |(folder, _)| folder);
    format!("{folder}/{name}")
}

/// How long a photo may take.
const PHOTO: Duration = Duration::from_secs(120);

/// Begins to fetch a photo.
///
/// # Errors
/// [`Error::Io`] if there is no answer or one that is no file.
pub fn photo(url: &str) -> Result<impl Read + use<>> {
    let config = Agent::config_builder()
        .timeout_connect(Some(ANSWER))
        .timeout_global(Some(PHOTO));
    let agent: Agent = config.build().into();
    let failed = |error: ureq::Error| Error::Io {
        path: url.to_owned(),
        source: io::Error::other(error),
    };
    Ok(agent.get(url).call().map_err(failed)?.into_body().into_reader())
}

/// Begins to fetch a file, as it is: without compression on the way.
///
/// # Errors
/// [`Error::Io`] if there is no answer or one that is no file.
pub fn fetch(url: &str) -> Result<(Box<dyn Read>, Server)> {
    let agent: Agent = Agent::config_builder()
        .timeout_connect(Some(ANSWER))
        .timeout_recv_response(Some(ANSWER))
        .build()
        .into();
    let failed = |error: ureq::Error| Error::Io {
        path: url.to_owned(),
        source: io::Error::other(error),
    };
    let get = || agent.get(url).header("accept-encoding", "identity");
    let ranges = {
        let part = get().header("range", PROBE).call().map_err(failed)?;
        part.status() == StatusCode::PARTIAL_CONTENT
            && text(part.headers(), "content-range").is_some_and(|range| range.starts_with("bytes 0-7/"))
    };
    let answer = get().call().map_err(failed)?;
    let headers = answer.headers();
    let encoded = text(headers, "content-encoding").is_some_and(|encoding| encoding != "identity");
    let server = Server {
        ranges,
        validator: ["etag", "last-modified"]
            .into_iter()
            .find(|name| headers.contains_key(*name)),
        // The length of an encoded body is not the file's.
        length: text(headers, "content-length")
            .filter(|_| !encoded)
            .and_then(|length| length.parse().ok()),
    };
    Ok((Box::new(answer.into_body().into_reader()), server))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
