# METADATA
# description: How lists and numbers are put into a message.
package storewarden.lib.words

# few names the first five, so that a warning stays one line; sorted, so that the
# order of entries changes no message.
few(names) := concat(", ", sort(names)) if count(names) <= 5

few(names) := sprintf("%s and %d more", [concat(", ", array.slice(sort(names), 0, 5)), count(names) - 5]) if count(names) > 5

# day writes Unix seconds as people read them.
day(seconds) := time.format([seconds * 1000000000, "UTC", "2006-01-02"])

counted(n, noun) := sprintf("%d %ss", [n, noun]) if n != 1

counted(n, noun) := sprintf("1 %s", [noun]) if n == 1
