//! One request: which photo, and what is asked about it.

use std::borrow::Cow;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gamma_wasm::image::{CropChoice, CropPolicy, MAX_CROPS};
use gamma_wasm::scorer::ScoreOptions;
use gamma_wasm::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fetch::is_url;

/// Longest id that is echoed, in bytes.
const MAX_ID: usize = 1024;

/// What an answer is recognised by: a string, an integer, or null.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Id(Value);

impl Id {
    /// The id of a request that has none, or whose id could not be read.
    pub const NONE: Self = Self(Value::Null);

    fn new(value: Value) -> Result<Self> {
        match &value {
            Value::Null => {}
            Value::String(text) if text.len() <= MAX_ID => {}
            Value::Number(number) if !number.is_f64() => {}
            _ => {
                return Err(wrong(
                    "id",
                    format!("a string of at most {MAX_ID} bytes, an integer or null"),
                ));
            }
        }
        Ok(Self(value))
    }
}

/// Where the photo is.
#[derive(Debug, Clone)]
pub enum Photo {
    /// In a file.
    Path(PathBuf),
    /// On a server.
    Url(String),
    /// Here.
    Bytes(Vec<u8>),
}

/// What is asked about a photo.
#[derive(Debug, Clone)]
pub struct Asked {
    /// A scene's id, or `all`.
    pub scene: String,
    pub options: ScoreOptions,
}

/// The request as it is written. Fields that are not known are refused: a misspelt option must not be passed over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(default)]
    id: Value,
    path: Option<PathBuf>,
    url: Option<String>,
    #[serde(borrow)]
    bytes: Option<Cow<'a, str>>,
    #[serde(default)]
    options: Options,
}

/// What a request may ask for other than the command line does.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    scene: Option<String>,
    policy: Option<String>,
    crops: Option<u32>,
    seed: Option<u64>,
    tolerance: Option<f32>,
    parity: Option<bool>,
}

/// A request, as far as it could be read.
#[derive(Debug)]
pub struct Request {
    pub id: Id,
    /// The path or URL as it was given.
    pub image: Option<String>,
    pub asked: Result<(Photo, Asked)>,
}

impl Request {
    /// Reads a line, or the JSON of a frame; `photo` is what follows that in a frame. What it does not say is as
    /// `defaults`.
    pub fn read(json: &[u8], photo: Vec<u8>, defaults: &Asked) -> Self {
        let written: Written = match serde_json::from_slice(json) {
            Ok(written) => written,
            Err(error) => {
                return Self::refused(Error::Option {
                    name: "request",
                    reason: error.to_string(),
                });
            }
        };
        let id = match Id::new(written.id) {
            Ok(id) => id,
            Err(error) => return Self::refused(error),
        };
        let image = match (&written.path, &written.url) {
            (Some(path), _) => path.to_str().map(str::to_owned),
            (None, url) => url.clone(),
        };
        let options = written.options;
        let asked = photo_of(written.path, written.url, written.bytes, photo)
            .and_then(|photo| Ok((photo, options.or(defaults)?)));
        Self { id, image, asked }
    }

    /// A request of which not even the id is known.
    pub fn refused(error: Error) -> Self {
        Self {
            id: Id::NONE,
            image: None,
            asked: Err(error),
        }
    }
}

fn photo_of(path: Option<PathBuf>, url: Option<String>, base64: Option<Cow<str>>, photo: Vec<u8>) -> Result<Photo> {
    let given = usize::from(path.is_some())
        + usize::from(url.is_some())
        + usize::from(base64.is_some())
        + usize::from(!photo.is_empty());
    if given != 1 {
        let reason =
            format!("{given} photos; `path`, `url`, `bytes` or what follows in the frame is wanted, one of them");
        return Err(Error::Option {
            name: "request",
            reason,
        });
    }
    match (path, url, base64) {
        (Some(path), ..) => Ok(Photo::Path(path)),
        (_, Some(url), _) => address(url),
        (_, _, Some(base64)) => match STANDARD.decode(base64.as_bytes()) {
            Ok(bytes) => Ok(Photo::Bytes(bytes)),
            Err(error) => Err(wrong("bytes", format!("base64 ({error})"))),
        },
        _ => Ok(Photo::Bytes(photo)),
    }
}

/// A server's address, or a path that is not UTF-8, as `--json` prints it.
fn address(url: String) -> Result<Photo> {
    if is_url(&url) {
        return Ok(Photo::Url(url));
    }
    match url.strip_prefix("file://").and_then(unescaped) {
        Some(path) => Ok(Photo::Path(path)),
        None => Err(wrong(
            "url",
            "an address that begins with http://, https:// or file:///".into(),
        )),
    }
}

/// The path in a `file:` URL.
fn unescaped(text: &str) -> Option<PathBuf> {
    if !text.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok())?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = tail.get(2..)?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        Some(std::ffi::OsString::from_vec(bytes).into())
    }
    #[cfg(not(unix))]
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

impl Options {
    /// These options, and those of the command line where there are none.
    ///
    /// # Errors
    /// [`Error::Option`] for a value out of its range.
    pub fn or(self, defaults: &Asked) -> Result<Asked> {
        let policy = self.policy.map(|name| name.parse::<CropPolicy>()).transpose()?;
        if self.crops.is_some_and(|crops| crops == 0 || crops > MAX_CROPS) {
            return Err(wrong("crops", format!("1 to {MAX_CROPS}")));
        }
        if self
            .tolerance
            .is_some_and(|tolerance| !(tolerance > 0.0 && tolerance.is_finite()))
        {
            return Err(wrong("tolerance", "a number above 0".into()));
        }
        let own = CropChoice {
            policy,
            crops: self.crops,
            seed: self.seed,
        };
        Ok(Asked {
            scene: self.scene.unwrap_or_else(|| defaults.scene.clone()),
            options: ScoreOptions {
                crops: own.or(defaults.options.crops),
                parity: self.parity.unwrap_or(defaults.options.parity),
                tolerance: self.tolerance.or(defaults.options.tolerance),
            },
        })
    }

    /// Sets an option by its name, as in the query of a URL.
    ///
    /// # Errors
    /// [`Error::Option`] for a name that is not known, or a value of another kind.
    #[cfg(feature = "listen")]
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        fn read<T: std::str::FromStr>(name: &'static str, value: &str, wanted: &str) -> Result<Option<T>> {
            value.parse().map(Some).map_err(|_| wrong(name, wanted.into()))
        }
        match name {
            "scene" => self.scene = Some(value.to_owned()),
            "policy" => self.policy = Some(value.to_owned()),
            "crops" => self.crops = read("crops", value, "an integer")?,
            "seed" => self.seed = read("seed", value, "an integer")?,
            "tolerance" => self.tolerance = read("tolerance", value, "a number")?,
            "parity" => self.parity = read("parity", value, "true or false")?,
            _ => {
                return Err(wrong(
                    "query",
                    "scene, policy, crops, seed, tolerance and parity".into(),
                ));
            }
        }
        Ok(())
    }
}

fn wrong(name: &'static str, wanted: String) -> Error {
    Error::Option {
        name,
        reason: format!("expected {wanted}"),
    }
}
