//! Parts that every page is made of.

mod alert;
mod brand;
mod copy_button;
mod error_view;
mod icon;
mod illustration;
mod live;
mod loaded;
mod moment;
mod plain_field;
mod shortened;
mod sign_in_again;
mod skeleton;

pub(crate) use self::{
    alert::{Alert, AlertTone},
    brand::{Brand, Logo},
    copy_button::CopyButton,
    error_view::ErrorView,
    icon::Icon,
    illustration::{LogIllustration, StreamsIllustration},
    live::{Live, every_while_visible},
    loaded::Loaded,
    moment::Moment,
    plain_field::{PlainLook, field_foot, field_head, plain_field},
    shortened::Shortened,
    sign_in_again::{SignInAgain, sign_in_href},
    skeleton::{LinesSkeleton, TableSkeleton},
};
