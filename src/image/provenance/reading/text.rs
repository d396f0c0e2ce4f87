//! The notes of image generators, by their keys and what is in them. A key alone says nothing: telescopes write
//! `parameters` and terminals `prompt`.

use super::{
    Text,
    json::{first, object, unquoted},
};

/// Whether a text is a generator's note about how it made this image. `all`: the texts of the file.
pub(super) fn declares_ai(text: &Text, all: &[Text]) -> bool {
    let value = text.value.trim_matches(['\0', ' ', '\n', '\r', '\t']);
    let beside = |key: &str| {
        all.iter()
            .find(|other| other.key == key)
            .map_or("", |other| other.value.trim())
    };
    match text.key.as_str() {
        "parameters" => settings(value),
        "prompt" => is_graph(value),
        "workflow" => is_workflow(value),
        "UserComment" => settings(value) || graphs(value) || is_novel_ai(value),
        // ComfyUI has no text keys in WebP and takes these.
        "Make" | "Model" | "ImageDescription" => named_graph(value),
        "invokeai_metadata" | "sd-metadata" => has(
            value,
            &[
                "app_version",
                "generation_mode",
                "positive_prompt",
                "model_weights",
                "image",
                "seed",
                "steps",
                "model",
            ],
        ),
        "invokeai_workflow" | "invokeai_graph" => has(value, &["nodes"]),
        "Dream" | "dream" => is_dream(value),
        "Comment" => beside("Software") == "NovelAI" && has(value, &["uc", "sampler", "steps"]),
        "fooocus_scheme" => {
            matches!(value, "fooocus" | "a1111")
                && (settings(beside("parameters")) || has(beside("parameters"), &["base_model", "seed", "steps"]))
        }
        "generation_data" => has(value, &["samplerName", "prompt", "seed", "steps", "baseModel"]),
        _ => false,
    }
}

/// Whether a text is an object of JSON that has one of `keys`.
fn has(text: &str, keys: &[&str]) -> bool {
    let mut any = false;
    object(text, &mut |key, _| any |= keys.contains(&key)) && any
}

/// Settings of a run, as lines or as an object.
fn settings(text: &str) -> bool {
    if !text.starts_with('{') {
        return lines(text);
    }
    let (mut sampler, mut other, mut swarm) = (false, false, false);
    let whole = object(text, &mut |key, value| {
        let small = key.to_ascii_lowercase();
        sampler |= small.starts_with("sampler");
        other |= matches!(
            small.as_str(),
            "seed" | "steps" | "prompt" | "cfg" | "cfg_scale" | "cfgscale"
        );
        swarm |= key == "sui_image_params" && value.starts_with('{');
    });
    whole && (swarm || (sampler && other))
}

/// `Steps: 28, Sampler: DPM++ 2M, Seed: 1`, maybe without its line breaks.
fn lines(text: &str) -> bool {
    let number = |name: &str| {
        text.match_indices(name)
            .any(|(at, _)| text.get(at + name.len()..).is_some_and(begins_with_number))
    };
    number("Steps:") && (text.contains("Sampler:") || number("Seed:"))
}

fn begins_with_number(text: &str) -> bool {
    text.trim_start().starts_with(|first: char| first.is_ascii_digit())
}

/// ComfyUI's prompt: nodes by their numbers, each with its class.
fn is_graph(text: &str) -> bool {
    let mut any = false;
    object(text, &mut |_, node| any |= has(node, &["class_type"])) && any
}

/// ComfyUI's workflow: an object with a list of nodes.
fn is_workflow(text: &str) -> bool {
    let mut nodes = false;
    object(text, &mut |key, value| {
        nodes |= key == "nodes" && first(value).is_some_and(|node| node.starts_with('{'))
    }) && nodes
}

/// `prompt:{...}` or `workflow:{...}`.
fn named_graph(text: &str) -> bool {
    let Some((name, value)) = text.split_once(':') else {
        return false;
    };
    match name.trim().to_ascii_lowercase().as_str() {
        "prompt" => is_graph(value),
        "workflow" => is_workflow(value),
        _ => false,
    }
}

/// A graph, under a name, or both in one object.
fn graphs(text: &str) -> bool {
    let mut any = false;
    let whole = object(text, &mut |key, value| {
        let inside = unquoted(value);
        let value = inside.as_deref().unwrap_or(value);
        any |= (key == "prompt" && is_graph(value)) || (key == "workflow" && is_workflow(value));
    });
    (whole && any) || named_graph(text) || is_graph(text) || is_workflow(text)
}

/// NovelAI's notes in one object, as in its WebP.
fn is_novel_ai(text: &str) -> bool {
    let (mut software, mut comment) = (false, false);
    object(text, &mut |key, value| {
        let value = unquoted(value).unwrap_or_default();
        software |= key == "Software" && value == "NovelAI";
        comment |= key == "Comment" && has(&value, &["uc", "sampler", "steps"]);
    }) && software
        && comment
}

/// The command line of early InvokeAI: `"a pier" -s 50 -S 1234 -W 512 -H 512 -C 7.5 -A k_lms`.
fn is_dream(text: &str) -> bool {
    let flag = |name: &str| {
        text.match_indices(name)
            .any(|(at, _)| text.get(at + name.len()..).is_some_and(begins_with_number))
    };
    flag(" -s") && flag(" -S")
}
