//! One part of several of a search.

use std::fmt;
use std::str::FromStr;

/// One of several machines' share of a search. Shards never overlap, and together they are the
/// whole.
///
/// ```
/// use deadbeat::explore::Shard;
///
/// let second: Shard = "2/3".parse()?;
/// assert!(!second.has(0) && second.has(1) && !second.has(2) && !second.has(3) && second.has(4));
/// assert_eq!(second.to_string(), "2/3");
/// assert!("4/3".parse::<Shard>().is_err());
/// # Ok::<(), deadbeat::explore::ShardError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Shard {
    /// From 0.
    index: u32,
    of: u32,
}

/// Why something is no shard.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ShardError {
    /// It is not written as shards are.
    #[error("`{0}` is no shard: write `2/3` for the second of three")]
    Form(String),
    /// There is no such shard.
    #[error("there is no shard {index} of {of}: shards are numbered from 1 to {of}")]
    Number {
        /// The number that was asked for.
        index: u32,
        /// How many there are.
        of: u32,
    },
    /// There are more than can be worth it.
    #[error("a search cannot be split into {0} shards: {most} are the most", most = Shard::MOST)]
    TooMany(u32),
    /// There cannot be no shards.
    #[error("a search cannot be split into 0 shards")]
    None,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// How many shards a search can have: with more, finding where each begins would take longer
    /// than what comes after.
    pub const MOST: u32 = 10_000;

    /// The shard with this number, from 1, of so many.
    ///
    /// # Errors
    ///
    /// If there is no such shard.
    pub fn new(index: u32, of: u32) -> Result<Self, ShardError> {
        match (index, of) {
            (_, 0) => Err(ShardError::None),
            (_, of) if of > Self::MOST => Err(ShardError::TooMany(of)),
            (1.., _) if index <= of => Ok(Self { index: index - 1, of }),
            _ => Err(ShardError::Number { index, of }),
        }
    }

    /// Its number, from 1.
    pub fn number(self) -> u32 {
        self.index + 1
    }

    /// How many there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether the thing with this number, from 0, is in this shard.
    pub fn has(self, number: u64) -> bool {
        number % u64::from(self.of) == u64::from(self.index)
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number(), self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let numbers = text.split_once('/').map(|(index, of)| (index.parse(), of.parse()));
        match numbers {
            Some((Ok(index), Ok(of))) => Self::new(index, of),
            _ => Err(ShardError::Form(text.to_owned())),
        }
    }
}
