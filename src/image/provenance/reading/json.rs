//! The little of JSON that is needed to recognise a generator's notes.
//!
//! Not a JSON parser, on purpose: Python writes `NaN` into such notes, which a parser refuses, and only the keys of an
//! object count.

/// Calls `found` with each key of an object and the text of its value. False if `text` is no object, or breaks off.
pub(super) fn object(text: &str, found: &mut dyn FnMut(&str, &str)) -> bool {
    let mut reader = Reader(text.trim_start());
    walk(&mut reader, found).is_some()
}

fn walk(reader: &mut Reader<'_>, found: &mut dyn FnMut(&str, &str)) -> Option<()> {
    reader.take('{')?;
    if reader.take('}').is_some() {
        return Some(());
    }
    loop {
        let key = reader.string()?;
        reader.take(':')?;
        found(key, reader.value()?);
        if reader.take(',').is_none() {
            return reader.take('}');
        }
    }
}

/// The first element of an array.
pub(super) fn first(text: &str) -> Option<&str> {
    let mut reader = Reader(text.trim_start());
    reader.take('[')?;
    let value = reader.value()?;
    Some(value).filter(|value| !value.is_empty())
}

/// A string as the text it stands for; escapes of other characters than the usual ones stay as they are.
pub(super) fn unquoted(value: &str) -> Option<String> {
    let inside = value.trim().strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next()? {
                'n' | 'r' | 't' => text.push(' '),
                quoted @ ('"' | '\\' | '/') => text.push(quoted),
                other => text.extend(['\\', other]),
            },
            _ => text.push(character),
        }
    }
    Some(text)
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn take(&mut self, wanted: char) -> Option<()> {
        self.0 = self.0.strip_prefix(wanted)?.trim_start();
        Some(())
    }

    /// A string's inside, its escapes as they are.
    fn string(&mut self) -> Option<&'a str> {
        let text = self.0.strip_prefix('"')?;
        let end = string_end(text.as_bytes())?;
        self.0 = text.get(end + 1..)?.trim_start();
        text.get(..end)
    }

    /// The text of a value: up to the comma or bracket that follows it on its own level.
    fn value(&mut self) -> Option<&'a str> {
        let bytes = self.0.as_bytes();
        let (mut at, mut depth) = (0, 0_usize);
        loop {
            match bytes.get(at)? {
                b'"' => at += 1 + string_end(bytes.get(at + 1..)?)?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' if depth == 0 => break,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            at += 1;
        }
        let (value, rest) = self.0.split_at_checked(at)?;
        self.0 = rest;
        Some(value.trim_end())
    }
}

/// Where the quote is that ends a string.
fn string_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
