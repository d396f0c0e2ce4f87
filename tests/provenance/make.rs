//! Files with declarations, put together by hand: each with what the format needs before a reader gets there, and no pixels.

/// A PNG of these chunks.
pub fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    let ihdr = (b"IHDR", [0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0].to_vec());
    for (kind, data) in [&ihdr].into_iter().chain(chunks) {
        file.extend((data.len() as u32).to_be_bytes());
        file.extend(*kind);
        file.extend(data);
        file.extend([0; 4]);
    }
    file
}

/// A PNG with texts.
pub fn texts(texts: &[(&str, &str)]) -> Vec<u8> {
    let chunk = |(key, value): &(&str, &str)| (b"tEXt", [key.as_bytes(), b"\0", value.as_bytes()].concat());
    png(&texts.iter().map(chunk).collect::<Vec<_>>())
}

/// A JPEG of these segments, up to its first scan.
pub fn jpeg(segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    for (marker, data) in segments {
        file.extend([0xFF, *marker]);
        file.extend((data.len() as u16 + 2).to_be_bytes());
        file.extend(data);
    }
    file.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
    file
}

/// A WebP of these chunks.
pub fn webp(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, data) in chunks {
        body.extend(*kind);
        body.extend((data.len() as u32).to_le_bytes());
        body.extend(data);
        body.resize(body.len() + data.len() % 2, 0);
    }
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

/// A GIF with one application extension whose data are `blocks`, as they are.
pub fn gif(name: &[u8; 11], blocks: &[u8]) -> Vec<u8> {
    let head = *b"GIF89a\x08\0\x08\0\x80\0\0\0\0\0\xFF\xFF\xFF";
    let comment = *b"\x21\xFE\x03abc\0";
    [&head[..], &comment, b"\x21\xFF\x0B", name, blocks, b";"].concat()
}

/// Bytes in blocks of at most 255 and a terminator.
pub fn blocks(data: &[u8]) -> Vec<u8> {
    let block = |block: &[u8]| [&[block.len() as u8], block].concat();
    data.chunks(255).flat_map(block).chain([0]).collect()
}

/// A TIFF structure of one directory, and one of EXIF with the entries after `exif`: (tag, type, bytes).
pub fn tiff(little: bool, entries: &[(u16, u16, &[u8])], exif: &[(u16, u16, &[u8])]) -> Vec<u8> {
    let short = |value: u16| {
        if little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    };
    let long = |value: u32| {
        if little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    };
    let mut file = if little { b"II".to_vec() } else { b"MM".to_vec() };
    file.extend(short(42));
    file.extend(long(8));
    let size = |entries: usize| 2 + 12 * entries + 4;
    let first = entries.len() + usize::from(!exif.is_empty());
    let second = 8 + size(first);
    let pointer = long(second as u32);
    let mut all = entries.to_vec();
    if !exif.is_empty() {
        all.push((0x8769, 4, &pointer));
    }
    let mut values: Vec<u8> = Vec::new();
    let start = second + if exif.is_empty() { 0 } else { size(exif.len()) };
    for directory in [&all[..], exif] {
        if directory.is_empty() {
            continue;
        }
        file.extend(short(directory.len() as u16));
        for (tag, kind, bytes) in directory {
            file.extend(short(*tag));
            file.extend(short(*kind));
            let unit = if *kind == 4 { 4 } else { 1 };
            file.extend(long((bytes.len() / unit) as u32));
            if bytes.len() <= 4 {
                file.extend(bytes.iter().chain(&[0; 4]).take(4));
            } else {
                file.extend(long((start + values.len()) as u32));
                values.extend(*bytes);
            }
        }
        file.extend(long(0));
    }
    file.extend(values);
    file
}

/// A box of ISO base media files.
pub fn iso(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32 + 8).to_be_bytes()[..], kind, data].concat()
}

/// A packet of XMP with these namespaces and this inside of a description's tag and element.
pub fn xmp(namespaces: &str, attributes: &str, inside: &str) -> String {
    format!(
        "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>\
         <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description rdf:about='' {namespaces} {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>\
         <?xpacket end='w'?>"
    )
}

/// A packet that declares a source type.
pub fn declaring(term: &str) -> String {
    let uri = format!("http://cv.iptc.org/newscodes/digitalsourcetype/{term}");
    let namespace = "xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'";
    xmp(namespace, &format!("Iptc4xmpExt:DigitalSourceType='{uri}'"), "")
}

/// A JPEG with a packet of XMP.
pub fn jpeg_with(packet: &str) -> Vec<u8> {
    jpeg(&[(0xE1, [b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()].concat())])
}
