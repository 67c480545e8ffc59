//! Chance from a seed: the same seed gives the same draws on every machine.
//!
//! The generator is SplitMix64; a draw from a Beta distribution is made of two from Gamma
//! distributions by the method of Marsaglia and Tsang.

/// A stream of draws.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Evenly from 0 to 1, both left out.
    pub(super) fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// From the standard normal distribution, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// From the Gamma distribution of a shape of at least 1.
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape.max(1.0) - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        // More than 95 of 100 draws are taken at once, so the bound is never met.
        for _ in 0..1000 {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.unit().ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
        d
    }

    /// A rate of success that fits so many successes and failures: from Beta(1 + s, 1 + f).
    pub(super) fn rate(&mut self, successes: f64, failures: f64) -> f64 {
        let (good, bad) = (self.gamma(1.0 + successes), self.gamma(1.0 + failures));
        good / (good + bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_have_the_mean_of_their_distribution() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            let all: Vec<f64> = (0..4000).map(|_| chance.rate(8.0, 2.0)).collect();
            all
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let all = draw(7);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        // Beta(9, 3) has the mean 0.75 and the standard deviation 0.12.
        assert!((mean - 0.75).abs() < 0.01, "{mean}");
        assert!(all.iter().all(|rate| (0.0..=1.0).contains(rate)));
        let mut chance = Chance::new(1);
        let unit = (0..4000).map(|_| chance.unit()).sum::<f64>() / 4000.0;
        assert!((unit - 0.5).abs() < 0.02, "{unit}");
    }
}
