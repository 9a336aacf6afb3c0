package main

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"

	"github.com/storewarden/storewarden/policies/verdict"
)

// newNotifier raises an Event for a change that was let through with findings:
// a controller discards warnings. Events are sent in the background, and equal
// ones are counted rather than repeated.
func newNotifier(cfg *rest.Config) (notify func(verdict.Object, []verdict.Finding), stop func(), err error) {
	cs, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the API server: %w", err)
	}
	b := record.NewBroadcaster()
	b.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: cs.CoreV1().Events("")})
	recorder := b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "storewarden"})
	return func(o verdict.Object, warn []verdict.Finding) {
		lines := make([]string, 0, len(warn))
		for _, f := range warn {
			lines = append(lines, f.Code+" "+f.Field+": "+f.Message)
		}
		text := strings.Join(lines, "\n")
		const longest = 1000 // an Event's message holds 1,024 bytes
		if len(text) > longest {
			text = strings.ToValidUTF8(text[:longest], "") + "…"
		}
		recorder.Event(&corev1.ObjectReference{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name},
			corev1.EventTypeWarning, "AdmittedWithFindings", text)
	}, b.Shutdown, nil
}
