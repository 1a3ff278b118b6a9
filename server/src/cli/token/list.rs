//! `audit-streams token list`.

use domain::{Timestamp, view::TokenView};

use crate::cli::{data_folder::DataFolderArgs, error::CommandError, output::print_line};

#[derive(clap::Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    folder: DataFolderArgs,
}

const HEADINGS: [&str; 7] = [
    "NAME",
    "SCOPES",
    "STATE",
    "CREATED",
    "EXPIRES",
    "LAST USED",
    "CLIENT CERTIFICATE",
];

pub(super) async fn run(args: ListArgs) -> Result<(), CommandError> {
    let store = args.folder.open().await?;
    let tokens = store.list_tokens().await;
    store.close().await;
    for line in table(&tokens?) {
        print_line(&line);
    }
    Ok(())
}

/// Columns as wide as their widest cell.
fn table(tokens: &[TokenView]) -> Vec<String> {
    let rows = tokens.iter().map(row);
    let cells: Vec<[String; 7]> = std::iter::once(HEADINGS.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| {
        cells
            .iter()
            .filter_map(|row| row.get(column))
            .map(String::len)
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let line = |row: &[String; 7]| {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

fn row(token: &TokenView) -> [String; 7] {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    [
        token.name.clone(),
        scopes.join(","),
        token.state.as_str().to_owned(),
        token.created_at.to_string(),
        moment(token.expires_at),
        moment(token.last_used_at),
        token.client_certificate.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use domain::{access::Scope, ids::TokenId, view::TokenState};

    use super::*;

    #[test]
    fn each_token_has_a_line_under_the_headings() {
        let at = Timestamp::from_unix_ms;
        let token = TokenView {
            id: TokenId::new(1),
            name: "gitlab".into(),
            scopes: vec![Scope::Ingest, Scope::Read],
            state: TokenState::Expired,
            created_at: at(0),
            expires_at: Some(at(60_000)),
            client_certificate: None,
            last_used_at: None,
        };
        let revoked = TokenView {
            state: TokenState::Revoked,
            expires_at: None,
            client_certificate: Some("CN=gitlab".into()),
            ..token.clone()
        };
        assert_eq!(
            table(&[token, revoked]),
            [
                "NAME    SCOPES       STATE    CREATED                   EXPIRES                   LAST USED  CLIENT CERTIFICATE",
                "gitlab  ingest,read  expired  1970-01-01T00:00:00.000Z  1970-01-01T00:01:00.000Z  never",
                "gitlab  ingest,read  revoked  1970-01-01T00:00:00.000Z  never                     never      CN=gitlab",
            ]
        );
    }
}
