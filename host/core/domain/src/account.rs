/// The position in one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// Units; negative when short, 0 when flat.
    pub quantity: f64,
    /// Average entry price per unit; 0 when flat.
    pub average_price: f64,
    /// Profit of what has been closed, before fees.
    pub realised_pnl: f64,
    /// Profit of what is open at the last close, before fees.
    pub unrealised_pnl: f64,
}

/// The account as it stands, in its own currency.
///
/// Always `equity = initial cash + realised_pnl + unrealised_pnl - fees + financing`, up to rounding, where financing is
/// interest received minus interest and borrowing costs paid: a figure of its own, 0 unless the policy has such rates.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Account {
    /// What is not invested; short sales add to it.
    pub cash: f64,
    /// Cash plus every position at its last close.
    pub equity: f64,
    /// Profit of what has been closed, before fees.
    pub realised_pnl: f64,
    /// Profit of what is open at the last close, before fees.
    pub unrealised_pnl: f64,
    /// Fees paid so far.
    pub fees: f64,
    /// What new exposure may still cost; zero or more.
    pub buying_power: f64,
}
