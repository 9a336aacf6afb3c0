package controller

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rivals are the ConnectorStores of a namespace, as one listing told: a listing is large,
// and each pass must know whether it writes a Secret alone.
type rivals struct {
	at  time.Time
	all map[types.UID]rival
}

type rival struct {
	name, secretName string
	created          metav1.Time
}

// rivalsFor is how long a listing is used.
const rivalsFor = 30 * time.Second

// twin is the older ConnectorStore that fills the same Secret, "" for none. Two that
// write under one field manager would take each other's keys away.
func (c *Controller) twin(ctx context.Context, of *unstructured.Unstructured, secretName string) (string, error) {
	r, fresh, err := c.rivalsOf(ctx, of)
	if err != nil {
		return "", err
	}
	twin := r.older(of, secretName)
	if twin == "" || fresh {
		return twin, nil
	}
	c.mu.Lock()
	delete(c.rivals, of.GetNamespace()) // it may have gone meanwhile
	c.mu.Unlock()
	if r, _, err = c.rivalsOf(ctx, of); err != nil {
		return "", err
	}
	return r.older(of, secretName), nil
}

func (r rivals) older(of *unstructured.Unstructured, secretName string) string {
	ours := of.GetCreationTimestamp()
	for uid, o := range r.all {
		if o.secretName == secretName && uid != of.GetUID() && (o.created.Before(&ours) || o.created.Equal(&ours) && o.name < of.GetName()) {
			return o.name
		}
	}
	return ""
}

// rivalsOf lists them, unless a listing that is not old has the store itself: whatever
// is older than the store is in it then.
func (c *Controller) rivalsOf(ctx context.Context, of *unstructured.Unstructured) (r rivals, fresh bool, err error) {
	ns := of.GetNamespace()
	c.mu.Lock()
	r = c.rivals[ns]
	c.mu.Unlock()
	if _, knows := r.all[of.GetUID()]; knows && c.opt.Now().Sub(r.at) < rivalsFor {
		return r, false, nil
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(storeKind.GroupVersion().WithKind(storeKind.Kind + "List"))
	if err := c.opt.Client.List(ctx, list, client.InNamespace(ns)); err != nil {
		return r, false, fmt.Errorf("list ConnectorStores of namespace %s: %w", ns, err)
	}
	r = rivals{at: c.opt.Now(), all: make(map[types.UID]rival, len(list.Items))}
	for i := range list.Items {
		o := &list.Items[i]
		if name, _, _ := unstructured.NestedString(o.Object, "spec", "secretName"); o.GetDeletionTimestamp() == nil {
			r.all[o.GetUID()] = rival{o.GetName(), name, o.GetCreationTimestamp()}
		}
	}
	c.mu.Lock()
	c.rivals[ns] = r
	c.mu.Unlock()
	return r, true, nil
}
