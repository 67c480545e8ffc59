//! Every rule with cases that it must find and cases that it must leave alone.
