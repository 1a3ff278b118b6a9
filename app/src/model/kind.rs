//! The kinds of destination, as the page names them.

use domain::destination::DestinationKind;

/// Every kind that can be added, in the order of the menu.
pub const KINDS: [DestinationKind; 1] = [DestinationKind::Http];

/// Name in the menu.
pub const fn menu_label(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Http => "HTTP endpoint",
    }
}

/// Word on the badge in the list.
pub const fn badge_label(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Http => "HTTP",
    }
}
