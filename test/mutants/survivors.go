package main

// argued are mutants that no test can or should kill, with the reason, by code,
// change and text.
var argued = map[string]string{}
