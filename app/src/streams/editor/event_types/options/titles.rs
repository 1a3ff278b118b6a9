//! Names of event types as people read them.

/// Words of event types that are not written as other words are.
const SPELLED: [(&str, &str); 44] = [
    ("ai", "AI"),
    ("amazon", "Amazon"),
    ("api", "API"),
    ("aws", "AWS"),
    ("cd", "CD"),
    ("ci", "CI"),
    ("cicd", "CI/CD"),
    ("cli", "CLI"),
    ("dast", "DAST"),
    ("dco", "DCO"),
    ("duo", "Duo"),
    ("gcp", "GCP"),
    ("git", "Git"),
    ("github", "GitHub"),
    ("gitlab", "GitLab"),
    ("google", "Google"),
    ("gpg", "GPG"),
    ("http", "HTTP"),
    ("iam", "IAM"),
    ("id", "ID"),
    ("ip", "IP"),
    ("jira", "Jira"),
    ("ldap", "LDAP"),
    ("lfs", "LFS"),
    ("llm", "LLM"),
    ("maven", "Maven"),
    ("mcp", "MCP"),
    ("mfa", "MFA"),
    ("ml", "ML"),
    ("oauth", "OAuth"),
    ("omniauth", "OmniAuth"),
    ("otp", "OTP"),
    ("pat", "PAT"),
    ("s3", "S3"),
    ("saml", "SAML"),
    ("sast", "SAST"),
    ("scim", "SCIM"),
    ("sha", "SHA"),
    ("ssh", "SSH"),
    ("sso", "SSO"),
    ("uid", "UID"),
    ("url", "URL"),
    ("webauthn", "WebAuthn"),
    ("yaml", "YAML"),
];

/// `add_gpg_key` as people read it: `Add GPG key`.
pub fn title(name: &str) -> String {
    let words = name.split('_').enumerate().map(|(position, word)| {
        let spelled = SPELLED.into_iter().find(|(plain, _)| *plain == word);
        match spelled {
            Some((_, spelled)) => spelled.to_owned(),
            None if position == 0 => capitalised(word),
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(characters).collect()
}

/// What the button says: up to three titles, then how many more.
pub fn summary(chosen: &[String]) -> String {
    const NAMED: usize = 3;
    if chosen.is_empty() {
        return "Select events".to_owned();
    }
    let titles: Vec<String> = chosen.iter().take(NAMED).map(|name| title(name)).collect();
    let titles = titles.join(", ");
    match chosen.len().saturating_sub(NAMED) {
        0 => titles,
        more => format!("{titles} +{more} more"),
    }
}
