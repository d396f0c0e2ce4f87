//! What is kept and why, for people and as CSV.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use gamma_wasm::group::Kind;

use super::decide::Member;
use crate::csv_row;
use crate::names::{exact, name};
use crate::output::print;
use crate::report::count;

/// The names of the columns.
const HEADER: [&str; 11] = [
    "image",
    "captured",
    "group",
    "set",
    "score",
    "percent",
    "best",
    "keep",
    "why",
    "error_code",
    "error",
];

/// Prints all photos, in the order in which they were taken.
///
/// # Errors
/// If standard output does not take it.
pub fn print_all(members: &[Member], csv: bool) -> io::Result<()> {
    match csv {
        true => rows(members),
        false => print(table(members).as_bytes()),
    }
}

fn rows(members: &[Member]) -> io::Result<()> {
    let mut lines = Vec::new();
    csv_row::line(&mut lines, &HEADER)?;
    for member in members {
        let path = exact(&member.path);
        let image = csv_row::image(&path);
        let (score, percent, code, message) = match &member.scored {
            Ok(scored) => (scored.score.to_string(), scored.percent.to_string(), "", String::new()),
            Err(error) => (String::new(), String::new(), error.code(), error.to_string()),
        };
        let (group, set) = match member.group {
            0 => (String::new(), ""),
            group => (group.to_string(), member.kind.as_str()),
        };
        let captured = member.time.map(clock).unwrap_or_default();
        let truth = |is: bool| if is { "true" } else { "false" };
        csv_row::line(
            &mut lines,
            &[
                &image,
                captured.as_str(),
                &group,
                set,
                &score,
                &percent,
                truth(member.best),
                truth(member.stays()),
                &csv_row::text(&member.why),
                code,
                &csv_row::text(&message),
            ],
        )?;
    }
    print(&lines)
}

fn table(members: &[Member]) -> String {
    let mut groups: BTreeMap<usize, Vec<&Member>> = BTreeMap::new();
    for member in members.iter().filter(|member| member.group > 0) {
        groups.entry(member.group).or_default().push(member);
    }
    let mut text = String::new();
    for (number, group) in &groups {
        let Some(first) = group.first() else { continue };
        let captured = first.time.map(|time| format!(", {}", clock(time))).unwrap_or_default();
        let _ = writeln!(
            text,
            "{}",
            match first.kind {
                Kind::Single => format!("{number}: one photo{captured}"),
                Kind::Alike => format!("{number}: {} photos of the same{captured}", group.len()),
                Kind::Bracket => format!("{number}: a bracket of {}, left alone{captured}", group.len()),
                Kind::FocusStack => format!("{number}: a focus stack of {}, left alone{captured}", group.len()),
                Kind::Panorama => format!("{number}: a panorama of {}, left alone{captured}", group.len()),
            }
        );
        for member in group {
            let Ok(scored) = &member.scored else { continue };
            let mark = if member.keep { "keep" } else { "" };
            let _ = write!(text, "  {mark:4}  {:5.1}  {}", scored.percent, name(&member.path));
            let _ = match (member.best, member.kind) {
                (true, Kind::Alike) => writeln!(text, "  best: {}", member.why),
                _ => writeln!(text),
            };
        }
    }
    let kept = members.iter().filter(|member| member.keep).count();
    let may_go = members.iter().filter(|member| member.may_go()).count();
    let whole = members.iter().filter(|member| member.stays()).count() - kept;
    let _ = write!(text, "{kept} of {} to keep", count(may_go, "photo", "photos"));
    if whole > 0 {
        let _ = write!(text, "; {whole} more in sets that are left alone");
    }
    text.push('\n');
    text
}

/// Seconds since the beginning of 1970 as `2026-11-27 10:20:30.25`.
fn clock(time: f64) -> String {
    let whole = time.floor() as i64;
    let (days, second) = (whole.div_euclid(86_400), whole.rem_euclid(86_400));
    // The calendar's inverse of `Capture`: years that begin in March, in cycles of 400.
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (date, month) = (
        day - (153 * month + 2) / 5 + 1,
        if month < 10 { month + 3 } else { month - 9 },
    );
    let year = cycle * 400 + year + i64::from(month <= 2);
    let fraction = ((time - time.floor()) * 1e3).round() as i64;
    let fraction = if fraction > 0 {
        format!(".{:03}", fraction.min(999))
    } else {
        String::new()
    };
    format!(
        "{year:04}-{month:02}-{date:02} {:02}:{:02}:{:02}{fraction}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::clock;

    #[test]
    fn clocks_are_written() {
        // By `date -u -d ... +%s`.
        assert_eq!(clock(1_795_774_830.25), "2026-11-27 10:20:30.250");
        assert_eq!(clock(1_709_251_199.0), "2024-02-29 23:59:59");
        assert_eq!(clock(951_868_801.0), "2000-03-01 00:00:01");
        assert_eq!(clock(0.0), "1970-01-01 00:00:00");
    }
}
