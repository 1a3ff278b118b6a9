//! Numbers and long texts as people read them.

/// Thousands separated: `4,210`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `4,210 waiting`, `38 s`: a number and its unit, which a line break does not part.
pub fn quantity(number: u64, unit: &str) -> String {
    format!("{}\u{a0}{unit}", grouped(number))
}

/// `1 destination`, `2 destinations`.
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// The first four and last two characters of a secret that may be recognised but not read over a shoulder.
pub fn masked(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    if characters.len() < 10 {
        return "…".to_owned();
    }
    let head: String = characters.iter().take(4).collect();
    let tail: String = characters.iter().skip(characters.len() - 2).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let numbers = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (4_210, "4,210"),
            (1_234_567, "1,234,567"),
        ];
        for (number, text) in numbers {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "destination"), "1 destination");
        assert_eq!(counted(0, "destination"), "0 destinations");
        assert_eq!(counted(1_200, "event"), "1,200 events");
    }

    #[test]
    fn a_short_secret_shows_nothing() {
        assert_eq!(masked("8fK2abcdefghijklmnopqrx9"), "8fK2…x9");
        assert_eq!(masked("short"), "…");
    }
}
