package storewarden.lib.words_test

import data.storewarden.lib.words

test_few if {
	words.few(["a", "b", "c", "d", "e"]) == "a, b, c, d, e"
	words.few(["a", "b", "c", "d", "e", "f", "g"]) == "a, b, c, d, e and 2 more"
}

test_day if words.day(1780315200) == "2026-06-01"

test_counted if {
	words.counted(1, "vault secret") == "1 vault secret"
	words.counted(12, "vault secret") == "12 vault secrets"
}
