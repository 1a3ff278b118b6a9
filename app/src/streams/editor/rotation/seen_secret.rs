//! A secret that is fetched only on request, as far as this page has seen it.

/// A secret, and the version of the destination of which it was the secret. In any other version, it may be another one.
#[derive(Clone, PartialEq, Eq, Default)]
pub(in super::super) struct SeenSecret(Option<(String, i64)>);

impl SeenSecret {
    /// This is the secret of the destination in this version.
    pub(in super::super) fn see(&mut self, secret: String, version: i64) {
        self.0 = Some((secret, version));
    }

    /// The destination got another version, and kept its secret.
    pub(super) fn keep(&mut self, from: i64, to: i64) {
        if let Some((_, version)) = &mut self.0
            && *version == from
        {
            *version = to;
        }
    }

    /// The secret of the destination in this version, if it was seen.
    pub(in super::super) fn at(&self, version: Option<i64>) -> Option<&str> {
        let (secret, seen_at) = self.0.as_ref()?;
        (Some(*seen_at) == version).then_some(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_until_the_destination_is_changed() {
        let mut seen = SeenSecret::default();
        assert_eq!(seen.at(Some(1)), None);
        seen.see("whsec_old".into(), 1);
        assert_eq!((seen.at(Some(1)), seen.at(None)), (Some("whsec_old"), None));
        assert_eq!(seen.at(Some(2)), None, "somebody may have rotated it");
        seen.see("whsec_new".into(), 2);
        assert_eq!((seen.at(Some(2)), seen.at(Some(1))), (Some("whsec_new"), None));
    }

    #[test]
    fn the_end_of_a_rotation_keeps_only_what_was_seen_of_it() {
        let mut seen = SeenSecret::default();
        seen.see("whsec_new".into(), 2);
        seen.keep(2, 3);
        assert_eq!(seen.at(Some(3)), Some("whsec_new"));
        seen.keep(4, 5);
        assert_eq!(seen.at(Some(5)), None, "version 4 was changed by somebody else");
    }
}
