//! The text of a schedule: short enough to paste, and it knows what it is for.

use std::fmt;
use std::hash::Hasher as _;
use std::str::FromStr;
use std::time::Duration;

use super::picks::{Deviation, Picks};
use crate::history::ids::Digest;
use crate::scenario::Scenario;
use crate::sim::Race;

/// A schedule as text: which scenario it is for, what races, and every pick that is not the default
/// one. The same token gives the same run, byte for byte, on every machine.
///
/// ```
/// use deadbeat::explore::{Deviation, Picks, Token};
/// use deadbeat::scenario::Scenario;
/// use deadbeat::sim::Race;
///
/// let source = "name: a look\ntimeline: [{ describe: order }]";
/// let scenario = Scenario::parse(source, "look.yaml")?;
/// let picks = Picks::from_iter([Deviation { choice: 3, index: 1 }]);
/// let token = Token::new(&scenario, Race::default(), picks.clone(), 12);
/// let text = token.to_string();
/// assert!(text.starts_with("d1-"), "{text}");
///
/// let read: Token = text.parse()?;
/// assert!(read.is_for(&scenario));
/// assert_eq!(read.picks(), &picks);
///
/// let mistyped: Result<Token, _> = text.replace("d1-", "d1-0").parse();
/// assert!(mistyped.unwrap_err().to_string().contains("mistyped"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// As much of the scenario's digest as tells one from another.
    scenario: u32,
    race: Race,
    picks: Picks,
    happenings: u64,
}

/// Why a text is no token.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    /// It does not begin as tokens do.
    #[error("this is no schedule token: those begin with `{}`", Token::PREFIX)]
    Foreign,
    /// It is of a version that this program does not know.
    #[error("this schedule token is of version `{0}`, but this is a program that reads version 1")]
    Version(String),
    /// A character that tokens do not have, and where it stands.
    #[error("`{0}`, the character number {1} of the schedule token, is none that tokens have")]
    Character(char, usize),
    /// The checksum does not fit.
    #[error("the schedule token is mistyped or cut off: its checksum does not fit")]
    Checksum,
    /// The checksum fits, but what it says makes no sense.
    #[error("the schedule token is damaged")]
    Damaged,
}

impl Token {
    /// What tokens begin with, the version included.
    pub const PREFIX: &str = "d1-";

    /// The token of a run.
    pub fn new(scenario: &Scenario, race: Race, picks: Picks, happenings: u64) -> Self {
        Self { scenario: short(scenario), race, picks, happenings }
    }

    /// Whether it was made for this scenario, as its text is now.
    pub fn is_for(&self, scenario: &Scenario) -> bool {
        self.scenario == short(scenario)
    }

    /// What raced in the run, and how many faults it could have.
    pub fn race(&self) -> Race {
        self.race
    }

    /// Where it departs from the default order.
    pub fn picks(&self) -> &Picks {
        &self.picks
    }

    /// How many happenings the run had.
    pub fn happenings(&self) -> u64 {
        self.happenings
    }
}

/// The low bits of a mixed digest are as good as any.
#[allow(clippy::cast_possible_truncation)]
fn short(scenario: &Scenario) -> u32 {
    scenario.digest as u32
}

/// Crockford's alphabet: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const NANOS_IN_MS: u64 = 1_000_000;

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.scenario.to_le_bytes().to_vec();
        let nanos = u64::try_from(self.race.window.as_nanos()).unwrap_or(u64::MAX);
        // Windows are whole milliseconds nearly always: those are shorter to write.
        if nanos.is_multiple_of(NANOS_IN_MS) {
            write_number(&mut bytes, nanos / NANOS_IN_MS * 2);
        } else {
            write_number(&mut bytes, 1);
            write_number(&mut bytes, nanos);
        }
        write_number(&mut bytes, self.race.faults.into());
        write_number(&mut bytes, self.happenings);
        let mut next = 0;
        for deviation in self.picks.deviations() {
            write_number(&mut bytes, (deviation.choice - next).into());
            write_number(&mut bytes, deviation.index.into());
            next = deviation.choice + 1;
        }
        bytes.extend(checksum(&bytes));
        f.write_str(Self::PREFIX)?;
        write_base32(&bytes, f)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix(Self::PREFIX) else {
            let version = text.strip_prefix('d').and_then(|rest| rest.split_once('-'));
            return Err(match version {
                Some((version, _)) if version.parse::<u32>().is_ok() => {
                    TokenError::Version(version.to_owned())
                }
                _ => TokenError::Foreign,
            });
        };
        let bytes = read_base32(rest)?;
        let (body, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(TokenError::Checksum)?;
        if checksum(body) != *sum {
            return Err(TokenError::Checksum);
        }
        read(body).ok_or(TokenError::Damaged)
    }
}

fn read(body: &[u8]) -> Option<Token> {
    let (scenario, mut rest) = body.split_first_chunk::<4>()?;
    let rest = &mut rest;
    let nanos = match read_number(rest)? {
        1 => read_number(rest)?,
        twice if twice % 2 == 0 => (twice / 2).checked_mul(NANOS_IN_MS)?,
        _ => return None,
    };
    let faults = u32::try_from(read_number(rest)?).ok()?;
    let happenings = read_number(rest)?;
    let mut picks = Picks::default();
    let mut next = 0_u32;
    while !rest.is_empty() {
        let gap = u32::try_from(read_number(rest)?).ok()?;
        let choice = next.checked_add(gap)?;
        let index = u32::try_from(read_number(rest)?).ok().filter(|index| *index > 0)?;
        picks.push(Deviation { choice, index });
        next = choice.checked_add(1)?;
    }
    Some(Token {
        scenario: u32::from_le_bytes(*scenario),
        race: Race { window: Duration::from_nanos(nanos), faults },
        picks,
        happenings,
    })
}

const CHECKSUM: usize = 2;

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut digest = Digest::new();
    digest.write(bytes);
    let [first, second, ..] = digest.finish128().to_le_bytes();
    [first, second]
}

/// Seven bits a byte, the low ones first; the high bit says that more follow.
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(0x80 | u8::try_from(number & 0x7f).unwrap_or(0));
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or(0));
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        number |= bits.checked_mul(1_u64.checked_shl(shift)?)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn write_base32(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write as _;
    let mut held = 0_u32;
    let mut bits = 0;
    for byte in bytes.iter().copied() {
        held = held << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            f.write_char(char::from(ALPHABET[(held >> bits & 31) as usize]))?;
        }
    }
    if bits > 0 {
        f.write_char(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]))?;
    }
    Ok(())
}

fn read_base32(text: &str) -> Result<Vec<u8>, TokenError> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let mut held = 0_u32;
    let mut bits = 0;
    for (at, character) in text.chars().enumerate() {
        let lower = character.to_ascii_lowercase();
        let value = ALPHABET
            .iter()
            .position(|known| char::from(*known) == lower)
            .and_then(|value| u32::try_from(value).ok())
            .ok_or(TokenError::Character(character, at + 1 + Token::PREFIX.len()))?;
        held = held << 5 | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or(0));
        }
        held &= (1 << bits) - 1;
    }
    // What is left over only fills the last character.
    if bits >= 5 || held != 0 { Err(TokenError::Checksum) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_says_what_was_written_into_it(
            scenario: u32,
            nanos in 0..u64::MAX / 4,
            faults in 0_u32..6,
            happenings: u64,
            gaps in prop::collection::vec((0_u32..1_000_000, 1_u32..1_000), 0..30),
        ) {
            let mut choice = 0;
            let picks = gaps.into_iter().map(|(gap, index)| {
                choice += gap + 1;
                Deviation { choice, index }
            });
            let race = Race { window: Duration::from_nanos(nanos), faults };
            let token = Token { scenario, race, picks: picks.collect(), happenings };
            prop_assert_eq!(token.to_string().parse(), Ok(token));
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,40}", characters in "[0-9a-z]{0,60}") {
            let _ = text.parse::<Token>();
            let _ = format!("d1-{characters}").parse::<Token>();
        }
    }

    #[test]
    fn what_is_no_token_is_told_why() {
        let told = |text: &str| text.parse::<Token>().unwrap_err().to_string();
        assert!(told("hello").starts_with("this is no schedule token"));
        assert!(told("d2-00").contains("version `2`"));
        assert!(told("d1-0u0").starts_with("`u`, the character number 5"));
        assert!(told("d1-").contains("cut off"));
    }
}
