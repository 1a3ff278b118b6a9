//! How good or bad a state is. It is always shown with an icon and a word, and not only by colour.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    Good,
    Quiet,
    Busy,
    Warning,
    Bad,
}

impl Tone {
    pub(crate) fn icon(self) -> icondata_core::Icon {
        match self {
            Self::Good => icondata_lu::LuCircleCheck,
            Self::Quiet => icondata_lu::LuCircleDashed,
            Self::Busy => icondata_lu::LuActivity,
            Self::Warning => icondata_lu::LuTriangleAlert,
            Self::Bad => icondata_lu::LuCircleX,
        }
    }

    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Good => "health health-good",
            Self::Quiet => "health health-quiet",
            Self::Busy => "health health-busy",
            Self::Warning => "health health-warning",
            Self::Bad => "health health-bad",
        }
    }
}
