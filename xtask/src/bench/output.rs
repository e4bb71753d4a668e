//! What the programs print.

use anyhow::{Context as _, Result, ensure};

/// One program's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Of one round of work; empty if the program has none.
    pub checksum: String,
    /// Units of work per second, of whatever size: only ratios mean something.
    pub rate: f64,
}

/// Finds the line `NAME CHECKSUM ROUNDS SECONDS` of the program `name`.
///
/// # Errors
/// If there is no such line.
pub fn rounds(name: &str, lines: &[String]) -> Result<Sample> {
    let found = lines.iter().find_map(|line| parse_rounds(name, line));
    let sample = found.with_context(|| missing(name, lines))?;
    ensure!(
        sample.rate.is_finite() && sample.rate > 0.0,
        "{name} measured no time at all"
    );
    Ok(sample)
}

fn parse_rounds(name: &str, line: &str) -> Option<Sample> {
    let mut words = line.split_whitespace();
    if words.next()? != name {
        return None;
    }
    let checksum = words.next()?;
    u64::from_str_radix(checksum, 16).ok()?;
    let (rounds, seconds): (f64, f64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    if words.next().is_some() {
        return None;
    }
    Some(Sample {
        checksum: checksum.to_owned(),
        rate: rounds / seconds,
    })
}

/// Finds a line of OpenSSL 3's `speed -mr`: `+F:…:…:BYTES_PER_SECOND` of a digest
/// or cipher, or `+F2:…:…:SIGNATURES_PER_SECOND:…` of RSA.
///
/// # Errors
/// If there is no such line.
pub fn openssl_speed(name: &str, lines: &[String]) -> Result<Sample> {
    let found = lines.iter().find_map(|line| parse_speed(line));
    let rate = found.with_context(|| missing(name, lines))?;
    Ok(Sample {
        checksum: String::new(),
        rate,
    })
}

fn parse_speed(line: &str) -> Option<f64> {
    let fields: Vec<&str> = line.trim().split(':').collect();
    if !["+F", "+F2"].contains(fields.first()?) {
        return None;
    }
    let rate = fields.get(3)?.parse().ok()?;
    (rate > 0.0 && f64::is_finite(rate)).then_some(rate)
}

fn missing(name: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return format!("{name} printed nothing");
    }
    format!("{name} printed no result:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_result_is_found_among_other_lines() {
        let text = "noise\nsha256 of nothing\nsha256 00ff 10 2.5\nsha256x 1 1 1\n";
        let sample = rounds("sha256", &lines(text)).unwrap();
        assert_eq!(sample.checksum, "00ff");
        assert_eq!(sample.rate, 4.0);
    }

    #[test]
    fn what_is_no_result_is_shown() {
        for text in ["sha256 00ff 10", "sha256 xyz 10 1.0", "sha256 0 1 2 3"] {
            let error = rounds("sha256", &lines(text)).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        assert!(
            rounds("a", &[])
                .unwrap_err()
                .to_string()
                .contains("nothing")
        );
        assert!(rounds("a", &lines("a 1 5 0.0")).is_err());
    }

    #[test]
    fn openssl_reports_bytes_or_signatures() {
        let digest = "+DT:sha256:1:8192\n+F:22:sha256:12345678.50\n";
        let rate = openssl_speed("x", &lines(digest)).unwrap().rate;
        assert_eq!(rate, 12_345_678.5);
        let rsa = "+F2:2:2048:250.000000:24395.000000:1.0:2.0\n+F9:2:9.5:9.5\n";
        assert_eq!(openssl_speed("x", &lines(rsa)).unwrap().rate, 250.0);
        assert!(openssl_speed("x", &lines("+F:22:sha256:0.00")).is_err());
    }
}
