//! Passwords, as argon2id hashes.
//!
//! Hashing takes 19 MiB and some 20 ms of a core, so it runs off the request threads and only a few at a time. Whoever
//! has no account costs as much as who has: the response time reveals nothing.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString,
};
use domain::access::NewPassword;
use tokio::sync::{OnceCell, Semaphore};

use crate::vault::random;

/// Memory, passes and lanes: OWASP's first choice for argon2id
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id>).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes computed at the same time.
const AT_ONCE: usize = 4;

/// How long one may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// A password could not be hashed or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("too many passwords are being checked")]
    Busy,
    #[error("a password could not be hashed")]
    Failed,
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of a password that nobody knows, once it is needed.
    nobodys_hash: Arc<OnceCell<String>>,
    /// Hashes that were computed to check a password.
    #[cfg(test)]
    pub(crate) checks: Arc<std::sync::atomic::AtomicUsize>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            nobodys_hash: Arc::default(),
            #[cfg(test)]
            checks: Arc::default(),
        }
    }
}

impl Passwords {
    /// The hash to be stored for a new password.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: &NewPassword) -> Result<String, PasswordError> {
        let password = password.expose().as_bytes().to_vec();
        self.in_turn(move || hash(&password)).await
    }

    /// Whether the password is the one that was hashed. Without a hash it never is.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        // Made for known users as well: the first sign-in must not take longer without an account.
        let nobodys_hash = self.nobodys_hash.get_or_try_init(|| self.hash_of_nobody()).await?;
        let is_known = stored.is_some();
        let hash = stored.unwrap_or(nobodys_hash).to_owned();
        // Nobody could have set a longer one; the rest is not worth the time.
        let password: Vec<u8> = password.bytes().take(NewPassword::MAX_BYTES + 1).collect();
        #[cfg(test)]
        let checks = Arc::clone(&self.checks);
        self.in_turn(move || {
            let is_right = verify(&password, &hash);
            #[cfg(test)]
            checks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(is_right && is_known)
        })
        .await
    }

    async fn hash_of_nobody(&self) -> Result<String, PasswordError> {
        let unknown = random::<32>().map_err(|_| PasswordError::Failed)?;
        self.in_turn(move || hash(&unknown)).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned());
        let turn = turn
            .await
            .map_err(|_| PasswordError::Busy)?
            .map_err(|_| PasswordError::Failed)?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| PasswordError::Failed)?
    }
}

fn hash(password: &[u8]) -> Result<String, PasswordError> {
    let salt = random::<16>().map_err(|_| PasswordError::Failed)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Failed)?;
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Failed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon2
        .hash_password(password, &salt)
        .map_err(|_| PasswordError::Failed)?
        .to_string())
}

/// The parameters are those in the hash.
fn verify(password: &[u8], hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use domain::Field;

    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let passwords = Passwords::default();
        let password = NewPassword::parse("correct horse battery".into(), Field::NewPassword).unwrap();
        let hash = passwords.hash(&password).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(passwords.verify(password.expose(), Some(&hash)).await, Ok(true));
        assert_eq!(passwords.verify("correct horse batterY", Some(&hash)).await, Ok(false));
        assert_eq!(passwords.verify("", Some(&hash)).await, Ok(false));
        assert_eq!(passwords.verify(password.expose(), Some("not a hash")).await, Ok(false));
    }

    #[tokio::test]
    async fn an_unknown_user_costs_the_same_hash_as_a_wrong_password() {
        let passwords = Passwords::default();
        let password = NewPassword::parse("correct horse battery".into(), Field::NewPassword).unwrap();
        let hash = passwords.hash(&password).await.unwrap();
        let parameters = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        for (stored, guess, checks) in [
            (Some(hash.as_str()), "wrong", 1),
            (None, "wrong", 2),
            (None, password.expose(), 3),
        ] {
            assert_eq!(passwords.verify(guess, stored).await, Ok(false));
            assert_eq!(passwords.checks.load(std::sync::atomic::Ordering::Relaxed), checks);
        }
        let of_nobody = passwords.nobodys_hash.get().unwrap();
        assert_eq!(parameters(of_nobody), parameters(&hash), "with the same effort");
    }

    #[tokio::test]
    async fn nobody_has_no_password_at_all() {
        let passwords = Passwords::default();
        assert_eq!(passwords.verify("correct horse battery", None).await, Ok(false));
    }

    #[tokio::test]
    async fn what_is_too_long_to_be_set_is_wrong() {
        let passwords = Passwords::default();
        let longest = NewPassword::parse("x".repeat(NewPassword::MAX_BYTES), Field::NewPassword).unwrap();
        let hash = passwords.hash(&longest).await.unwrap();
        assert_eq!(passwords.verify(longest.expose(), Some(&hash)).await, Ok(true));
        assert_eq!(
            passwords
                .verify(&"x".repeat(NewPassword::MAX_BYTES + 1), Some(&hash))
                .await,
            Ok(false)
        );
    }
}
