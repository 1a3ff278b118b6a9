//! Parts that every page is made of.

mod ago;
mod alert;
mod brand;
pub mod chart;
mod copy_button;
mod error_view;
mod form;
mod icon;
mod illustration;
mod leave_guard;
mod live;
mod moment;
mod presses;
mod rows;
mod search_text;
mod setting_link;
mod sign_in_again;
mod skeleton;
mod suspended;
mod tone;
mod visible;

pub(crate) use self::{
    ago::Ago,
    alert::{Alert, AlertTone},
    brand::{Brand, Logo},
    copy_button::CopyButton,
    error_view::ErrorView,
    form::{
        CancelButton, CheckField, Choice, ChoiceField, DialogButton, Form, LinesField, OUTCOME_SECRET_ID, OutcomeView,
        PasswordField, SubmitLook, TextField, UnsavedForms, field_head,
    },
    icon::Icon,
    illustration::{LogIllustration, StreamsIllustration},
    leave_guard::{HistoryWatch, LeaveDialog, LeaveGuard},
    live::{Live, Refresh},
    moment::{Moment, MomentOr, dated},
    presses::Presses,
    rows::Rows,
    search_text::SearchText,
    setting_link::text_and_link,
    sign_in_again::{SignInAgain, sign_in_href},
    skeleton::{FormSkeleton, LinesSkeleton, TableSkeleton},
    suspended::suspended,
    tone::Tone,
    visible::every_while_visible,
};
