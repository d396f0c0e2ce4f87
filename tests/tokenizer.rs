//! The tokenizer against CLIP's own, and the merges and scenes against what must be refused.

use std::path::Path;
use std::sync::LazyLock;

use gamma_wasm::prompt::*;
use proptest::prelude::*;
use serde_json::Value;

static MERGES: LazyLock<String> = LazyLock::new(|| read("src/prompt/clip_merges.txt"));

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn ids(value: &Value) -> Vec<u32> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_u64().unwrap() as u32)
        .collect()
}

/// The error of merges that must be refused: its code and its message.
fn refusal(merges: &str) -> (&'static str, String) {
    let error = Tokenizer::from_merges(merges).expect_err("damaged merges were taken");
    (error.code(), error.to_string())
}

/// The merges with line `number` (from 1) replaced.
fn with_line(number: usize, line: &str) -> String {
    let mut lines: Vec<&str> = MERGES.lines().collect();
    lines[number - 1] = line;
    lines.join("\n")
}

#[test]
fn agrees_with_clip_on_every_golden_string() {
    let golden: Value = serde_json::from_str(&read("tests/golden/tokenizer/tokenizer.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 88);
    let tokenizer = Tokenizer::clip();
    let mut wrong = Vec::new();
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let tokens = tokenizer.tokenize(text);
        let same = tokenizer.encode(text) == ids(&case["bpe_ids"])
            && tokens.padded().to_vec() == ids(&case["ids77"])
            && tokens.truncated == case["too_long"].as_bool().unwrap();
        if !same {
            wrong.push(format!(
                "{text:?}: {:?}, CLIP has {}",
                tokenizer.encode(text),
                case["bpe_ids"]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn agrees_with_clip_on_strings_beyond_the_golden_ones() {
    let cases: Value = serde_json::from_str(include_str!("tokenizer_extra.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        assert_eq!(Tokenizer::clip().encode(text), ids(&case["ids"]), "{text:?}");
    }
}

#[test]
fn embedded_merges_are_the_file_that_pages_fetch() {
    let fetched = Tokenizer::from_merges(&MERGES).unwrap();
    let windows = Tokenizer::from_merges(&MERGES.replace('\n', "\r\n")).unwrap();
    for text in ["natural perfect-quality image", "日本語 ½ naïve 🙂"] {
        assert_eq!(fetched.encode(text), Tokenizer::clip().encode(text));
        assert_eq!(windows.encode(text), Tokenizer::clip().encode(text));
    }
}

#[test]
fn refuses_merges_of_the_wrong_size() {
    let cut: String = MERGES.split_inclusive('\n').take(1000).collect();
    assert_eq!(
        refusal(&cut),
        ("tokenizer", "tokenizer: 999 merges, CLIP's vocabulary has 48894".into())
    );
    let extended = format!("{}a b\n", *MERGES);
    assert_eq!(
        refusal(&extended),
        (
            "tokenizer",
            "tokenizer: 48895 merges, CLIP's vocabulary has 48894".into()
        )
    );
}

#[test]
fn refuses_what_is_no_merges_file() {
    for text in ["", "\n", "<!doctype html><title>Not found</title>", "in th\n"] {
        let (code, message) = refusal(text);
        assert_eq!((code, message.contains("line 1 ")), ("tokenizer", true), "{message}");
    }
}

#[test]
fn refuses_damaged_lines_by_their_number() {
    for (line, reason) in [
        ("", "not two symbols"),
        ("image", "not two symbols"),
        ("a b c", "nothing before it makes"),
        ("a  b", "nothing before it makes"),
        ("zzzz qqqq", "nothing before it makes"),
        ("i n", "a second time"),
    ] {
        let (code, message) = refusal(&with_line(3001, line));
        assert_eq!(code, "tokenizer");
        assert!(
            message.contains("line 3001: ") && message.contains(reason),
            "{line:?}: {message}"
        );
    }
}

#[test]
fn refuses_merges_in_another_order() {
    let mut lines: Vec<&str> = MERGES.lines().collect();
    lines.swap(48_894, 48_893);
    let (code, message) = refusal(&lines.join("\n"));
    assert_eq!((code, message.contains("not CLIP's")), ("tokenizer", true), "{message}");
}

#[test]
fn a_row_is_cut_after_75_ids_and_says_so() {
    let row = |words: usize| Tokenizer::clip().tokenize(&"word ".repeat(words));
    assert_eq!((row(75).ids.len(), row(75).truncated), (77, false));
    assert_eq!((row(76).ids.len(), row(76).truncated), (77, true));
    assert_eq!(row(76).ids, row(75).ids);
    assert_eq!(Tokenizer::clip().tokenize("").ids, [START, END]);
    assert_eq!(row(2).padded()[..5], [START, 2653, 2653, END, 0]);
}

/// A quadratic step anywhere makes one of these take minutes instead of a second at most, without optimisation.
#[test]
fn long_hostile_texts_end() {
    let tokenizer = Tokenizer::clip();
    let size = 1 << 17;
    let units = [
        "a",
        "ab1",
        "!",
        "é",
        "\u{301}",
        "&amp",
        "&amp;",
        "&amp&semi;",
        "&",
        "&#",
        "&#38;",
        "Ã",
        "â€œ",
        "\u{1b}[",
        "\n",
        "ﬁ",
        "画",
    ];
    let mut texts: Vec<String> = units.iter().map(|unit| unit.repeat(size / unit.len())).collect();
    texts.push(format!("&{}", "amp;".repeat(size / 4)));
    for text in texts {
        let start: String = text.chars().take(8).collect();
        assert!(tokenizer.encode(&text).iter().all(|&id| id < 49_408), "{start:?}");
    }
}

#[test]
fn a_word_of_a_megabyte_ends() {
    let size = 1 << 20;
    let letter = |i: u32| char::from(b'a' + (i.wrapping_mul(2_654_435_761) >> 27) as u8 % 26);
    let word: String = (0..size).map(letter).collect();
    let ids = Tokenizer::clip().encode(&word);
    assert!(ids.len() > size as usize / 16 && ids.iter().all(|&id| id < START));
    assert!(Tokenizer::clip().tokenize(&word).truncated);
}

#[test]
fn the_published_scenes_have_the_published_prompts() {
    let golden: Value = serde_json::from_str(&read("tests/golden/tiny/golden.json")).unwrap();
    let expected = golden.to_string();
    let scenes = Scene::published();
    let names: Vec<&str> = scenes.iter().map(|scene| scene.id.as_str()).collect();
    let ids = [
        "generic",
        "natural-quality",
        "ai-generated-quality",
        "underwater-quality",
        "face-quality",
        "natural-aesthetics",
    ];
    assert_eq!(names, ids);
    for scene in scenes {
        assert_eq!(Scene::new(scene.id.clone(), scene.template.clone()).unwrap(), scene);
        for (prompt, level) in scene.prompts().iter().zip(LEVELS) {
            assert!(
                prompt.contains(level) && expected.contains(&format!("\"{prompt}\"")),
                "{prompt}"
            );
        }
    }
}

#[test]
fn a_scene_needs_a_plain_id_and_one_slot() {
    let prompts = Scene::new("product-2", "{level} product photo").unwrap().prompts();
    assert_eq!(prompts[0], "bad product photo");
    assert_eq!(prompts[4], "perfect product photo");
    assert!(Scene::new("a".repeat(64), "{level}").is_ok());
    for (id, template, reason) in [
        ("", "{level} x", "0 bytes"),
        (&*"a".repeat(65), "{level} x", "65 bytes"),
        ("Face", "{level} x", "'F'"),
        ("a b", "{level} x", "' '"),
        ("é", "{level} x", "'é'"),
        ("x", "", "empty"),
        ("x", " \n", "empty"),
        ("x", "image", "0 times"),
        ("x", "{Level} image", "0 times"),
        ("x", "{level} or {level}", "2 times"),
    ] {
        let error = Scene::new(id, template).expect_err(template);
        assert_eq!(error.code(), "scene-invalid");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_makes_a_valid_row(text in any::<String>()) {
        check_row(&text)?;
    }

    #[test]
    fn any_mix_of_what_cleaning_acts_on_makes_a_valid_row(
        parts in proptest::collection::vec(
            prop_oneof![
                any::<char>().prop_map(String::from),
                "[&#xX0-9a-fA-F;]{0,6}",
                "[\u{80}-\u{ff}€œ™’]{0,4}",
                prop::sample::select(vec![
                    "&amp;", "&notit;", "&#x110000;", "&#0;", "\u{1b}[3;1m", "\u{1b}[", "<|endoftext|>", "'ſ", "ﬁ",
                    "\u{301}", "\r\n", "\u{ffe3}", "\u{ffa1}\u{ffc2}", "İ", "Σ", "<",
                ])
                .prop_map(String::from),
            ],
            0..40,
        )
    ) {
        check_row(&parts.concat())?;
    }
}

fn check_row(text: &str) -> Result<(), TestCaseError> {
    let tokens = Tokenizer::clip().tokenize(text);
    let encoded = Tokenizer::clip().encode(text);
    prop_assert!(tokens.ids.len() <= CONTEXT && tokens.ids.len() >= 2);
    prop_assert!(tokens.ids.iter().chain(&encoded).all(|&id| id < 49_408));
    prop_assert_eq!(tokens.ids.first(), Some(&START));
    prop_assert_eq!(tokens.ids.last(), Some(&END));
    prop_assert_eq!(tokens.truncated, encoded.len() > CONTEXT - 2);
    prop_assert_eq!(
        &tokens.ids[1..tokens.ids.len() - 1],
        &encoded[..encoded.len().min(CONTEXT - 2)]
    );
    prop_assert_eq!(tokens.padded().len(), CONTEXT);
    Ok(())
}
