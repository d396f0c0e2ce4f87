//! IPTC's NewsCodes of the digital source type.

use super::SourceType;

/// What a URI of a digital source type says.
pub(super) fn source_of(uri: &str) -> SourceType {
    let rest = uri.trim();
    let rest = rest.strip_prefix("http://").or_else(|| rest.strip_prefix("https://"));
    match rest.and_then(|rest| rest.strip_prefix("cv.iptc.org/newscodes/digitalsourcetype/")) {
        Some("trainedAlgorithmicMedia") => SourceType::Ai,
        Some("compositeWithTrainedAlgorithmicMedia" | "compositeSynthetic") => SourceType::Composite,
        Some("digitalCapture" | "computationalCapture") => SourceType::Capture,
        _ => SourceType::Unknown,
    }
}
