//! Random numbers that a seed repeats.

/// A generator of pseudo-random numbers (SplitMix64). The same seed gives the same numbers.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed; any number will do.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`; 0 if there are none.
    pub const fn roll(&mut self, sides: u64) -> u64 {
        let number = self.number();
        match number.checked_rem(sides) {
            Some(rolled) => rolled,
            None => 0,
        }
    }

    /// True in so many of a hundred cases.
    pub const fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    /// One of the choices; `None` if there are none.
    pub fn pick<'choices, T>(&mut self, choices: &'choices [T]) -> Option<&'choices T> {
        let sides = u64::try_from(choices.len()).ok()?;
        choices.get(usize::try_from(self.roll(sides)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_the_numbers() {
        let numbers = |seed| {
            let mut dice = Dice::new(seed);
            [(); 5].map(|()| dice.roll(1_000))
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn every_choice_comes_up() {
        let mut dice = Dice::new(1);
        let choices = ["a", "b", "c"];
        for wanted in choices {
            assert!((0..200).any(|_| dice.pick(&choices) == Some(&wanted)));
        }
        assert_eq!(dice.pick::<u8>(&[]), None);
        assert_eq!(dice.roll(0), 0);
    }
}
