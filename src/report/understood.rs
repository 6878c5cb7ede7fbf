//! How much of what was said was understood.

/// The words of a text, in small letters, without what stands between them.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
    plain.to_lowercase().split_whitespace().map(str::to_owned).collect()
}

/// How many words of `said` were heard, in order: the longest common subsequence.
#[must_use]
pub fn understood(said: &[String], heard: &[String]) -> usize {
    let mut before = vec![0; heard.len() + 1];
    for word in said {
        let mut row = Vec::with_capacity(before.len());
        row.push(0);
        let mut longest = 0;
        for (other, pair) in heard.iter().zip(before.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            longest = if word == other { diagonal + 1 } else { above.max(longest) };
            row.push(longest);
        }
        before = row;
    }
    before.last().copied().unwrap_or(0)
}
