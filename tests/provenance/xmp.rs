//! IPTC's digital source type in XMP.

use gamma_wasm::image::SourceType::{self, Ai, Capture, Composite, Unknown};

use super::make::{blocks, declaring, gif, iso, jpeg, jpeg_with, png, tiff, webp, xmp};
use super::source;

const URI: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";
const IPTC: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

fn of(packet: &str) -> SourceType {
    source(&jpeg_with(packet))
}

#[test]
fn terms() {
    for (term, expected) in [
        ("trainedAlgorithmicMedia", Ai),
        ("compositeWithTrainedAlgorithmicMedia", Composite),
        ("compositeSynthetic", Composite),
        ("digitalCapture", Capture),
        ("computationalCapture", Capture),
        ("digitalCreation", Unknown),
        ("screenCapture", Unknown),
        ("compositeCapture", Unknown),
        ("algorithmicMedia", Unknown),
        ("trainedalgorithmicmedia", Unknown),
        ("", Unknown),
    ] {
        assert_eq!(of(&declaring(term)), expected, "{term}");
        assert_eq!(
            of(&declaring(term).replace("http://cv", "https://cv")),
            expected,
            "{term}"
        );
    }
}

#[test]
fn by_namespace_and_place() {
    let ns = format!("xmlns:a='{IPTC}'");
    let element = |value: &str| format!("<a:DigitalSourceType>{value}</a:DigitalSourceType>");
    for (packet, expected) in [
        (xmp(&ns, &format!("a:DigitalSourceType=\"{URI}\""), ""), Ai),
        (xmp(&ns, "", &element(URI)), Ai),
        (xmp(&ns, "", &element(&format!("\n  {URI}\n"))), Ai),
        (xmp(&ns, "", &element(&format!("<![CDATA[{URI}]]>"))), Ai),
        (xmp(&ns, "", &element(&URI.replace(':', "&#x3A;"))), Ai),
        (
            xmp(&ns, "", &element(&format!("<rdf:Bag><rdf:li>{URI}</rdf:li></rdf:Bag>"))),
            Ai,
        ),
        (
            xmp(&ns, "", &format!("<a:DigitalSourceType rdf:resource='{URI}'/>")),
            Ai,
        ),
        (
            xmp(
                "",
                "",
                &format!("<DigitalSourceType xmlns='{IPTC}'>{URI}</DigitalSourceType>"),
            ),
            Ai,
        ),
        // Another namespace under the usual prefix.
        (
            xmp(
                "xmlns:Iptc4xmpExt='http://example.com/'",
                "",
                &format!("<Iptc4xmpExt:DigitalSourceType>{URI}</Iptc4xmpExt:DigitalSourceType>"),
            ),
            Unknown,
        ),
        // A caption is a caption, and so is a comment.
        (
            xmp(
                &format!("{ns} xmlns:dc='http://purl.org/dc/elements/1.1/'"),
                "",
                &format!("<dc:description>{URI}</dc:description>"),
            ),
            Unknown,
        ),
        (xmp(&ns, "", &format!("<!-- {} -->", element(URI))), Unknown),
        (xmp(&ns, "", &element("made with trainedAlgorithmicMedia")), Unknown),
        (xmp(&ns, "", &element(&format!("see {URI}"))), Unknown),
        // Of something that the photo was made from.
        (
            xmp(
                &format!("{ns} xmlns:m='urn:m'"),
                "",
                &format!("<m:Ingredients>{}</m:Ingredients>", element(URI)),
            ),
            Unknown,
        ),
        // No prefix, no namespace; no namespace, no meaning.
        (xmp(&ns, &format!("DigitalSourceType='{URI}'"), ""), Unknown),
        (
            xmp("", "", &format!("<b:DigitalSourceType>{URI}</b:DigitalSourceType>")),
            Unknown,
        ),
    ] {
        assert_eq!(of(&packet), expected, "{packet}");
    }
}

#[test]
fn packets_that_are_damaged_say_nothing() {
    let packet = declaring("trainedAlgorithmicMedia");
    let end = packet.find("</x:xmpmeta>").unwrap();
    for cut in [end, end - 20, packet.find("Source").unwrap() + 30] {
        assert_eq!(of(&packet[..cut]), Unknown, "{}", &packet[..cut]);
    }
    assert_eq!(of(&packet.replace("</rdf:RDF>", "</rdf:Other>")), Unknown);
    assert_eq!(of(&format!("<!DOCTYPE x [<!ENTITY a 'b'>]>{packet}")), Unknown);
    let deep = format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
    assert_eq!(
        source(&png(&[(
            b"iTXt",
            [b"XML:com.adobe.xmp\0\0\0\0\0", deep.as_bytes()].concat()
        )])),
        Unknown
    );
    // What follows the outermost element is padding.
    assert_eq!(of(&format!("{packet}{}<", " ".repeat(2_000))), Ai);
}

#[test]
fn everywhere_where_xmp_belongs() {
    let packet = declaring("compositeWithTrainedAlgorithmicMedia");
    let bytes = packet.as_bytes();
    let i = [b"XML:com.adobe.xmp\0\0\0\0\0", bytes].concat();
    assert_eq!(source(&png(&[(b"iTXt", i)])), Composite);
    assert_eq!(
        source(&webp(&[(b"VP8 ", vec![0; 11]), (b"XMP ", bytes.to_vec())])),
        Composite
    );
    assert_eq!(source(&tiff(true, &[(700, 1, bytes)], &[])), Composite);
    assert_eq!(source(&tiff(false, &[(700, 7, bytes)], &[])), Composite);
    let trailer: Vec<u8> = [1].into_iter().chain((0..=255).rev()).chain([0]).collect();
    assert_eq!(source(&gif(b"XMP DataXMP", &[bytes, &trailer].concat())), Composite);
    // Not under other names, and not in a comment of the file.
    assert_eq!(source(&gif(b"XMQ DataXMP", &blocks(bytes))), Unknown);
    assert_eq!(source(&webp(&[(b"XMPX", bytes.to_vec())])), Unknown);
    assert_eq!(
        source(&jpeg(&[(0xE2, [b"http://ns.adobe.com/xap/1.0/\0", bytes].concat())])),
        Unknown
    );
}

#[test]
fn boxes_of_jpeg_xl_and_items_of_avif() {
    let packet = declaring("trainedAlgorithmicMedia");
    let signature = iso(b"JXL ", b"\r\n\x87\n");
    assert_eq!(
        source(&[signature.clone(), iso(b"xml ", packet.as_bytes())].concat()),
        Ai
    );
    let ftyp = iso(b"ftyp", b"avif\0\0\0\0avifmif1");
    assert_eq!(
        source(&[ftyp.clone(), iso(b"xml ", packet.as_bytes())].concat()),
        Unknown
    );
    let infe = iso(b"infe", b"\x02\0\0\0\0\x07\0\0mime\0application/rdf+xml\0");
    let iinf = iso(b"iinf", &[b"\0\0\0\0\0\x01", &infe[..]].concat());
    let build = |at: u32, method: u8| {
        let place = [
            &[0, 7, 0, method, 0, 0, 0, 1][..],
            &at.to_be_bytes(),
            &(packet.len() as u32).to_be_bytes(),
        ];
        let iloc = iso(b"iloc", &[b"\x01\0\0\0\x44\0\0\x01", &place.concat()[..]].concat());
        let idat = iso(b"idat", if method == 1 { packet.as_bytes() } else { b"" });
        let meta = iso(b"meta", &[&[0; 4], &iinf[..], &iloc, &idat].concat());
        let data = if method == 0 { packet.as_bytes() } else { b"" };
        [ftyp.clone(), meta, iso(b"mdat", data)].concat()
    };
    let at = build(0, 0).len() - packet.len();
    assert_eq!(source(&build(at as u32, 0)), Ai);
    assert_eq!(source(&build(0, 1)), Ai);
    assert_eq!(source(&build(u32::MAX, 0)), Unknown);
}

#[test]
fn extended_xmp_that_the_packet_names() {
    let guid = "0123456789ABCDEF0123456789ABCDEF";
    let long = declaring("trainedAlgorithmicMedia");
    let main = xmp(
        "xmlns:n='http://ns.adobe.com/xmp/note/'",
        &format!("n:HasExtendedXMP='{guid}'"),
        "",
    );
    let (first, second) = long.as_bytes().split_at(100);
    let part = |guid: &str, offset: u32, data: &[u8]| {
        let head = [
            b"http://ns.adobe.com/xmp/extension/\0",
            guid.as_bytes(),
            &(long.len() as u32).to_be_bytes(),
            &offset.to_be_bytes(),
        ];
        (0xE1, [&head.concat(), data].concat())
    };
    let standard = (0xE1, [b"http://ns.adobe.com/xap/1.0/\0", main.as_bytes()].concat());
    let parts = |guid: &str| vec![part(guid, 100, second), part(guid, 0, first)];
    assert_eq!(source(&jpeg(&[vec![standard.clone()], parts(guid)].concat())), Ai);
    assert_eq!(source(&jpeg(&parts(guid))), Unknown);
    assert_eq!(
        source(&jpeg(
            &[vec![standard.clone()], parts("F123456789ABCDEF0123456789ABCDEF")].concat()
        )),
        Unknown
    );
    assert_eq!(source(&jpeg(&[standard, part(guid, u32::MAX, first)])), Unknown);
}

#[test]
fn several_declarations() {
    let both = |one: &str, other: &str| {
        let i = [b"XML:com.adobe.xmp\0\0\0\0\0", declaring(one).as_bytes()].concat();
        source(&png(&[
            (b"iTXt", i),
            (b"tEXt", [b"parameters\0", other.as_bytes()].concat()),
        ]))
    };
    assert_eq!(both("digitalCapture", "Steps: 20, Seed: 1"), Ai);
    assert_eq!(both("digitalCapture", "gain=3"), Capture);
    assert_eq!(both("compositeSynthetic", "gain=3"), Composite);
}

/// A packet as UTF-16, with or without a mark of the byte order.
fn wide(packet: &str, big: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xFEFF).into_iter().chain(packet.encode_utf16());
    let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    units.flat_map(bytes).collect()
}

#[test]
fn utf16() {
    let packet = declaring("trainedAlgorithmicMedia");
    for (big, mark) in [(false, false), (false, true), (true, false), (true, true)] {
        let bytes = wide(&packet, big, mark);
        let file = webp(&[(b"XMP ", bytes.clone())]);
        assert_eq!(source(&file), Ai, "{big} {mark}");
        let segment = [b"http://ns.adobe.com/xap/1.0/\0", &bytes[..]].concat();
        assert_eq!(source(&jpeg(&[(0xE1, segment)])), Ai, "{big} {mark}");
        // Cut off it is not well-formed.
        assert_eq!(source(&webp(&[(b"XMP ", bytes[..bytes.len() / 2].to_vec())])), Unknown);
    }
}

#[test]
fn manifests_elsewhere_are_named_and_say_nothing() {
    let ns = "xmlns:dcterms='http://purl.org/dc/terms/'";
    let address = "https://example.com/manifest.c2pa";
    for packet in [
        xmp(ns, &format!("dcterms:provenance='{address}'"), ""),
        xmp(ns, "", &format!("<dcterms:provenance>{address}</dcterms:provenance>")),
        xmp(ns, "", &format!("<dcterms:provenance rdf:resource='{address}'/>")),
    ] {
        let file = jpeg_with(&packet);
        assert!(gamma_wasm::image::may_declare(&file));
        let found = gamma_wasm::image::provenance(&file);
        assert_eq!(found.source, Unknown);
        let evidence: Vec<_> = found
            .evidence
            .iter()
            .map(|each| (each.kind, each.value.as_str()))
            .collect();
        assert_eq!(evidence, [("remote", address)]);
    }
    let other = xmp(
        "xmlns:dcterms='http://example.com/'",
        &format!("dcterms:provenance='{address}'"),
        "",
    );
    assert_eq!(gamma_wasm::image::provenance(&jpeg_with(&other)).evidence, []);
}
