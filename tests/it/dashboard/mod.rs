//! The dashboard, as a browser, a program and a stranger meet it.

mod actions;
mod browser;
mod calls;
mod door;
mod hostile;
mod pages;
mod served;
mod stream;
