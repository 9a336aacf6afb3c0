package remedy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// instruction is a sentence that a remedy may use for an edit.
type instruction struct {
	says *regexp.Regexp
	do   func(w *World, m []string) error
}

func says(pattern string, do func(*World, []string) error) instruction {
	return instruction{regexp.MustCompile(`^` + pattern + `$`), do}
}

const value = `([^\s,;]+?)`

// ofObjects are edits of an object of a SecretProviderClass. What is said in more
// words stands first.
func ofObjects() []instruction {
	return []instruction{
		says(`Set objectName: (\S+), the name under which .*, and the same as sourcePath in the SecretSync`, func(w *World, m []string) error { return w.renameSecret(m[1]) }),
		says(`list (\S+) in SecretProviderClass \S+ and set sourcePath: (\S+)`, func(w *World, m []string) error { return w.listInstead(m[1], m[2]) }),
		says(`(?:keep the secret and )remove the line objectEncoding: \S+ of (\S+) in SecretProviderClass \S+, and rename the target key to (\S+)`, func(w *World, m []string) error {
			if err := w.edit(m[1], func(i *item) error { return i.drop("objectEncoding") }); err != nil {
				return err
			}
			return w.rename(m[2])
		}),
		says(`(?:In SecretProviderClass \S+ )?set (object[A-Za-z]+): `+value+` for `+value+`(?:, with (object[A-Za-z]+): (\S+)(?: .*)?)?`, func(w *World, m []string) error {
			if err := w.put(m[3], m[1], m[2]); err != nil || m[4] == "" {
				return err
			}
			return w.put(m[3], m[4], m[5])
		}),
		says(`[Ss]et (object[A-Za-z]+): `+value+`(?:,? .*)?`, func(w *World, m []string) error { return w.put("", m[1], m[2]) }),
		says(`(?:If a SecretSync fills this Secret, )?[Aa]dd (?:the line )?(object[A-Za-z]+): `+value+` to the (?:object|entry)(?: (\S+))?(?: of .*)?`, func(w *World, m []string) error {
			return w.put(m[3], m[1], m[2])
		}),
		says(`In SecretProviderClass \S+ make the lines of this object: (.*)`, func(w *World, m []string) error { return w.lines(m[1]) }),
		says(`(?:In SecretProviderClass \S+ )?(?:keep the secret and )?[Rr]emove the line (object[A-Za-z]+|filePermission)(?:: \S+)?(?: of (\S+).*|: .*|, so .*| from the object)?`, func(w *World, m []string) error {
			return w.edit(m[2], func(i *item) error { return i.drop(m[1]) })
		}),
		says(`Rename the field (\S+) to (\S+)`, func(w *World, m []string) error {
			return w.edit("", func(i *item) error {
				v := i.get(m[1])
				i.put(m[2], v)
				return i.drop(m[1])
			})
		}),
		says(`Remove the field (\S+)`, func(w *World, m []string) error {
			return w.edit("", func(i *item) error { return i.drop(m[1]) })
		}),
		says(`use objectName (\S+) with objectEncoding: (\S+), and list it under (\S+)`, func(w *World, m []string) error { return w.replaceSecret(m[1], m[2], m[3]) }),
		says(`Set objectAlias to a plain name such as (\S+), the same as the sourcePath in the SecretSync`, func(w *World, m []string) error {
			x, err := w.mapping()
			if err != nil {
				return err
			}
			x["sourcePath"] = m[1]
			return w.put("", "objectAlias", m[1])
		}),
		says(`Put the object (\S+) back`, func(w *World, m []string) error { return w.putBack(m[1]) }),
		says(`add the line objectEncoding: (\S+) to the object in the SecretProviderClass`, func(w *World, m []string) error {
			return w.edit(w.secret(), func(i *item) error { i.put("objectEncoding", m[1]); return nil })
		}),
	}
}

// ofMappings are edits of the mappings of a SecretSync and the keys of a Secret.
func ofMappings() []instruction {
	return []instruction{
		says(`[Ss]et sourcePath: `+value, func(w *World, m []string) error {
			x, err := w.mapping()
			if err == nil {
				x["sourcePath"] = m[1]
			}
			return err
		}),
		says(`Rename (?:the target key|the key|it) to `+value+`(?:, and give .*|: in the SecretSync.*)?`, func(w *World, m []string) error { return w.rename(m[1]) }),
		says(`Remove the mapping of (\S+) from (?:this SecretSync|SecretSync \S+)(?: and map it in a SecretSync of its own| instead)?`, func(w *World, m []string) error {
			return w.unmap(w.doc("SecretSync", w.f.Object.Name), m[1])
		}),
		says(`remove (\S+) from the (?:trust|issuer) list`, func(w *World, m []string) error { return w.take(m[1]) }),
		says(`Remove (\S+) or (.+) from this list`, func(w *World, m []string) error { return w.take(m[1]) }),
		says(`list (\S+) with objectEncoding: (\S+) and map it to (\S+)`, func(w *World, m []string) error { return w.add(m[1], m[2], m[3]) }),
		says(`first remove the item with targetKey (\S+) from spec\.secretObject\.data of SecretSync (\S+)`, func(w *World, m []string) error { return w.unmap(w.doc("SecretSync", m[2]), m[1]) }),
	}
}

// ofFields are edits of other fields.
func ofFields() []instruction {
	return []instruction{
		says(`[Ss]et (spec\.[A-Za-z.]+|metadata\.namespace): `+value+`(?:, .*)?`, func(w *World, m []string) error {
			if strings.Contains(m[0], ", and ") {
				return fmt.Errorf("%w: %s", ErrWords, m[0])
			}
			return set(w.target, m[1], m[2])
		}),
		says(`Remove the lines? ([a-z][A-Za-z]+)(?: and ([a-z][A-Za-z]+))?(?:: .*| for .*| and keep .*)?`, func(w *World, m []string) error {
			for _, name := range m[1:] {
				if name != "" {
					if err := set(w.target, "spec.parameters."+name, nil); err != nil {
						return err
					}
				}
			}
			return nil
		}),
		says(`Remove the line (\S+) from (spec\.[A-Za-z.]+)`, func(w *World, m []string) error {
			in, ok := at(w.target, strings.Split(m[2], ".")...).(map[string]any)
			if _, there := in[m[1]]; !ok || !there {
				return fmt.Errorf("%s has no %s", m[2], m[1])
			}
			delete(in, m[1])
			return nil
		}),
		says(`Leave out the line ([a-z]+): (?:true|false)`, func(w *World, m []string) error { return set(w.target, m[1], nil) }),
		says(`Rename (spec\.parameters\.)(\S+) to (\S+)`, func(w *World, m []string) error {
			v := at(w.target, "spec", "parameters", m[2])
			if err := set(w.target, m[1]+m[2], nil); err != nil {
				return err
			}
			return set(w.target, m[1]+m[3], v)
		}),
		says(`Remove the item with secretName (\S+) from spec\.secretObjects(?: of SecretProviderClass (\S+))?(?:, .*)?`, func(w *World, m []string) error { return w.dropSecretObject(m[1], m[2]) }),
		says(`Set spec\.parameters\.(tenantID|clientID) to the .*`, func(w *World, m []string) error {
			return set(w.target, "spec.parameters."+m[1], "00000000-0000-0000-0000-000000000002")
		}),
	}
}

// put sets a line of an object.
func (w *World) put(name, field, v string) error {
	return w.edit(name, func(i *item) error { i.put(field, v); return nil })
}

// edits begin sentences that ask for an edit; one that is not understood makes
// the whole remedy a matter of words.
var edits = regexp.MustCompile(`^(?:[Ss]et|[Aa]dd|[Rr]emove|[Rr]ename|[Pp]ut|[Mm]ap|[Ww]rite|[Gg]ive|[Ll]ist|[Uu]se|[Kk]eep|[Nn]ame|[Cc]orrect|[Ss]pell|[Bb]egin|[Ii]ssue|[Gg]et|[Ll]et|[Ww]ait|[Aa]pply|[Gg]rant|[Ll]eave|[Mm]ake|[Tt]ake|[Nn]othing|In Secret)\b`)

// about are sentences that only say what the command behind them does.
var about = regexp.MustCompile(`^(?:Set it|Correct the (?:label|tag|attribute).*|Keep only the certificate|Take the certificate out of it|Make the change in Azure|Put the file into it|remove the key|Issue the .*|Renew .*|Let az encode .*|Let a CA sign the request, and upload .*|Split it|Map one pair, such as .*, and remove the rest|Write another text, for example the time|Get the CA's current CRL|Add the CA's CRL under \S+)$`)

// words does what a sentence says, and reports whether that was anything.
func (w *World) words(s string) (int, error) {
	s = strings.TrimPrefix(strings.TrimSpace(strings.TrimSuffix(s, ":")), "and ")
	s = strings.TrimSuffix(s, ", whichever name is not wanted")
	for _, i := range slices.Concat(ofObjects(), ofMappings(), ofFields()) {
		if m := i.says.FindStringSubmatch(s); m != nil {
			return 1, i.do(w, m)
		}
	}
	if edits.MatchString(s) && !about.MatchString(s) {
		return 0, fmt.Errorf("%w: %s", ErrWords, s)
	}
	return 0, nil
}
