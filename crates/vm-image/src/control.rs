//! Debian control data: paragraphs of fields (deb822(5)).

/// One paragraph: fields in their order, continuation lines joined by newlines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paragraph<'a> {
    fields: Vec<(&'a str, Vec<&'a str>)>,
}

impl<'a> Paragraph<'a> {
    /// Reads the lines of one paragraph; lines that are neither field, continuation
    /// nor comment make it `None`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut fields: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with([' ', '\t']) {
                fields.last_mut()?.1.push(line.trim());
            } else if !line.trim().is_empty() {
                let (name, value) = line.split_once(':')?;
                fields.push((name, vec![value.trim()]));
            }
        }
        Some(Self { fields })
    }

    /// The first line of a field. Names are compared without case.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.lines(name)?.first().copied()
    }

    /// All lines of a field; the first is the one beside the name and may be empty.
    pub fn lines(&self, name: &str) -> Option<&[&'a str]> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, lines)| lines.as_slice())
    }

    /// All words of a field, over all its lines; none if there is no such field.
    pub fn words(&self, name: &str) -> Vec<&'a str> {
        let lines = self.lines(name).unwrap_or_default();
        lines
            .iter()
            .flat_map(|line| line.split_whitespace())
            .collect()
    }
}

/// Splits text into the texts of its paragraphs, which blank lines separate.
///
/// Looks at each byte once: indexes are tens of megabytes.
pub fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n")
        .map(|p| p.trim_matches('\n'))
        .filter(|p| !p.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_continuations_and_comments() {
        let p = Paragraph::parse("A: 1 2\n# no field: here\nB:\n x y\n\tz \nempty:\n").unwrap();
        assert_eq!(p.get("a"), Some("1 2"));
        assert_eq!(p.words("A"), ["1", "2"]);
        assert_eq!(p.lines("B").unwrap(), ["", "x y", "z"]);
        assert_eq!(p.words("B"), ["x", "y", "z"]);
        assert_eq!(p.get("Empty"), Some(""));
        assert_eq!(p.get("C"), None);
        assert!(p.words("C").is_empty());
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Paragraph::parse(" continuation of nothing"), None);
        assert_eq!(Paragraph::parse("no colon"), None);
        assert_eq!(
            Paragraph::parse("# only a comment"),
            Some(Paragraph::default())
        );
    }

    #[test]
    fn paragraphs_are_separated_by_blank_lines() {
        let split: Vec<_> = paragraphs("\n\nA: 1\nB: 2\n\n\nC: 3\n").collect();
        assert_eq!(split, ["A: 1\nB: 2", "C: 3"]);
        assert_eq!(paragraphs("").count(), 0);
    }
}
