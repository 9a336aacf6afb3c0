package hand

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
)

// removingNote is the annotation of a SecretProviderClass that says which vault secret was
// behind a key that is being removed: {"store/key": "secret"}. A run that is stopped is
// finished by it.
const removingNote = "storewarden.io/removing"

func notesOf(u *unstructured.Unstructured) map[string]string {
	notes := map[string]string{}
	if json.Unmarshal([]byte(u.GetAnnotations()[removingNote]), &notes) != nil {
		return map[string]string{}
	}
	return notes
}

func setNotes(u *unstructured.Unstructured, notes map[string]string) error {
	all := u.GetAnnotations()
	if all == nil {
		all = map[string]string{}
	}
	delete(all, removingNote)
	if len(notes) > 0 {
		raw, err := json.Marshal(notes)
		if err != nil {
			return err
		}
		all[removingNote] = string(raw)
	}
	u.SetAnnotations(all)
	return nil
}

func (r *removing) noteKey(key string) string { return r.s.name + "/" + key }

// note begins the plan with writing down what a second run could not find out: which
// secret is to be purged, and which entry is to go if it has another name than add gives.
// The last step takes it away again.
func (r *removing) note(context.Context) error {
	if r.class == nil {
		return nil
	}
	notes := map[string]string{}
	for _, it := range r.p.Items {
		_, name, ok := strings.Cut(it.Secret, "/")
		derived, _ := secretNameOf(it.Key)
		if ok && (r.req.Purge || derived != name) && r.follows() {
			notes[r.noteKey(it.Key)] = name
		}
	}
	has := func(all map[string]string) bool {
		return !slices.ContainsFunc(slices.Collect(maps.Keys(notes)), func(k string) bool { return all[k] != notes[k] })
	}
	if len(notes) == 0 {
		return nil
	}
	first := r.noteStep("write down which secret is behind the key", "a second run, after a stop, could not find it out", "+", func(all map[string]string) bool {
		changed := !has(all)
		maps.Copy(all, notes)
		return changed
	})
	first.Done = has(r.notes)
	last := r.noteStep("take the note away", "all is done", "-", func(all map[string]string) bool {
		before := len(all)
		maps.DeleteFunc(all, func(k, _ string) bool { _, ours := notes[k]; return ours })
		return len(all) != before
	})
	r.p.Steps = append(append([]Step{first}, r.p.Steps...), last)
	return nil
}

// follows reports whether anything is left to do after the mapping is gone.
func (r *removing) follows() bool {
	return slices.ContainsFunc(r.p.Steps, func(s Step) bool { return s.Kind == EditClass || s.Kind == DeleteSecret || s.Kind == PurgeSecret })
}

func (r *removing) noteStep(what, why, sign string, change func(map[string]string) bool) Step {
	id := r.class.ID
	return Step{Kind: EditClass, Object: id.String(), What: what, Why: why, Changes: []string{sign + " annotation " + removingNote},
		do: func(ctx context.Context) error {
			return r.h.edit(ctx, store.KindSecretProviderClass, id.Namespace, id.Name, func(u *unstructured.Unstructured) (bool, error) {
				all := notesOf(u)
				return change(all), setNotes(u, all)
			})
		}}
}

// record keeps why something was forced, as an event of the store: it outlives what is
// deleted.
func (r *removing) record(context.Context) error {
	if !r.req.Force {
		return nil
	}
	sum := sha256.Sum256([]byte(strings.Join(r.req.Keys, ",") + "\n" + r.req.Reason))
	now := metav1.NewTime(r.h.opt.Now())
	e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: r.v.namespace, Name: r.s.name + "." + hex.EncodeToString(sum[:8])},
		InvolvedObject: corev1.ObjectReference{APIVersion: store.SecretAPI, Kind: store.KindSecret, Namespace: r.v.namespace, Name: r.s.name},
		Reason:         "RemovedByForce", Type: corev1.EventTypeWarning, Message: "removed " + strings.Join(r.req.Keys, ", ") + ": " + r.req.Reason,
		Source: corev1.EventSource{Component: Manager}, FirstTimestamp: now, LastTimestamp: now, Count: 1}
	step := Step{Kind: Record, Object: "Event " + r.v.namespace + "/" + e.Name, What: "keep the reason", Why: "others will ask", Changes: []string{"+ " + e.Message},
		do: func(ctx context.Context) error {
			err := r.h.opt.Client.Create(ctx, e.DeepCopy(), client.FieldOwner(Manager))
			if apierrors.IsAlreadyExists(err) {
				return nil
			}
			return said(err)
		}}
	r.p.Steps = append([]Step{step}, r.p.Steps...)
	return nil
}

// withdraw takes the entries out of the class that nothing uses any more. One stays in
// any case: a class without objects stops every SecretSync that refers to it.
func (r *removing) withdraw(ctx context.Context) error {
	class := r.class
	if class == nil || len(r.sources) == 0 {
		return nil
	}
	usedIn := func(ctx context.Context, peers review.Peers) (func(store.Entry) string, error) {
		syncs, err := peers.List(ctx, store.KindSecretSync, r.v.namespace)
		if err != nil {
			return nil, fmt.Errorf("list SecretSync in namespace %s: %w", r.v.namespace, err)
		}
		return func(e store.Entry) string {
			for _, o := range syncs {
				if o.Sync != nil && !o.Deleting && o.Sync.ProviderClass == class.ID.Name && slices.ContainsFunc(o.Sync.Mappings, func(m store.Mapping) bool { return e.Produces(m.SourcePath) }) {
					return o.ID.String()
				}
			}
			return ""
		}, nil
	}
	used, err := usedIn(ctx, r.world)
	if err != nil {
		return err
	}
	ours := func(e store.Entry) bool { return slices.ContainsFunc(r.sources, e.Produces) }
	var gone []string
	left := len(class.SPC.Objects.Entries)
	for _, e := range class.SPC.Objects.Entries {
		switch by := used(e); {
		case !ours(e):
		case by != "":
			r.p.warn("SPC-39", class.ID.String(), fmt.Sprintf("the entry %s stays: %s uses it too", e.Output(), by), "")
		case left == 1:
			r.p.warn("SPC-09", class.ID.String(), fmt.Sprintf("the entry %s stays: a SecretProviderClass without entries stops every SecretSync that refers to it", e.Output()), "")
		default:
			left--
			gone = append(gone, e.Output())
		}
	}
	if len(gone) == 0 {
		return nil
	}
	goes := func(e store.Entry) bool { return slices.Contains(gone, e.Output()) }
	drop := func(u *unstructured.Unstructured) (bool, error) {
		before := objectsText(u)
		text, err := store.WithoutEntry(before, goes)
		if err != nil {
			return false, fmt.Errorf("%s: %w", class.ID, err)
		}
		if t := store.ParseObjects(text).Trouble; t != "" {
			return false, fmt.Errorf("%s lost its other entries since the plan was made: plan again", class.ID)
		}
		return text != before, setObjectsText(u, text)
	}
	step := Step{Kind: EditClass, Object: class.ID.String(), What: "stop offering the secret", Why: "nothing uses it any more, and each entry is fetched at every sync"}
	for _, name := range gone {
		step.Changes = append(step.Changes, "- entry "+name)
	}
	step.do = func(ctx context.Context) error {
		return r.h.edit(ctx, store.KindSecretProviderClass, class.ID.Namespace, class.ID.Name, func(u *unstructured.Unstructured) (bool, error) {
			used, err := usedIn(ctx, r.h.opt.Peers) // as it is by now
			if err != nil {
				return false, err
			}
			for _, e := range store.ParseObjects(objectsText(u)).Entries {
				if by := used(e); by != "" && goes(e) {
					return false, fmt.Errorf("%s uses entry %s since the plan was made: plan again", by, e.Output())
				}
			}
			return drop(u)
		})
	}
	r.p.step(step)
	return r.imagine(ctx, store.KindSecretProviderClass, class.ID.Name, func(u *unstructured.Unstructured) error { _, err := drop(u); return err })
}

// purge ends the vault secrets that nothing refers to any more.
func (r *removing) purge(ctx context.Context) error {
	if !r.req.Purge {
		if len(r.secrets) > 0 {
			names := make([]string, len(r.secrets))
			for i, ref := range r.secrets {
				names[i] = ref.String()
			}
			r.p.warn("", strings.Join(names, ", "), "the secret stays in the vault", "To end it too, say --purge-vault-secret.")
		}
		return nil
	}
	for _, ref := range r.secrets {
		s, getErr := r.h.opt.Vault.Get(ctx, ref)
		by, err := r.refersTo(ctx, r.world, ref, s.Tags)
		if err != nil {
			return err
		}
		if by != "" {
			r.p.warn("", ref.String(), "the secret stays in the vault: "+by+" names it", "")
			continue
		}
		state := vault.Reason("")
		if getErr != nil {
			state, _ = vault.ReasonOf(getErr)
		}
		still := func(ctx context.Context) error { // as it is by now
			by, err := r.refersTo(ctx, r.h.opt.Peers, ref, s.Tags)
			if err == nil && by != "" {
				err = fmt.Errorf("%s names it since the plan was made: plan again", by)
			}
			return err
		}
		object := "vault secret " + ref.String()
		r.p.step(Step{Kind: DeleteSecret, Object: object, What: "delete the secret", Why: "nothing refers to it any more", Done: state == vault.SoftDeleted || state == vault.NotFound,
			do: func(ctx context.Context) error {
				if err := still(ctx); err != nil {
					return err
				}
				return gone(r.h.opt.Vault.Delete(ctx, ref), vault.SoftDeleted)
			}})
		r.p.step(Step{Kind: PurgeSecret, Object: object, What: "purge the secret", Why: "until then its name is taken, and it can be recovered", Irreversible: true, Done: state == vault.NotFound,
			do: func(ctx context.Context) error {
				if err := still(ctx); err != nil {
					return err
				}
				err := gone(r.h.eventually(ctx, func() error { return r.h.opt.Vault.Purge(ctx, ref) }), "")
				if reason, _ := vault.ReasonOf(err); reason == vault.Forbidden {
					return fmt.Errorf("%w. If the vault has purge protection, nobody may purge: the secret is deleted, and goes by itself when its retention ends", err)
				}
				return err
			}})
	}
	return nil
}

// gone takes "it is not there" for done.
func gone(err error, also vault.Reason) error {
	if reason, ok := vault.ReasonOf(err); ok && (reason == vault.NotFound || also != "" && reason == also) {
		return nil
	}
	return withRemedy(err)
}

// refersTo is an object that still names a vault secret, "" for none.
func (r *removing) refersTo(ctx context.Context, peers review.Peers, ref vault.Ref, tags map[string]string) (string, error) {
	for _, ns := range r.h.opt.Namespaces {
		classes, err := peers.List(ctx, store.KindSecretProviderClass, ns)
		if err != nil {
			return "", fmt.Errorf("list SecretProviderClass in namespace %s: %w", ns, err)
		}
		for _, o := range classes {
			if o.SPC != nil && slices.ContainsFunc(o.SPC.Objects.Entries, func(e store.Entry) bool { return secretID(refOf(o.SPC, e)) == secretID(ref) }) {
				return o.ID.String(), nil
			}
		}
		stores, err := peers.List(ctx, store.KindConnectorStore, ns)
		if err != nil {
			return "", fmt.Errorf("list ConnectorStore in namespace %s: %w", ns, err)
		}
		for _, o := range stores {
			if o.Declared != nil && slices.ContainsFunc(o.Declared.Sources, func(s store.Source) bool {
				return s.VaultSecret != nil && strings.EqualFold(s.VaultSecret.Name, ref.Name) || s.VaultTags != nil && s.VaultTags.Take(tags)
			}) {
				return o.ID.String(), nil
			}
		}
	}
	return "", nil
}
