//! Guest bytes to intermediate representation to host bytes, as a pure function.
