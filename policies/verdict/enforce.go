package verdict

// Door is who opened: what a door may do differs, what it is told does not.
type Door string

// The closed list of doors.
const (
	Webhook Door = "webhook"
	Sync    Door = "sync"
	Audit   Door = "audit"
)

// Actor is the class of who makes the change.
type Actor string

// The closed list of actor classes.
const (
	Person      Actor = "person"      // a user or group; the only one that reads a denial at once
	GitOps      Actor = "gitops"      // applies what people wrote
	Syncer      Actor = "sync"        // a sync controller: the secret store extension, or ours
	Arc         Actor = "arc"         // projects what was set in the cloud
	Unlisted    Actor = "unlisted"    // a service account that no profile names
	ControlLoop Actor = "controlloop" // namespace controller and garbage collector: always pass
)

// Mode is what a door does with a finding that denies.
type Mode string

// The closed list of modes.
const (
	ModeDeny       Mode = "deny"
	ModeQuarantine Mode = "quarantine" // store Secrets only: bad entries are held back, good ones go through
	ModeWarn       Mode = "warn"
)

// Change is the circumstance under which a verdict is enforced.
type Change struct {
	Door   Door
	Actor  Actor
	Mode   Mode // of the actor for this kind of object; "" is ModeDeny
	DryRun bool
	Create bool
	Delete bool
	Strict bool // the strict profile: no ratcheting, and deletes may be denied
	// Last is whether nothing can be held back any more: what would be is refused, unless
	// the change did not touch it.
	Last bool
	// Old is the verdict of the object before an update, nil otherwise.
	Old *Verdict
}

// Effect is what the door does. Every finding of the verdict is in exactly one
// of the lists.
type Effect struct {
	Deny []Finding // refuse, with these reasons
	Hold []Finding // quarantine these entries
	Warn []Finding // let pass, and say so
	Info []Finding // let pass; for reports only
}

// Denied reports whether the change must be refused.
func (e Effect) Denied() bool { return len(e.Deny) > 0 }

// Enforce decides what a verdict means for one change at one door.
func Enforce(v Verdict, c Change) Effect {
	var e Effect
	for _, f := range v.Findings {
		switch c.outcome(v, f) {
		case Deny:
			switch {
			case c.Mode != ModeQuarantine || f.Entry == "" || v.Object.Kind != "Secret":
				e.Deny = append(e.Deny, f)
			case !c.Last:
				e.Hold = append(e.Hold, f)
			case c.untouched(v, f.Entry):
				e.Warn = append(e.Warn, f) // it may be what was put back
			default:
				e.Deny = append(e.Deny, f)
			}
		case Warn:
			e.Warn = append(e.Warn, f)
		default:
			e.Info = append(e.Info, f)
		}
	}
	if c.Create && len(e.Hold) > 0 && entries(e.Hold) == v.Entries {
		// With nothing good to let through, holding back would make an empty store.
		e.Deny, e.Hold = append(e.Deny, e.Hold...), nil
	}
	return e
}

func entries(fs []Finding) int {
	names := map[string]bool{}
	for _, f := range fs {
		names[f.Entry] = true
	}
	return len(names)
}

// outcome is what a single finding does. Only what would deny is softened.
func (c Change) outcome(v Verdict, f Finding) Severity {
	if f.Basis == OnHand && c.Door != Audit && c.Actor != Person && c.Actor != GitOps {
		return Info // any other service account may be the one that owns the object
	}
	if f.Severity != Deny || c.Door == Audit {
		return f.Severity
	}
	person := c.Actor == Person && !c.DryRun
	switch {
	case c.Actor == ControlLoop, c.Mode == ModeWarn:
		return Warn
	case c.Delete && !(c.Strict && person):
		return Warn
	case f.Basis == OnPeer:
		return Warn
	case (f.Basis == OnPeerEntry || f.Basis == OnReferences) && !person:
		return Warn
	case f.Basis == OnNeighbour && c.untouched(v, f.Entry):
		return Warn // it is the other entry that changed, and that one is right
	case !c.Strict && c.untouched(v, f.Entry) && c.Old.has(f):
		return Warn
	}
	return Deny
}

// untouched reports whether the change left an entry's own text as it was. For
// a finding about the object (no entry) the finding itself must be compared.
func (c Change) untouched(v Verdict, entry string) bool {
	if c.Old == nil {
		return false
	}
	if entry == "" {
		return true
	}
	old, ok := c.Old.Texts[entry]
	return ok && old == v.Texts[entry]
}

// has reports whether the finding stood before the change, and as severe; one
// about the object must be the same to the letter.
func (v *Verdict) has(f Finding) bool {
	for _, o := range v.Findings {
		if o.Code == f.Code && o.Entry == f.Entry && o.Severity.Rank() <= f.Severity.Rank() && (f.Entry != "" || o.Message == f.Message) {
			return true
		}
	}
	return false
}
