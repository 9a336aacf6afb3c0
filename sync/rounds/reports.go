package rounds

import (
	"context"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/storewarden/storewarden/sync/policyreport"
)

// report makes the cluster's PolicyReports those of a round. It asks anew each time
// whether the cluster knows them, which is one request, and writes what differs only:
// an identical verdict is no write, and what somebody else changed is put right.
func (r *Rounds) report(ctx context.Context, round *Round) Reports {
	var done Reports
	for _, ns := range namespaces(r.opt.Inventory) {
		reports := r.opt.Reports.Resource(policyreport.Resource).Namespace(ns)
		there, err := ours(ctx, reports)
		switch {
		case apierrors.IsNotFound(err):
			return Reports{} // not installed
		case err != nil:
			r.failed(round, &done, ns, "", err)
			continue
		}
		done.Installed = true
		for _, s := range round.Seen {
			if s.Object.ID.Namespace != ns || s.Object.UID == "" {
				continue
			}
			want := policyreport.New(s.Verdict, s.Object.UID)
			have := there[want.GetName()]
			delete(there, want.GetName())
			if have != nil && same(have, want) {
				continue
			}
			_, err := reports.Apply(ctx, want.GetName(), want, metav1.ApplyOptions{FieldManager: policyreport.Manager, Force: true})
			if err != nil {
				r.failed(round, &done, ns, want.GetName(), err)
				continue
			}
			done.Written++
		}
		if unreadIn(round, ns) {
			continue // what was not seen may be there still
		}
		for name, gone := range there {
			uid := gone.GetUID()
			err := reports.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
			switch {
			case err == nil:
				done.Removed++
			case !apierrors.IsNotFound(err) && !apierrors.IsConflict(err):
				r.failed(round, &done, ns, name, err)
			}
		}
	}
	return done
}

func (r *Rounds) failed(round *Round, done *Reports, ns, name string, err error) {
	done.Failed++
	round.Unread = append(round.Unread, Unread{policyreport.Kind.Kind, ns, name, fmt.Errorf("its PolicyReport: %w", err)})
}

// ours are our reports in a namespace by name.
func ours(ctx context.Context, reports dynamic.ResourceInterface) (map[string]*unstructured.Unstructured, error) {
	const page = 100 // reports are large
	all := map[string]*unstructured.Unstructured{}
	opt := metav1.ListOptions{LabelSelector: policyreport.ManagedBy + "=" + policyreport.Manager, Limit: page}
	for {
		list, err := reports.List(ctx, opt)
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			all[list.Items[i].GetName()] = &list.Items[i]
		}
		if opt.Continue = list.GetContinue(); opt.Continue == "" {
			return all, nil
		}
	}
}

// same reports whether all that we say is said already.
func same(have, want *unstructured.Unstructured) bool {
	for _, field := range []string{"scope", "summary", "results"} {
		if !reflect.DeepEqual(have.Object[field], want.Object[field]) {
			return false
		}
	}
	return reflect.DeepEqual(have.GetOwnerReferences(), want.GetOwnerReferences())
}

func unreadIn(round *Round, ns string) bool {
	for _, u := range round.Unread {
		if u.Namespace == ns {
			return true
		}
	}
	return false
}
