//! Shaders whose text depends on sizes: WGSL with `{{name}}` where something is to be filled in.

use std::fmt::Display;

/// A text that is being filled in.
pub(super) struct Template(String);

impl Template {
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Puts `value` wherever `{{name}}` stands.
    pub fn with(self, name: &str, value: impl Display) -> Self {
        Self(self.0.replace(&["{{", name, "}}"].concat(), &value.to_string()))
    }

    /// The same with a line for each number below `count`.
    pub fn with_each(self, name: &str, count: usize, line: impl Fn(usize) -> String) -> Self {
        let lines: Vec<String> = (0..count).map(line).collect();
        self.with(name, lines.join("\n"))
    }

    pub fn text(self) -> String {
        self.0
    }
}
