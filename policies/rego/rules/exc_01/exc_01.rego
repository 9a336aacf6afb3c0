# METADATA
# title: An exception has ended
# description: |
#   An exception of the configuration silences a finding until its day, and then
#   the finding is back with its own severity. One that has ended is told of,
#   whether or not there is still a finding for it: it is to be renewed with its
#   reason, or removed.
# custom:
#   subjects: [SecretProviderClass, SecretSync, Secret, Device, ConnectorTemplate, Certificate]
#   severity: warn
#   message: "the exception of {excepted} for {what} ended on {ended}: {reason}"
#   remedy: "Mend what {excepted} tells (storewarden explain {excepted}) and remove the exception from the configuration; or give it a new end in until, if its reason still holds"
#   symptom: A finding that was silenced is back, and may deny the next change of the object.
#   sources: ["Storewarden: an exception has a reason and an end"]
package storewarden.rules.exc_01

import data.storewarden.lib.words

finding contains {
	"code": "EXC-01", "field": "metadata.name",
	"args": {"excepted": x.code, "what": what(x.entry), "ended": words.day(x.until), "reason": x.reason},
} if {
	some x in input.exceptions
	x.until <= input.now
}

what("") := input.subject.name

what(entry) := sprintf("%s of %s", [entry, input.subject.name]) if entry != ""
