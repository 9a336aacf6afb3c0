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

// notifier raises Events. They are sent in the background, and equal ones are
// counted rather than repeated.
type notifier struct {
	recorder record.EventRecorder
	stop     func()
	pod      *corev1.ObjectReference // ourselves, nil where it is not known
}

// newNotifier takes our own pod's name from the environment, where a Deployment
// puts it with the downward API.
func newNotifier(cfg *rest.Config, getenv func(string) string) (*notifier, error) {
	cs, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	b := record.NewBroadcaster()
	b.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: cs.CoreV1().Events("")})
	n := &notifier{recorder: b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "storewarden"}), stop: b.Shutdown}
	if namespace, name := getenv("POD_NAMESPACE"), getenv("POD_NAME"); namespace != "" && name != "" {
		n.pod = &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: name}
	}
	return n, nil
}

// admitted tells of a change that was let through with findings: a controller
// discards warnings.
func (n *notifier) admitted(o verdict.Object, warn []verdict.Finding) {
	lines := make([]string, 0, len(warn))
	for _, f := range warn {
		lines = append(lines, f.Code+" "+f.Field+": "+f.Message)
	}
	n.recorder.Event(&corev1.ObjectReference{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name},
		corev1.EventTypeWarning, "AdmittedWithFindings", ofLength(strings.Join(lines, "\n")))
}

// policies tells how a change of the user's rules went, on our own pod.
func (n *notifier) policies(broken bool, text string) {
	switch {
	case n.pod == nil:
	case broken:
		n.recorder.Event(n.pod, corev1.EventTypeWarning, "PoliciesBroken", ofLength(text))
	default:
		n.recorder.Event(n.pod, corev1.EventTypeNormal, "PoliciesReloaded", ofLength(text))
	}
}

// ofLength cuts a text to what an Event's message holds, 1,024 bytes.
func ofLength(text string) string {
	const longest = 1000
	if len(text) > longest {
		return strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}
