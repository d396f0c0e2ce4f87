//! One answer as a line of JSON.

use gamma_wasm::Error;
use serde::Serialize;

use super::request::Id;
use super::workers::Outcome;
use crate::report::Failure;
use crate::row::Answer;

/// The scene that stands for all of them.
const ALL: &str = "all";

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    /// Which request it was, counted from 1, if its id is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<u64>,
    #[serde(flatten)]
    body: Body<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    One(Answer<'a>),
    All { scenes: Vec<Answer<'a>> },
    Failed { error: Failure },
}

/// Whom an answer is for.
#[derive(Debug, Clone, Default)]
pub struct To {
    pub id: Option<Id>,
    pub image: Option<String>,
    pub request: Option<u64>,
}

/// The line for an outcome. With the scene `all` it has a list, even of one.
pub fn line(to: &To, scene: &str, model: &str, outcome: &Outcome) -> Vec<u8> {
    let answer = |assessment| Answer::new(assessment, model, outcome.seconds);
    let body = match &outcome.assessments {
        Ok(assessments) if scene == ALL => Body::All {
            scenes: assessments.iter().map(answer).collect(),
        },
        Ok(assessments) => match assessments.first().map(answer) {
            Some(answer) => Body::One(answer),
            None => Body::All { scenes: Vec::new() },
        },
        Err(error) => return failed(to, error),
    };
    write(to, body)
}

/// The line for a request that came to nothing.
pub fn failed(to: &To, error: &Error) -> Vec<u8> {
    let error = Failure::from(error);
    write(to, Body::Failed { error })
}

fn write(to: &To, body: Body) -> Vec<u8> {
    let line = Line {
        id: to.id.as_ref(),
        image: to.image.as_deref(),
        request: to.request,
        body,
    };
    // Maps have keys of text, and memory takes what is written: there is nothing to fail.
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.push(b'\n');
    line
}
