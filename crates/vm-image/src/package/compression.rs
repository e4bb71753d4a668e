//! The compressions that occur in packages.

use std::io::{self, Read};

/// The most memory that decompression may take, in KiB: xz's largest preset needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 256 * 1024;

/// Decompresses the contents of a file whose name ends in `extension`.
pub fn decompress<'a>(extension: &str, data: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    match extension {
        "" => Ok(Box::new(data)),
        ".xz" => Ok(Box::new(xz(data))),
        ".gz" => Ok(Box::new(flate2::read::GzDecoder::new(data))),
        ".zst" => ruzstd::decoding::StreamingDecoder::new(data)
            .map(|decoder| Box::new(decoder) as Box<dyn Read>)
            .map_err(io::Error::other),
        other => {
            let cause = format!("it is compressed as `{other}`, which is not supported");
            Err(io::Error::new(io::ErrorKind::Unsupported, cause))
        }
    }
}

/// Decompresses an xz file; several streams in a row are one.
pub fn xz<R: Read>(data: R) -> impl Read {
    lzma_rust2::XzReader::new_mem_limit(data, true, XZ_MEMORY_KIB)
}

/// Decompresses a text of at most `limit` bytes.
pub fn read_text(extension: &str, data: &[u8], limit: u64) -> io::Result<String> {
    let mut text = String::new();
    let mut reader = decompress(extension, data)?.take(limit.saturating_add(1));
    reader.read_to_string(&mut text)?;
    if text.len() as u64 > limit {
        return Err(io::Error::other(format!(
            "it unpacks to more than {limit} bytes"
        )));
    }
    Ok(text)
}
