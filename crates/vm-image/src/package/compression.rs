//! The compressions that occur in packages.

use std::io::{self, Read};

use super::zstd::Frames;

/// The most memory that decompression may take, in KiB: xz's largest preset needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 256 * 1024;

/// Decompresses the contents of a file whose name ends in `extension`.
pub fn decompress<'a>(extension: &str, data: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    match extension {
        "" => Ok(Box::new(data)),
        ".xz" => Ok(Box::new(xz(data))),
        ".gz" => Ok(Box::new(flate2::read::MultiGzDecoder::new(data))),
        ".zst" => Ok(Box::new(Frames::new(data)?)),
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::testing::deb;

    const TEXT: &[u8] = b"some text, some text, some text";

    fn unpack(extension: &str, data: &[u8]) -> io::Result<String> {
        read_text(extension, data, TEXT.len() as u64)
    }

    #[test]
    fn every_compression_of_packages_is_known() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(TEXT).unwrap();
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let zst = ruzstd::encoding::compress_to_vec(TEXT, level);
        for (extension, packed) in [
            ("", TEXT.to_vec()),
            (".xz", deb::xz(TEXT)),
            (".gz", gz.finish().unwrap()),
            (".zst", zst),
        ] {
            assert_eq!(
                unpack(extension, &packed).unwrap().as_bytes(),
                TEXT,
                "{extension}"
            );
        }
    }

    #[test]
    fn parts_in_a_row_are_one() {
        let (one, two) = TEXT.split_at(10);
        let gzip = |text| {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gz.write_all(text).unwrap();
            gz.finish().unwrap()
        };
        let zstd = |text| {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            ruzstd::encoding::compress_to_vec(text, level)
        };
        let padding = vec![0; 8];
        for (extension, packed) in [
            (".gz", [gzip(one), gzip(two)].concat()),
            (".zst", [zstd(one), zstd(two)].concat()),
            (
                ".xz",
                [deb::xz(one), padding.clone(), deb::xz(two), padding].concat(),
            ),
        ] {
            let text = unpack(extension, &packed).unwrap();
            assert_eq!(text.as_bytes(), TEXT, "{extension}");
        }
    }

    #[test]
    fn damage_and_unknown_kinds_are_errors() {
        let packed = deb::xz(TEXT);
        assert!(unpack(".xz", &packed[..packed.len() - 9]).is_err());
        assert!(unpack(".zst", &packed).is_err());
        let error = unpack(".lz4", &packed).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(error.to_string().contains("`.lz4`"), "{error}");
    }

    #[test]
    fn a_limit_holds() {
        let error = read_text(".xz", &deb::xz(TEXT), 8).unwrap_err().to_string();
        assert!(error.contains("more than 8 bytes"), "{error}");
    }
}
